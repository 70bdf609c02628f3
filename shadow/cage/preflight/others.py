"""What can be done to another process of the same user: a target of the harness that blocks signals and stays."""

from __future__ import annotations

import fcntl
import os
import resource
import signal
import socket
import struct
from collections.abc import Callable
from contextlib import suppress

from shadow.cage.preflight import calls
from shadow.cage.preflight.bench import Bench, Victim
from shadow.cage.preflight.egress import WORD
from shadow.cage.preflight.model import Group, Scene

OTHERS = Group("other processes")
_SIGNAL = signal.SIGUSR1
_PTRACE_SEIZE = 0x4206
_AFFINITY_NEEDS = 2


def _signals(bench: Bench, send: Callable[[int], object], number: int = _SIGNAL) -> Scene:
    victim = bench.victim()
    return Scene(attempt=lambda: send(victim.pid), landed=lambda _: victim.pending(number))


OTHERS.attack("kill")(lambda bench: _signals(bench, lambda pid: os.kill(pid, _SIGNAL)))
OTHERS.attack("kill to end it")(lambda bench: _signals(bench, lambda pid: os.kill(pid, signal.SIGTERM), signal.SIGTERM))
OTHERS.attack("tkill")(lambda bench: _signals(bench, lambda pid: calls.call(calls.TKILL, pid, _SIGNAL)))
OTHERS.attack("tgkill")(lambda bench: _signals(bench, lambda pid: calls.call(calls.TGKILL, pid, pid, _SIGNAL)))
OTHERS.attack("sigqueue")(lambda bench: _signals(bench, lambda pid: calls.call(calls.SIGQUEUE, pid, _SIGNAL, _facts())))
OTHERS.attack("sigqueue to a thread")(
    lambda bench: _signals(bench, lambda pid: calls.call(calls.TGSIGQUEUE, pid, pid, _SIGNAL, _facts()))
)
OTHERS.attack("signal by a process descriptor")(
    lambda bench: _signals(bench, lambda pid: calls.call(calls.PIDFD_SEND, os.pidfd_open(pid), _SIGNAL, None, 0))
)


def _facts() -> calls.Memory:
    return calls.buffer(struct.pack("=iii", _SIGNAL, 0, -1) + bytes(116))  # SI_QUEUE


@OTHERS.attack("signal by a socket's owner")
def signal_by_owner(bench: Bench) -> Scene:
    """F_SETOWN names somebody else; the kernel then sends the signal."""

    def send(pid: int) -> None:
        ours, other = socket.socketpair()
        fcntl.fcntl(ours, fcntl.F_SETOWN, pid)
        fcntl.fcntl(ours, fcntl.F_SETFL, fcntl.fcntl(ours, fcntl.F_GETFL) | os.O_ASYNC)
        other.send(WORD)

    return _signals(bench, send, signal.SIGIO)


@OTHERS.attack("signal by a socket's owner (ioctl)")
def signal_by_owner_ioctl(bench: Bench) -> Scene:
    """The same by two commands of another call."""

    def send(pid: int) -> None:
        ours, other = socket.socketpair()
        fcntl.ioctl(ours, 0x8901, struct.pack("=i", pid))  # FIOSETOWN
        fcntl.ioctl(ours, 0x5452, struct.pack("=i", 1))  # FIOASYNC
        other.send(WORD)

    return _signals(bench, send, signal.SIGIO)


@OTHERS.attack("signal the parent")
def signal_parent(_: Bench) -> Scene:
    """The harness itself, which blocks the signal, looks whether it has come and takes it away."""
    here, wanted = os.getpid(), {signal.SIGUSR2}

    def landed() -> bool:
        return signal.sigtimedwait(wanted, 0) is not None

    return Scene(attempt=lambda: os.kill(here, signal.SIGUSR2), landed=lambda _: landed())


@OTHERS.attack("trace it")
def trace(bench: Bench) -> Scene:
    """ptrace without stopping it: whoever traces can do anything in its name."""
    victim = bench.victim()
    return Scene(
        attempt=lambda: calls.call(calls.PTRACE, _PTRACE_SEIZE, victim.pid, 0, 0),
        landed=lambda _: victim.status("TracerPid") != "0",
    )


def _vector(at: int, size: int) -> calls.Memory:
    return calls.buffer(struct.pack("=QQ", at, size))


