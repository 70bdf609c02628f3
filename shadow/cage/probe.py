"""What this machine can enforce."""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from dataclasses import dataclass
from functools import cache

from shadow.cage import kernel
from shadow.cage.landlock import kernel_abi
from shadow.cage.program import NOTIFY
from shadow.errors import ContainmentUnavailable

OLD_LANDLOCK = 3  # below this ABI, two rules of the filter do what Landlock cannot
_ADDFD = (5, 9)  # the Linux that first lets a listener hand over a descriptor
_GET_ACTION_AVAIL, _GET_NOTIF_SIZES = 2, 3
_SIZES = (80, 24, 64)  # of a notification, an answer, a call's facts: what `broker` reads and writes


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """What the cage stands on here.

    Attributes:
        machine, kernel: as `uname` says.
        landlock_abi: 0 where there is no Landlock.
        listener: whether a filter can ask a listener.
        missing: what is missing for the cage, in words; empty where nothing is.
    """

    machine: str
    kernel: str
    landlock_abi: int
    listener: bool
    missing: tuple[str, ...]

    @property
    def old(self) -> bool:
        """Whether Landlock is so old that the filter does two of its duties."""
        return 0 < self.landlock_abi < OLD_LANDLOCK


@cache
def look() -> Floor:
    """What is here; asks the kernel, changes nothing."""
    name = os.uname()
    if sys.platform != "linux" or name.machine != "x86_64":
        missing: tuple[str, ...] = (f"Linux on x86_64 (this is {name.sysname} on {name.machine})",)
        return Floor(machine=name.machine, kernel=name.release, landlock_abi=0, listener=False, missing=missing)
    abi, listener = kernel_abi(), _listener()
    missing = tuple(
        words
        for words, there in (
            ("a 64-bit Python", sys.maxsize > 2**32),
            ("Landlock (Linux 5.13, and in the list of security modules)", abi >= 1),
            ("seccomp filters with a listener (Linux 5.9, and not forbidden by a container's profile)", listener),
            ("a listener that can hand over descriptors (Linux 5.9)", _version(name.release) >= _ADDFD),
            ("a /proc of this process's own namespace (mount one: unshare --mount-proc)", _own_proc()),
        )
        if not there
    )
    return Floor(machine=name.machine, kernel=name.release, landlock_abi=abi, listener=listener, missing=missing)


def probe() -> Floor:
    """What the cage stands on here.

    Raises:
        ContainmentUnavailable: something is missing; says what, and what to do.
    """
    floor = look()
    if floor.missing:
        raise ContainmentUnavailable(
            "this machine cannot enforce isolation by its kernel", where="isolation",
            seen=f"Linux {floor.kernel} on {floor.machine}, without {'; '.join(floor.missing)}",
            allowed="x86_64 Linux with Landlock and seccomp listeners",
            todo="use another machine or an isolation from outside; 'cooperative', by name, enforces nothing",
        )  # fmt: skip
    return floor


def _own_proc() -> bool:
    """Whether /proc shows processes by the numbers that they have here: who asks is looked up there."""
    try:
        return os.readlink("/proc/self") == str(os.getpid())  # noqa: PTH115 - the kernel's words, not a path
    except OSError:
        return False


def _listener() -> bool:
    action, sizes = ctypes.c_uint32(NOTIFY), ctypes.create_string_buffer(6)
    try:
        kernel.call("seccomp", _GET_ACTION_AVAIL, 0, struct.pack("=I", action.value))
        kernel.call("seccomp", _GET_NOTIF_SIZES, 0, sizes)
    except OSError:
        return False
    return struct.unpack("=HHH", sizes.raw) == _SIZES


def _version(release: str) -> tuple[int, ...]:
    words = release.replace("-", ".").split(".")[:2]
    return tuple(int(word) if word.isdigit() else 0 for word in words)
