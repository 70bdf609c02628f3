"""One attempt in a fork: outside, or in the cage with nobody to ask; judged by the caller, from outside."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

from shadow.cage.enter import enter
from shadow.cage.policy import Policy

LONGEST_S = 20


def tried(attempt: Callable[[], object], policy: Policy | None) -> str:
    """How it went: "done", the name of the error, or the signal that ended it."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read_end)
        _try(attempt, policy, write_end)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as said:
        words = said.read().decode()
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    return words or signal.Signals(-code).name


def _try(attempt: Callable[[], object], policy: Policy | None, write_end: int) -> None:
    signal.alarm(LONGEST_S)
    word = "not caged"
    try:
        if policy is not None:
            enter(policy)
        word = "begun"
        attempt()
        word = "done"
    except BaseException as error:
        word = type(error).__name__ if word == "begun" else f"{word}: {error}"
    os.write(write_end, word.encode())
    os._exit(0)


def reading(*paths: Path, abi: int | None = None, forks: bool = False) -> Policy:
    """A policy that lets these be read, and what Python needs."""
    from shadow.cage.policy import system

    return Policy(read=(*system(), *map(str, paths)), abi=abi, forks=forks)
