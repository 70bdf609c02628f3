"""Doors into the kernel itself: most have no target, so what is judged is what the process holds or is afterwards."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import termios
import tty
from collections.abc import Callable
from pathlib import Path

from shadow.cage.preflight import calls
from shadow.cage.preflight.bench import Bench, field_of
from shadow.cage.preflight.families import descriptors
from shadow.cage.preflight.model import Group, Scene

KERNEL = Group("kernel")
_SYS_ADMIN = 21
_NO_RANDOM = 0x0040000


def holds(proc: Path, kind: str) -> bool:
    """Whether a process has a descriptor of this kind open that we have not."""
    return _held(proc, kind) > _held(Path("/proc/self"), kind)


def _held(proc: Path, kind: str) -> int:
    return sum(kind in name for name in descriptors(proc))


def _opens(kind: str, call: Callable[[], object]) -> Scene:
    return Scene(attempt=call, landed=lambda look: holds(look.proc, kind))


def may(capability: int) -> bool:
    """Whether we have this capability, in whatever namespace."""
    return bool(int(field_of(Path("/proc/self"), "CapEff"), 16) >> capability & 1)


def _dangerous(capability: int, what: str) -> Callable[[], str]:
    return lambda: f"left out: it would {what}, as this user may" if may(capability) else ""


@KERNEL.attack("io_uring")
def io_uring(_: Bench) -> Scene:
    """A ring of requests past every filter of calls."""
    return _opens("io_uring", lambda: calls.call(calls.IO_URING_SETUP, 8, calls.buffer(120)))


@KERNEL.attack("bpf")
def bpf(_: Bench) -> Scene:
    """A map is made; programs would follow."""
    facts = calls.buffer(struct.pack("=5I", 2, 4, 4, 1, 0) + bytes(100))
    return _opens("bpf-map", lambda: calls.call(calls.BPF, 0, facts, 120))


@KERNEL.attack("perf_event_open")
def perf(_: Bench) -> Scene:
    """Counts of one's own process alone; the code behind it has had many holes."""
    flags = 1 << 5 | 1 << 6  # without kernel and hypervisor
    facts = calls.buffer(struct.pack("=IIQQQQQ", 1, 112, 1, 0, 0, 0, flags) + bytes(64))
    return _opens("perf_event", lambda: calls.call(calls.PERF_EVENT_OPEN, facts, 0, -1, -1, 0))


@KERNEL.attack("userfaultfd")
def userfault(_: Bench) -> Scene:
    """Stops the kernel in the middle of a copy; half of many exploits."""
    return _opens("userfaultfd", lambda: calls.call(calls.USERFAULTFD, 1))


@KERNEL.attack("memfd_secret")
def secret_memory(_: Bench) -> Scene:
    """Memory that the kernel itself cannot look at."""
    return _opens("secretmem", lambda: calls.call(calls.MEMFD_SECRET, 0))


@KERNEL.attack("fanotify")
def fanotify(_: Bench) -> Scene:
    """Hears what others do with their files."""
    return _opens("fanotify", lambda: calls.call(calls.FANOTIFY_INIT, 0x200, 0))


@KERNEL.attack("personality")
def personality(_: Bench) -> Scene:
    """Turns off what makes addresses random, for whatever runs next."""
    before = calls.call(calls.PERSONALITY, 0xFFFFFFFF)
    return Scene(
        attempt=lambda: calls.call(calls.PERSONALITY, before | _NO_RANDOM),
        landed=lambda look: int((look.proc / "personality").read_text(encoding="utf-8"), 16) != before,
    )


@KERNEL.attack("type into the terminal")
def type_in(bench: Bench) -> Scene:
    """TIOCSTI: a command for whoever sits there; here a terminal of the harness."""
    master, slave = pty.openpty()
    bench.after(os.close, master)
    bench.after(os.close, slave)
    tty.setraw(slave)
    os.set_blocking(slave, False)

    def before() -> None:
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        os.dup2(slave, 0)

    def landed() -> bool:
        try:
            return os.read(slave, 10) == b"x"
        except BlockingIOError:
            return False

    return Scene(attempt=lambda: fcntl.ioctl(0, termios.TIOCSTI, b"x"), landed=lambda _: landed(), before=before)


@KERNEL.attack("set the host's name", left_out=_dangerous(_SYS_ADMIN, "rename the machine"))
def host_name(_: Bench) -> Scene:
    """Tried only where the user may not."""
    before = os.uname().nodename
    return Scene(
        attempt=lambda: calls.call(calls.SETHOSTNAME, before.encode(), len(before)),
        landed=lambda _: os.uname().nodename != before,
    )


def _never(why: str) -> Callable[[], str]:
    return lambda: why


def _nothing(_: Bench) -> Scene:
    return Scene(attempt=lambda: None, landed=lambda _: False)


KERNEL.attack("sync", left_out=_never("left out: its only effect is load, and nothing shows it from outside"))(_nothing)
KERNEL.attack("set the clock", left_out=_never("left out: no harmless form of it"))(_nothing)
KERNEL.attack("load a module, another kernel, restart", left_out=_never("left out: no harmless form of it"))(_nothing)
KERNEL.attack("kill everybody (kill -1)", left_out=_never("left out: no harmless form of it"))(_nothing)
