"""Ending process trees: whatever a case leaves behind becomes our child, and no child outlives its case."""

from __future__ import annotations

import os
import signal
from collections.abc import Container
from contextlib import suppress
from pathlib import Path


def children() -> list[int]:
    """This process's children, dead ones that were not waited for included."""
    return children_of(os.getpid())


def children_of(process: int) -> list[int]:
    """The children of a process that runs one thread."""
    try:
        listed = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    except FileNotFoundError:  # a kernel without that file: ask every process for its parent
        return [pid for pid in _all_processes() if _parent(pid) == process]
    return [int(word) for word in listed.split()]


def sweep(keep: Container[int] = ()) -> None:
    """Kill and wait for every child that is not to be kept, and for what then becomes our child, until none is left."""
    while doomed := [pid for pid in children() if pid not in keep]:
        for pid in doomed:
            kill(pid)
        for pid in doomed:
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)


def kill(pid: int) -> None:
    """SIGKILL to a process, and to its group where that is not our own."""
    with suppress(ProcessLookupError, PermissionError):
        group = os.getpgid(pid)
        os.kill(pid, signal.SIGKILL)
        if group != os.getpgrp():
            os.killpg(group, signal.SIGKILL)


def _all_processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _parent(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:  # it has ended since it was listed
        return 0
    return int(text.rpartition(")")[2].split()[1])
