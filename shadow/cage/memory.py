"""Memory that a process holds with all that it has started: without root, no limit of the kernel's counts that."""

from __future__ import annotations

import os
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")


def held(first: int, most: int) -> int:
    """Bytes of memory that a process and all below it hold.

    Pages that several share are counted for each; only where that comes to more than `most` are they counted once, as
    far as the kernel tells, since that takes longer.
    """
    everybody = _below(first)
    total = sum(_resident(pid) for pid in everybody)
    return total if total <= most else sum(_own_share(pid) for pid in everybody)


def _below(first: int) -> list[int]:
    found, waiting = list[int](), [first]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        try:
            for task in Path(f"/proc/{pid}/task").iterdir():
                waiting += [int(word) for word in (task / "children").read_text(encoding="ascii").split()]
        except OSError:  # it has ended, or the kernel has no such file
            continue
    return found


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * _PAGE
    except OSError:
        return 0


def _own_share(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:  # not ours to see, or gone
        return _resident(pid)
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
