"""Locks on files that the cage lets be read: production would wait for them."""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Callable
from pathlib import Path

from shadow.cage.preflight.bench import Bench
from shadow.cage.preflight.model import Group, Scene

LOCKS = Group("locks")
_SET_LEASE, _SET_OFD = 1024, 37


def _stalls(bench: Bench, take: Callable[[int], object], waits: Callable[[Path], bool]) -> Scene:
    """An attempt to take a lock on a descriptor to read; `waits`: would we have to wait now?"""
    path = bench.file()
    return Scene(attempt=lambda: take(os.open(path, os.O_RDONLY)), landed=lambda _: waits(path))


def _would_wait(take: Callable[[int], object], path: Path, flags: int = os.O_RDWR) -> bool:
    number = -1
    try:
        number = os.open(path, flags)
        take(number)
    except BlockingIOError:
        return True
    finally:
        if number >= 0:
            os.close(number)
    return False


def _flock_waits(path: Path) -> bool:
    return _would_wait(lambda number: fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB), path)


def _record_waits(path: Path) -> bool:
    return _would_wait(lambda number: fcntl.lockf(number, fcntl.LOCK_EX | fcntl.LOCK_NB), path)


def _record(command: int) -> Callable[[int], object]:
    return lambda number: fcntl.fcntl(number, command, struct.pack("=hhqqi4x", fcntl.F_RDLCK, 0, 0, 0, 0))


LOCKS.attack("flock for oneself alone")(
    lambda bench: _stalls(bench, lambda number: fcntl.flock(number, fcntl.LOCK_EX), _flock_waits)
)
LOCKS.attack("flock shared")(
    lambda bench: _stalls(bench, lambda number: fcntl.flock(number, fcntl.LOCK_SH), _flock_waits)
)
LOCKS.attack("POSIX record lock")(lambda bench: _stalls(bench, _record(fcntl.F_SETLK), _record_waits))
LOCKS.attack("POSIX record lock, waiting for it")(lambda bench: _stalls(bench, _record(fcntl.F_SETLKW), _record_waits))
LOCKS.attack("open file description lock")(lambda bench: _stalls(bench, _record(_SET_OFD), _record_waits))


@LOCKS.attack("lease")
def lease(bench: Bench) -> Scene:
    """Whoever opens the file to write waits until the lease is given back, 45 s by default."""

    def waits(path: Path) -> bool:
        return _would_wait(lambda _: None, path, os.O_WRONLY | os.O_NONBLOCK)

    return _stalls(bench, lambda number: fcntl.fcntl(number, _SET_LEASE, fcntl.F_RDLCK), waits)
