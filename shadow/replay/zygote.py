"""The process that imports a candidate once and forks it per case, and the guard above it.

    host ── Popen ──► guard (runs none of the candidate's code; ends everything when host or zygote ends)
                        └─ fork ─► zygote (imports the candidate) ── fork per case ─► case

The host speaks to the zygote by one SOCK_SEQPACKET socket of small JSON messages; with each start come two
descriptors: the case's line to its door, and the pipe that takes its output. Case processes, zygote and
guard all adopt orphans, so what a case leaves behind becomes the zygote's child when the case ends, and is
ended before the host hears of it; what a running case has started stays below that case and is left alone.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NoReturn

from shadow.replay.case_process import run_case
from shadow.replay.isolation import adopt_orphans, enter
from shadow.replay.load import descriptors, left_behind, load
from shadow.replay.tree import kill, sweep

MESSAGE_BYTES = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a zygote is started for.

    Attributes:
        target, root: the candidate's.
        preload: import once here; else each case imports for itself.
        isolation: the words that `enter` must make true.
        memory_bytes: address space of each process.
    """

    target: str
    root: str
    preload: bool
    isolation: str
    memory_bytes: int


@dataclass(slots=True, kw_only=True, eq=False)
class Nest:
    """A zygote's state: its cases by number, and their process descriptors."""

    host: socket.socket
    order: Order
    function: Callable[..., Any] | None
    keep: set[int]
    poll: select.poll
    pids: dict[int, int] = field(default_factory=dict)
    ends: dict[int, int] = field(default_factory=dict)


def main() -> None:
    """Guard and zygote; the arguments are the socket's number, the host's process id and the order."""
    number, host_pid, text = sys.argv[-3:]
    sys.argv = [sys.argv[0]]
    host = socket.socket(fileno=int(number))
    host.set_inheritable(False)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    adopt_orphans()
    here = os.getpid()
    order = Order(**json.loads(text))
    pid = os.fork()
    if pid == 0:
        zygote(host, order, parent=here)
    guard(host, pid, int(host_pid))


def guard(host: socket.socket, zygote_pid: int, host_pid: int) -> NoReturn:
    """Wait for the end of the host, of its socket or of the zygote; then end everything below and go."""
    poll = select.poll()
    poll.register(host, 0)  # its hang-up only: its messages are the zygote's
    poll.register(os.pidfd_open(zygote_pid), select.POLLIN)
    with suppress(ProcessLookupError):
        poll.register(os.pidfd_open(host_pid), select.POLLIN)
        poll.poll()
    kill(zygote_pid)
    sweep()
    os._exit(0)


def zygote(host: socket.socket, order: Order, *, parent: int) -> NoReturn:
    """Import, say so, and fork cases until the host is gone."""
    held = enter(order.isolation, parent=parent, memory_bytes=order.memory_bytes)
    os.chdir(order.root)
    before = descriptors()
    function = _imported(host, order) if order.preload else None
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # the import may have changed it, and the dead would vanish
    left = left_behind(before)
    keep = descriptors() - before
    _say(host, {"ready": left, "isolation": held})
    gc.collect()
    gc.freeze()  # forks then share the pages of what the import made
    poll = select.poll()
    poll.register(host, select.POLLIN)
    _serve(Nest(host=host, order=order, function=function, keep=keep, poll=poll))


def _imported(host: socket.socket, order: Order) -> Callable[..., Any]:
    try:
        return load(order.target, order.root)
    except BaseException as error:  # whatever the candidate's import raises, SystemExit too
        lines = "".join(traceback.format_exception(error)).strip()
        _say(host, {"broken": traceback.format_exception_only(error)[-1].strip()[-1000:], "detail": lines[-3000:]})
        os._exit(1)


def _serve(nest: Nest) -> NoReturn:
    while True:
        for number, _ in nest.poll.poll():
            if number == nest.host.fileno():
                _obey(nest)
            elif number in nest.ends:
                _bury(nest, number)


def _obey(nest: Nest) -> None:
    text, given, _, _ = socket.recv_fds(nest.host, MESSAGE_BYTES, 2)
    if not text:
        os._exit(0)  # the guard ends the cases
    message = json.loads(text)
    if "start" in message:
        _start(nest, message["start"], line=given[0], output=given[1])
    elif message["kill"] in nest.pids:
        kill(nest.pids[message["kill"]])


def _start(nest: Nest, case: int, *, line: int, output: int) -> None:
    here = os.getpid()
    pid = os.fork()
    if pid == 0:
        _become_case(nest, line, output, parent=here)
    os.close(line)
    os.close(output)
    end = os.pidfd_open(pid)
    nest.pids[case], nest.ends[end] = pid, case
    nest.poll.register(end, select.POLLIN)


def _become_case(nest: Nest, line: int, output: int, *, parent: int) -> NoReturn:
    os.setsid()
    enter(nest.order.isolation, parent=parent, memory_bytes=nest.order.memory_bytes)
    for number in descriptors() - nest.keep - {0, 1, 2, line, output}:
        os.close(number)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    function = nest.function
    run_case(line, lambda: function or load(nest.order.target, nest.order.root))


def _bury(nest: Nest, end: int) -> None:
    case = nest.ends.pop(end)
    pid = nest.pids.pop(case)
    nest.poll.unregister(end)
    os.close(end)
    at = time.monotonic()
    _, status = os.waitpid(pid, 0)
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)  # its group is its own: it began with setsid
    sweep(keep=set(nest.pids.values()))
    _say(nest.host, {"ended": case, "status": os.waitstatus_to_exitcode(status), "at": at})


def _say(host: socket.socket, message: dict[str, Any]) -> None:
    try:
        host.send(json.dumps(message).encode())
    except OSError:  # the host is gone
        os._exit(0)
