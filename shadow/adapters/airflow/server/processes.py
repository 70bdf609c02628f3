"""Which processes belong to a server: those that carry its mark in their environment, and all below them.

A process id that was written down is never believed: ids are given out again. The mark is in the environment that a
process was started with, is inherited by whatever it starts, and belongs to one folder alone.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from shadow.errors import ShadowError

MARK = "SHADOW_SERVER"  # the server's folder
KEY = "SHADOW_SERVER_KEY"  # of the keeper alone: which start it is of
STILL_S, ROUNDS = 0.2, 150  # seconds between two looks at what was killed; how many looks


def marked(folder: Path) -> dict[str, str]:
    """The variables that mark a process as one of this folder's server.

    With the second one Airflow's processes, which give themselves titles, leave their environment where it is.
    """
    return {MARK: str(folder.resolve()), "SPT_NOENV": "1"}


def members(folder: Path) -> list[psutil.Process]:
    """Every live process of this folder's server, but for the calling one; none on a quiet machine."""
    mark = str(folder.resolve())
    found = {one.pid: one for one in psutil.process_iter() if _environ(one).get(MARK) == mark}
    for one in list(found.values()):
        found |= {below.pid: below for below in _below(one)}
    return [one for pid, one in sorted(found.items()) if pid != os.getpid() and _lives(one)]


def keeper_of(folder: Path, *, pid: int, key: str) -> psutil.Process | None:
    """The process of that id, if it is the keeper of this folder's server that was started under that key."""
    with suppress(psutil.Error):
        one = psutil.Process(pid)
        carried = _environ(one)
        if carried.get(MARK) == str(folder.resolve()) and carried.get(KEY) == key and _lives(one):
            return one
    return None


def clear(folder: Path, *, also: Sequence[psutil.Process] = ()) -> int:
    """Kill every process of this folder's server until none is left; gives how many there were.

    Args:
        also: what `members` gave before parts of it ended: a child without the mark is known by its parent alone.

    Raises:
        ShadowError: some of them cannot be killed from here.
    """
    killed: set[int] = set()
    for _ in range(ROUNDS):
        left = {*members(folder), *filter(_lives, also)}
        if not left:
            return len(killed)
        for one in left:
            with suppress(psutil.Error):
                one.kill()  # psutil looks first whether the id is still that process's
                killed.add(one.pid)
        _, slow = psutil.wait_procs(list(left), timeout=STILL_S)
        if slow:
            time.sleep(STILL_S)
    raise ShadowError(
        "processes of this server do not end",
        where=str(folder),
        seen=", ".join(f"{one.pid} ({_name(one)})" for one in members(folder)),
        todo="end them as their owner",
    )


def listener(port: int) -> str:
    """Who listens on a port of this machine, as `python (process 42)`; empty where that cannot be seen."""
    with suppress(psutil.Error):
        for one in psutil.net_connections(kind="tcp"):
            if one.status == psutil.CONN_LISTEN and one.laddr.port == port and one.pid:
                return f"{_name(psutil.Process(one.pid))} (process {one.pid})"
    return ""


def _environ(one: psutil.Process) -> dict[str, str]:
    with suppress(psutil.Error, OSError):  # another user's, or gone
        return dict(one.environ())
    return {}


def _below(one: psutil.Process) -> Iterator[psutil.Process]:
    with suppress(psutil.Error):
        yield from one.children(recursive=True)


def _lives(one: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return bool(one.is_running() and one.status() != psutil.STATUS_ZOMBIE)
    return False


def _name(one: psutil.Process) -> str:
    with suppress(psutil.Error):
        return str(one.name())
    return "?"
