"""Processes that are left behind: found by the harness among the attempt's children, never by what it says."""

from __future__ import annotations

import ctypes
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from shadow.cage.preflight import calls
from shadow.cage.preflight.bench import LONGEST_S, Bench, below, rest
from shadow.cage.preflight.egress import WORD
from shadow.cage.preflight.model import Group, Scene
from shadow.cage.preflight.trial import there

PROCESSES = Group("processes")
BOMB = 5  # processes of the bounded fork bomb
LATE_S = 0.2
_STAY = [sys.executable, "-I", "-S", "-c", f"import time; time.sleep({LONGEST_S})"]


def _multiplies(attempt: Callable[[], object], least: int = 1) -> Scene:
    return Scene(attempt=attempt, landed=lambda look: len(below(int(look.proc.name))) >= least)


PROCESSES.attack("fork")(lambda _: _multiplies(lambda: calls.call(calls.FORK)))
PROCESSES.attack("vfork")(lambda _: _multiplies(_vfork))
PROCESSES.attack("clone without a thread's flags")(
    lambda _: _multiplies(lambda: calls.call(calls.CLONE, signal.SIGCHLD, None, None, None, 0))
)
PROCESSES.attack("fork as libc does")(lambda _: _multiplies(os.fork))
PROCESSES.attack("posix_spawn")(lambda _: _multiplies(lambda: os.posix_spawn(_STAY[0], _STAY, {})))
PROCESSES.attack("subprocess")(
    lambda _: _multiplies(lambda: subprocess.Popen(_STAY, stdin=subprocess.DEVNULL, close_fds=False))
)


def _vfork() -> None:
    """The parent stands still until its child is gone; the child stays, and both are killed."""
    if calls.libc.vfork() < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


@PROCESSES.attack("clone3")
def clone3(_: Bench) -> Scene:
    """Its flags are in memory, where no filter can read them."""
    facts = struct.pack("=11Q", 0, 0, 0, 0, signal.SIGCHLD, 0, 0, 0, 0, 0, 0)
    return _multiplies(lambda: calls.call(calls.CLONE3, calls.buffer(facts), len(facts)))


@PROCESSES.attack("fork bomb of a handful")
def bomb(_: Bench) -> Scene:
    """Bounded: each child only stays."""

    def attempt() -> None:
        for _ in range(BOMB):
            if os.fork() == 0:
                rest()

    return _multiplies(attempt, BOMB)


@PROCESSES.attack("daemon with a late effect")
def daemon(bench: Bench) -> Scene:
    """Forks twice, leaves the session, and acts when its maker has long been killed: on memory of the harness."""

    def attempt() -> None:
        if os.fork() == 0:
            os.setsid()
            if os.fork():
                os._exit(0)
            time.sleep(LATE_S)
            bench.page.told = WORD
            rest()

    return Scene(attempt=attempt, landed=lambda look: look.told == WORD, late_s=3 * LATE_S)


def _stat(proc: Path, field: int) -> int:
    return int((proc / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[field])


def _becomes(attempt: Callable[[], object], what: Callable[[Path], object]) -> Scene:
    """An attempt to be something else than before."""
    return Scene(attempt=attempt, known=what, landed=lambda look: what(look.proc) != look.before)


@PROCESSES.attack("leave the session")
def session(_: Bench) -> Scene:
    """setsid: out of reach of killpg and of the terminal."""
    return _becomes(os.setsid, lambda proc: _stat(proc, 3))


@PROCESSES.attack("leave the process group")
def group(_: Bench) -> Scene:
    """setpgid: out of reach of killpg."""
    return _becomes(lambda: os.setpgid(0, 0), lambda proc: _stat(proc, 2))


@PROCESSES.attack("outlive the parent")
def outlive(_: Bench) -> Scene:
    """Takes back that its parent's end is its own, then the parent ends."""
    return Scene(
        attempt=lambda: calls.prctl(calls.PR_SET_PDEATHSIG, 0),
        landed=lambda look: there(look.proc),
        orphan=True,
    )


def _namespace(name: str) -> Callable[[Path], str]:
    return lambda proc: os.readlink(proc / "ns" / name)  # noqa: PTH115


@PROCESSES.attack("a user namespace of one's own")
def user_namespace(_: Bench) -> Scene:
    """In it one has every capability, and the kernel's least tried code."""
    return _becomes(lambda: calls.call(calls.UNSHARE, 0x10000000), _namespace("user"))


@PROCESSES.attack("a network namespace of one's own")
def network_namespace(_: Bench) -> Scene:
    """By way of a user namespace, where one is no root."""
    flags = 0x40000000 | (0x10000000 if os.geteuid() else 0)
    return _becomes(lambda: calls.call(calls.UNSHARE, flags), _namespace("net"))
