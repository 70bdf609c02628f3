"""Importing a candidate, and seeing what the import left behind in its process."""

from __future__ import annotations

import importlib
import os
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
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


class Eyes:
    """What /proc says of this process, opened while it may be opened: a caged process may not open it any more."""

    def __init__(self) -> None:
        here = os.getpid()
        self._numbers, self._threads, self._maps = (
            os.open(f"/proc/self/{name}", os.O_RDONLY) for name in ("fd", "task", "maps")
        )
        self._children: int | None = None
        with suppress(FileNotFoundError):  # a kernel without that file
            self._children = os.open(f"/proc/self/task/{here}/children", os.O_RDONLY)

    def descriptors(self) -> set[int]:
        """The open descriptors of this process."""
        numbers = [int(name) for name in os.listdir(self._numbers)]  # noqa: PTH208 - a descriptor
        return {number for number in numbers if _is_open(number)}  # without the one that listed them

    def threads(self) -> int:
        """How many threads it runs, the first included."""
        return len(os.listdir(self._threads))  # noqa: PTH208 - a descriptor

    def has_children(self) -> bool:
        """Whether it has a child, dead ones that were not waited for included."""
        return bool(children() if self._children is None else os.pread(self._children, 20, 0))

    def shares_memory(self) -> bool:
        """Whether it has memory that it may write to and would share with what is forked from it."""
        rights = [line.split()[1] for line in _all(self._maps)]
        return any(one[1:2] == b"w" and one[3:4] == b"s" for one in rights)


def left_behind(eyes: Eyes, before: set[int]) -> str:
    """What an import left that forks would share, in words; empty where it left nothing.

    Args:
        before: the descriptors that were open before the import.
    """
    threads = eyes.threads() - 1
    if threads:
        return f"importing it left {threads} thread{'s' if threads > 1 else ''} running"
    if eyes.has_children():
        return "importing it left a process running"
    shared = [number for number in sorted(eyes.descriptors() - before) if not _is_device(number)]
    if shared:
        return f"importing it left {_name(shared[0])} open"
    return "importing it left memory that cases would share" if eyes.shares_memory() else ""


def _all(number: int) -> list[bytearray]:
    """The lines of a file under /proc, from its beginning."""
    os.lseek(number, 0, os.SEEK_SET)
    text = bytearray()
    while part := os.read(number, 65_536):
        text += part
    return text.splitlines()


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