@OTHERS.attack("write its memory")
def write_memory(bench: Bench) -> Scene:
    """process_vm_writev."""
    victim, ours = bench.victim(), calls.buffer(WORD)

    def attempt() -> None:
        here, theirs = _vector(calls.address(ours), len(WORD)), _vector(victim.place, len(WORD))
        calls.call(calls.VM_WRITE, victim.pid, here, 1, theirs, 1, 0)

    return Scene(attempt=attempt, landed=lambda _: victim.holds().startswith(WORD))


@OTHERS.attack("read its memory")
def read_memory(bench: Bench) -> Scene:
    """process_vm_readv: landed where what it tells is the secret that only the target has drawn."""
    victim, ours = bench.victim(), calls.buffer(16)

    def attempt() -> None:
        here, theirs = _vector(calls.address(ours), 16), _vector(victim.place, 16)
        calls.call(calls.VM_READ, victim.pid, here, 1, theirs, 1, 0)
        bench.page.told = ours.raw

    return Scene(attempt=attempt, landed=lambda look: bool(look.told) and victim.holds().startswith(look.told))


@OTHERS.attack("take its descriptor")
def take_descriptor(bench: Bench) -> Scene:
    """pidfd_getfd: a copy of what it holds open, here the write end of the harness's pipe."""
    reading, writing = bench.pipe()
    victim = bench.victim()

    def attempt() -> None:
        with suppress(OSError):
            os.close(writing)  # our own copy, which came by the fork, is not meant
        os.write(calls.call(calls.PIDFD_GETFD, os.pidfd_open(victim.pid), writing, 0), WORD)

    return Scene(attempt=attempt, landed=lambda _: has(reading))


def has(reading: int) -> bool:
    """Whether our word has come in on a pipe that never waits."""
    try:
        return WORD in os.read(reading, 100)
    except BlockingIOError:
        return False


def _differs(bench: Bench, change: Callable[[int], object], look: Callable[[Victim], object]) -> Scene:
    victim = bench.victim()
    before = look(victim)
    return Scene(attempt=lambda: change(victim.pid), landed=lambda _: look(victim) != before)


@OTHERS.attack("change its limits")
def limits(bench: Bench) -> Scene:
    """prlimit on somebody else: it can open no file any more."""
    return _differs(
        bench,
        lambda pid: resource.prlimit(pid, resource.RLIMIT_NOFILE, (16, 16)),
        lambda victim: (victim.proc / "limits").read_text(encoding="utf-8"),
    )


def _one_processor() -> str:
    return "" if len(os.sched_getaffinity(0)) >= _AFFINITY_NEEDS else "there is one processor only"


@OTHERS.attack("bind it to one processor", left_out=_one_processor)
def affinity(bench: Bench) -> Scene:
    """sched_setaffinity on somebody else."""
    one = {min(os.sched_getaffinity(0))}
    return _differs(bench, lambda pid: os.sched_setaffinity(pid, one), lambda victim: os.sched_getaffinity(victim.pid))


OTHERS.attack("lower its priority")(
    lambda bench: _differs(
        bench,
        lambda pid: os.setpriority(os.PRIO_PROCESS, pid, 15),
        lambda victim: os.getpriority(os.PRIO_PROCESS, victim.pid),
    )
)


@OTHERS.attack("change its scheduling")
def scheduling(bench: Bench) -> Scene:
    """sched_setscheduler: it runs only when nobody else wants to."""
    return _differs(
        bench,
        lambda pid: os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0)),
        lambda victim: os.sched_getscheduler(victim.pid),
    )


@OTHERS.attack("change its scheduling by the newer call")
def scheduling_attributes(bench: Bench) -> Scene:
    """sched_setattr."""
    facts = calls.buffer(struct.pack("=IIQiIQQQ", 48, os.SCHED_BATCH, 0, 0, 0, 0, 0, 0))
    return _differs(
        bench,
        lambda pid: calls.call(calls.SET_ATTR, pid, facts, 0),
        lambda victim: os.sched_getscheduler(victim.pid),
    )


@OTHERS.attack("change its disk priority")
def disk_priority(bench: Bench) -> Scene:
    """ioprio_set: idle, it waits for everybody's disk."""
    return _differs(
        bench,
        lambda pid: calls.call(calls.SET_IOPRIO, 1, pid, 3 << 13),
        lambda victim: calls.call(252, 1, victim.pid),  # ioprio_get
    )
