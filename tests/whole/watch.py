"""Waiting until something was written into a folder: Linux tells, nobody asks again and again."""

from __future__ import annotations

import ctypes
import os
import select
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

IN_MODIFY, IN_CREATE = 0x002, 0x100
PATIENCE_S = 120.0

Until = Callable[[Callable[[], bool]], bool]


@contextmanager
def watching(*folders: Path, ended: int | None = None) -> Iterator[Until]:
    """`until(what)`: wait for writes in these folders until `what()` holds; False where the process ended first.

    Args:
        ended: id of a process whose end ends the waiting.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    told = libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
    end = os.pidfd_open(ended) if ended is not None else -1
    poll = select.poll()
    poll.register(told, select.POLLIN)
    if end >= 0:
        poll.register(end, select.POLLIN)
    try:
        for folder in folders:
            assert libc.inotify_add_watch(told, os.fsencode(folder), IN_MODIFY | IN_CREATE) >= 0, folder
        yield lambda what: _until(what, poll, told, end)
    finally:
        os.close(told)
        if end >= 0:
            os.close(end)


def _until(what: Callable[[], bool], poll: select.poll, told: int, end: int) -> bool:
    while not what():
        numbers = [number for number, _ in poll.poll(PATIENCE_S * 1000)]
        assert numbers, f"nothing was written for {PATIENCE_S:g} s"
        if told in numbers:
            os.read(told, 65_536)
        if end in numbers:
            return what()
    return True
