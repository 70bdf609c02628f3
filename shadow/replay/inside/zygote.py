"""The process that imports a candidate once and forks it per case, and the guard above it.

    host ── Popen ──► guard (runs none of the candidate's code; ends everything when host or zygote ends)
                        └─ fork ─► zygote (imports the candidate) ── fork per case ─► case

The host speaks to the zygote by one SOCK_SEQPACKET socket of small JSON messages; with each start come two
descriptors: the case's line to its door, and the pipe that takes its output. Case processes, zygote and
guard all adopt orphans, so what a case leaves behind becomes the zygote's child when the case ends, and is
ended before the host hears of it; what a running case has started stays below that case and is left alone.

In the kernel's cage zygote and cases may signal nobody and cases may start nothing: a case is one process, which the
host kills by its descriptor. The zygote says over a second socket which process is which case, so that the host's
listener, which grants each fork, knows whose every refused call is.
"""

from __future__ import annotations

import gc
import json
import os
import platform
import signal
import socket
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NoReturn

from shadow.cage.broker import WORD
from shadow.cage.policy import Policy
from shadow.errors import ShadowError
from shadow.replay.inside.case_process import run_case
from shadow.replay.inside.guard import MESSAGE_BYTES, attend, begun, child_ends, close_all_but, guard, next_end, say
from shadow.replay.inside.load import Eyes, left_behind, load
from shadow.replay.isolation import COOPERATIVE, EXTERNAL, enter, enter_case
from shadow.replay.tree import kill, sweep

_SIGINFO_BYTES = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a zygote is started for.

    Attributes:
        target, root: the candidate's.
        preload: import once here; else each case imports for itself.
        isolation: as `enter` takes it.
        memory_bytes: address space of each process.
        environment: variables that the candidate finds; set once the process is held, since those that mean something
            to the interpreter or to the loader (PYTHONPATH, LD_PRELOAD) would have code of its own run before.
        policy: the cage's, as plain data; `control`: number of the socket to its listener. None where there is no cage.
    """

    target: str
    root: str
    preload: bool
    isolation: str
    memory_bytes: int
    environment: dict[str, str] = field(default_factory=dict)
    policy: dict[str, Any] | None = None
    control: int | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Nest:
    """A zygote's state.

    Attributes:
        control: to the cage's listener; None where there is no cage.
        keep: descriptors that the import opened and every case may have.
        dead: readable when a child has ended; `mask`: the signals that were blocked before that one.
        cases: process to case.
    """

    host: socket.socket
    control: socket.socket | None
    order: Order
    function: Callable[..., Any] | None
    keep: set[int]
    dead: int
    mask: set[int]
    cases: dict[int, int] = field(default_factory=dict)


def main() -> None:
    """Guard and zygote; the arguments are the socket's number, the host's process id and the order."""
    host, host_pid, given = begun()
    here, order = os.getpid(), Order(**given)
    control = None if order.control is None else socket.socket(fileno=order.control)
    asked = None
    if order.isolation == EXTERNAL:  # no listener: the words about cases go to the guard
        asked, control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    platform.processor()  # libraries ask for it by starting `uname -p`, which a cage refuses; the answer is kept
    pid = os.fork()
    if pid == 0:
        zygote(host, order, parent=here, control=control)
    if control is not None:
        control.close()
    guard(host, pid, host_pid, asked=asked)


def zygote(host: socket.socket, order: Order, *, parent: int, control: socket.socket | None) -> NoReturn:
    """Import, say so, and fork cases until the host is gone."""
    eyes = Eyes()
    os.chdir(order.root)
    _hold(host, order, parent=parent, control=control)
    os.environ.update(order.environment)
    before = eyes.descriptors()
    function = _imported(host, order) if order.preload else None
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # the import may have changed it, and the dead would vanish
    left = left_behind(eyes, before)
    keep = eyes.descriptors() - before
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    dead = child_ends()
    say(host, {"ready": left})
    gc.collect()
    gc.freeze()  # forks then share the pages of what the import made
    nest = Nest(
        host=host, control=control, order=order, function=function, keep=keep, dead=dead,
        mask={int(number) for number in mask},
    )  # fmt: skip
    attend(host, dead, obey=lambda: _obey(nest), bury=lambda: _bury(nest))


def _hold(host: socket.socket, order: Order, *, parent: int, control: socket.socket | None) -> None:
    if control is not None:
        control.set_inheritable(False)
    policy = None if order.policy is None else Policy.from_json(order.policy)
    try:
        enter(order.isolation, parent=parent, memory_bytes=order.memory_bytes, policy=policy, control=control)
    except ShadowError as error:
        say(host, {"not held": str(error)})
        os._exit(1)


def _imported(host: socket.socket, order: Order) -> Callable[..., Any]:
    try:
        return load(order.target, order.root)
    except BaseException as error:  # whatever the candidate's import raises, SystemExit too
        lines = "".join(traceback.format_exception(error)).strip()
        say(host, {"broken": traceback.format_exception_only(error)[-1].strip()[-1000:], "detail": lines[-3000:]})
        os._exit(1)


def _obey(nest: Nest) -> None:
    text, given, _, _ = socket.recv_fds(nest.host, MESSAGE_BYTES, 2)
    if not text:
        os._exit(0)  # the guard ends the cases
    message = json.loads(text)
    if "start" in message:
        _start(nest, message["start"], line=given[0], output=given[1])
        return
    for pid in [pid for pid, case in nest.cases.items() if case == message["kill"]]:
        if nest.order.isolation == EXTERNAL:
            _word(nest, pid, 0)
        else:
            kill(pid)


def _start(nest: Nest, case: int, *, line: int, output: int) -> None:
    here = os.getpid()
    pid = os.fork()
    if pid == 0:
        _become_case(nest, line, output, parent=here)
    _word(nest, pid, case)
    os.close(line)
    os.close(output)
    nest.cases[pid] = case


def _become_case(nest: Nest, line: int, output: int, *, parent: int) -> NoReturn:
    enter_case(nest.order.isolation, parent=parent, memory_bytes=nest.order.memory_bytes)
    signal.pthread_sigmask(signal.SIG_SETMASK, nest.mask)
    close_all_but({*nest.keep, 0, 1, 2, line, output})
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    function = nest.function
    run_case(line, lambda: function or load(nest.order.target, nest.order.root))


def _bury(nest: Nest) -> None:
    """Tell of the cases that have ended, once nothing that they started is left."""
    with suppress(BlockingIOError):
        os.read(nest.dead, _SIGINFO_BYTES)
    while (end := next_end()) is not None:
        pid, status = end
        case = nest.cases.pop(pid, None)
        if case is None:  # an orphan of a case's, which ended by itself
            continue
        at = time.monotonic()
        if nest.order.isolation == COOPERATIVE:  # in the cage there is nothing to end
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)  # its group is its own: it began with setsid
            sweep(keep=set(nest.cases))
        _word(nest, pid, -case)
        say(nest.host, {"ended": case, "status": os.waitstatus_to_exitcode(status), "at": at})


def _word(nest: Nest, pid: int, case: int) -> None:
    """Say whose process this is; a negative case has ended, 0 is to be."""
    if nest.control is not None:
        with suppress(OSError):  # the host is gone, and so shall we be
            nest.control.send(WORD.pack(pid, case))
