"""Importing a candidate, and seeing what the import left behind in its process."""

from __future__ import annotations

import importlib
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shadow.errors import CandidateError
from shadow.plug import nearest
from shadow.replay.tree import children


def load(target: str, root: str) -> Callable[..., Any]:
    """The candidate's function; its import runs here, with whatever it does and raises.

    Raises:
        CandidateError: the module is there and the function is not.
    """
    if root not in sys.path:
        sys.path.insert(0, root)
    module_name, _, name = target.partition(":")
    module = importlib.import_module(module_name)
    function = getattr(module, name, None)
    if not callable(function):
        names = [known for known, value in vars(module).items() if callable(value)]
        raise CandidateError(
            f"{module_name} has no function called {name!r}" if function is None else f"{name!r} cannot be called",
            where=target, todo=nearest(name, names) or "correct the target",
        )  # fmt: skip
    found: Callable[..., Any] = function
    return found


def descriptors() -> set[int]:
    """The open descriptors of this process."""
    with os.scandir("/proc/self/fd") as entries:
        names = [int(entry.name) for entry in entries]
    return {number for number in names if _is_open(number)}  # without the one that listed them


def left_behind(before: set[int]) -> str:
    """What an import left that forks would share, in words; empty where it left nothing.

    Args:
        before: the descriptors that were open before the import.
    """
    threads = len(list(Path("/proc/self/task").iterdir())) - 1
    if threads:
        return f"importing it left {threads} thread{'s' if threads > 1 else ''} running"
    if children():
        return "importing it left a process running"
    shared = [number for number in sorted(descriptors() - before) if not _is_device(number)]
    return f"importing it left {_name(shared[0])} open" if shared else ""


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _is_device(number: int) -> bool:
    return stat.S_ISCHR(os.fstat(number).st_mode)  # /dev/null, /dev/urandom: nothing is shared through them


def _name(number: int) -> str:
    return os.readlink(f"/proc/self/fd/{number}")  # noqa: PTH115 - no path: "socket:[123]" too
