"""The guard above the process that cases are forked from; how that process begins, hears of ends and tells of them.

It runs none of the candidate's code, and ends everything below when the host or that process ends.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

from shadow.cage import kernel
from shadow.cage.broker import WORD
from shadow.replay.isolation import adopt_orphans
from shadow.replay.tree import children_of, kill, sweep

MESSAGE_BYTES = 16_384
_HIGHEST = 2**31 - 1


def begun() -> tuple[socket.socket, int, dict[str, Any]]:
    """The first steps of a process started by the host: (its socket, the host's process id or 0, what it is for)."""
    number, host_pid, text = sys.argv[-3:]
    sys.argv = [sys.argv[0]]
    host = socket.socket(fileno=int(number))
    host.set_inheritable(False)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    adopt_orphans()
    given: dict[str, Any] = json.loads(text)
    return host, int(host_pid), given


def guard(host: socket.socket, zygote_pid: int, host_pid: int, *, asked: socket.socket | None = None) -> NoReturn:
    """Wait for the end of the host, of its socket or of the zygote; then end everything below and go.

    Args:
        host_pid: 0 where the host cannot be seen from here.
        asked: where the zygote, which may signal nobody, asks for the end of a case.
    """
    poll = select.poll()
    poll.register(host, 0)  # its hang-up only: its messages are the zygote's
    poll.register(os.pidfd_open(zygote_pid), select.POLLIN)
    with suppress(ProcessLookupError):
        if host_pid:
            poll.register(os.pidfd_open(host_pid), select.POLLIN)
        if asked is not None:
            poll.register(asked, select.POLLIN)
        while asked is not None and [number for number, _ in poll.poll()] == [asked.fileno()]:
            if not _oblige(asked, zygote_pid):
                break
        poll.poll()
    kill(zygote_pid)
    sweep()
    os._exit(0)


def _oblige(asked: socket.socket, zygote_pid: int) -> bool:
    """End the case that is asked for, where it is one; False where nobody asks any more."""
    text = asked.recv(WORD.size)
    if len(text) != WORD.size:
        return False
    pid, case = WORD.unpack(text)
    if case == 0 and pid in children_of(zygote_pid):
        kill(pid)
    return True


def attend(host: socket.socket, dead: int, *, obey: Callable[[], object], bury: Callable[[], object]) -> NoReturn:
    """Do what the host says and tell of the cases that end, for ever; `obey` ends the process when the host is gone."""
    poll = select.poll()
    poll.register(host, select.POLLIN)
    poll.register(dead, select.POLLIN)
    while True:
        for number, _ in poll.poll():
            if number == host.fileno():
                obey()
            else:
                bury()


def child_ends() -> int:
    """A descriptor that is readable when a child has ended; SIGCHLD is blocked."""
    mask = (1 << (signal.SIGCHLD - 1)).to_bytes(8, "little")
    return kernel.call("signalfd4", -1, mask, len(mask), os.O_NONBLOCK | os.O_CLOEXEC)


def next_end() -> tuple[int, int] | None:
    """A child that has ended, with its status; None where there is none now."""
    try:
        pid, status = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return None
    return (pid, status) if pid else None


def close_all_but(keep: set[int]) -> None:
    """By range: a caged process cannot list what it has open."""
    first = 0
    for number in [*sorted(keep), _HIGHEST]:
        if number > first:  # an empty range would be taken for everything
            os.closerange(first, number)
        first = number + 1


def say(host: socket.socket, message: dict[str, Any]) -> None:
    """Tell the host; where it is gone, so are we."""
    try:
        host.send(json.dumps(message).encode())
    except OSError:  # the host is gone
        os._exit(0)
