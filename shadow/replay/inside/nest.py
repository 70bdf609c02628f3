"""The process that cases of a program are forked from, and the guard above it; it runs none of the candidate's code.

    host ── Popen ──► guard (ends everything when host or nest ends)
                        └─ fork ─► nest ── fork per case ─► stands for the case ─► process 1 of the case's namespaces

The host speaks to the nest as to a zygote; with each start comes a third descriptor: the case's socket to the host's
ward. Where the process that stands for a case ends, so does everything inside; the host hears of it after that.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NoReturn

from shadow.cage.policy import Policy
from shadow.errors import ShadowError
from shadow.replay.inside.guard import MESSAGE_BYTES, attend, begun, child_ends, close_all_but, guard, next_end, say
from shadow.replay.inside.program_case import Program, run_program
from shadow.replay.isolation import COOPERATIVE, enter
from shadow.replay.tree import kill, sweep


@dataclass(frozen=True, slots=True, kw_only=True)
class Commission:
    """What a nest is started for.

    Attributes:
        program: what each case runs.
        policy: the cage's.
        memory_bytes: address space of each process.
    """

    program: dict[str, Any]
    policy: dict[str, Any]
    memory_bytes: int


@dataclass(slots=True, kw_only=True, eq=False)
class Nest:
    """A nest's state.

    Attributes:
        dead: readable when a child has ended; `mask`: the signals that were blocked before that one.
        cases: process to case.
    """

    host: socket.socket
    program: Program
    policy: Policy
    dead: int
    mask: set[int]
    cases: dict[int, int] = field(default_factory=dict)


def main() -> None:
    """Guard and nest; the arguments are the socket's number, the host's process id and the commission."""
    host, host_pid, given = begun()
    here, pid = os.getpid(), os.fork()
    if pid == 0:
        nest(host, Commission(**given), parent=here)
    guard(host, pid, host_pid)


def nest(host: socket.socket, asked: Commission, *, parent: int) -> NoReturn:
    """Say that it is ready, and fork cases until the host is gone."""
    try:
        enter(COOPERATIVE, parent=parent, memory_bytes=asked.memory_bytes)
    except ShadowError as error:
        say(host, {"not held": str(error)})
        os._exit(1)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    made = Nest(
        host=host, program=Program(**asked.program), policy=Policy.from_json(asked.policy), dead=child_ends(),
        mask={int(number) for number in mask},
    )  # fmt: skip
    say(host, {"ready": ""})
    attend(host, made.dead, obey=lambda: _obey(made), bury=lambda: _bury(made))


def _obey(made: Nest) -> None:
    text, given, _, _ = socket.recv_fds(made.host, MESSAGE_BYTES, 3)
    if not text:
        os._exit(0)  # the guard ends the cases
    message = json.loads(text)
    if "start" in message:
        _start(made, message["start"], given)
        return
    for pid in [pid for pid, case in made.cases.items() if case == message["kill"]]:
        kill(pid)


def _start(made: Nest, case: int, given: list[int]) -> None:
    here = os.getpid()
    pid = os.fork()
    if pid == 0:
        signal.pthread_sigmask(signal.SIG_SETMASK, made.mask)
        close_all_but({0, 1, 2, *given})
        line, output, control = given
        run_program(made.program, made.policy, line=line, output=output, control=control, parent=here)
    for number in given:
        os.close(number)
    made.cases[pid] = case


def _bury(made: Nest) -> None:
    """Tell of the cases that have ended, once nothing of them is left."""
    with suppress(BlockingIOError):
        os.read(made.dead, 128)
    while (end := next_end()) is not None:
        pid, status = end
        case = made.cases.pop(pid, None)
        if case is None:  # what was inside of one whose stand-in was killed
            continue
        at = time.monotonic()
        sweep(keep=set(made.cases))
        say(made.host, {"ended": case, "status": os.waitstatus_to_exitcode(status), "at": at})
