"""The kernel's end of a cage: denied calls come out of it, answers and descriptors go in.

Source: the kernel's Documentation/userspace-api/seccomp_filter.rst ("Userspace Notification") and
include/uapi/linux/seccomp.h.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from dataclasses import dataclass, replace
from pathlib import Path

from shadow.cage.attest import status_of

_RECV, _SEND, _ID_VALID, _ADDFD = 0xC0502100, 0xC0182101, 0x40082102, 0x40182103
_SIZE, _CONTINUE, _IN_ITS_PLACE = 80, 1, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One denied call, waiting for its answer.

    Attributes:
        id: the kernel's, for the answer.
        thread, process: who asks.
        number, arguments: what is asked.
    """

    id: int
    thread: int
    process: int
    number: int
    arguments: tuple[int, ...]


class Listener:
    """A filter's listener."""

    def __init__(self, number: int) -> None:
        self.number = number

    def close(self) -> None:
        """From now on denied calls fail by themselves, with ENOSYS."""
        os.close(self.number)

    def take(self) -> Asked | None:
        """The next denied call; None where whoever made it is gone, or is not to be found: then it is refused."""
        buffer = bytearray(_SIZE)
        try:
            fcntl.ioctl(self.number, _RECV, buffer, True)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.EINTR):
                return None
            raise
        id_, thread, _, number, _, _ = struct.unpack_from("=QIIiIQ", buffer)
        arguments = struct.unpack_from("=6Q", buffer, 32)
        asked = Asked(id=id_, thread=thread, process=thread, number=number, arguments=arguments)
        try:
            asked = replace(asked, process=int(status_of(thread)["Tgid"]))
        except (ProcessLookupError, PermissionError):  # gone; or /proc is of other processes than these, or hides it
            self.answer(asked, error=errno.EPERM)
            return None
        return asked if self.waits(asked) else None  # else the number that we looked up may be another's by now

    def waits(self, asked: Asked) -> bool:
        """Whether the caller still waits, so that its number was its own when we looked."""
        try:
            fcntl.ioctl(self.number, _ID_VALID, struct.pack("=Q", asked.id))
        except OSError:
            return False
        return True

    def read(self, asked: Asked, address: int, size: int) -> bytes:
        """Memory of the caller as it is now; empty where it cannot be read. The caller may change it at any time."""
        if not size:
            return b""
        try:
            with Path(f"/proc/{asked.thread}/mem").open("rb", buffering=0) as memory:
                memory.seek(address)
                found = memory.read(size)
        except (OSError, ValueError, OverflowError):
            return b""
        return found if self.waits(asked) else b""

    def hand_over(self, asked: Asked, number: int, *, cloexec: bool, at: int | None = None) -> int:
        """Put a descriptor of ours into the caller, in the place of `at` where that is given; its number there.

        Raises:
            OSError: the caller is gone, or has no room for it.
        """
        in_place, place = (0, 0) if at is None else (_IN_ITS_PLACE, at)
        facts = bytearray(struct.pack("=QIIII", asked.id, in_place, number, place, os.O_CLOEXEC if cloexec else 0))
        return int(fcntl.ioctl(self.number, _ADDFD, facts, True))

    def answer(self, asked: Asked, *, value: int = 0, error: int = 0) -> bool:
        """Let the call return this; False where the caller is gone."""
        return self._send(asked, struct.pack("=QqiI", asked.id, value, -error, 0))

    def let_go_on(self, asked: Asked) -> bool:
        """Let the kernel make the call after all; False where the caller is gone."""
        return self._send(asked, struct.pack("=QqiI", asked.id, 0, 0, _CONTINUE))

    def _send(self, asked: Asked, answer: bytes) -> bool:
        try:
            fcntl.ioctl(self.number, _SEND, answer)
        except OSError:
            return False
        return True


def flags_of(thread: int, number: int) -> tuple[bool, bool]:
    """(closed on exec, waits) of another process's descriptor.

    Raises:
        OSError: it has none of this number.
    """
    lines = Path(f"/proc/{thread}/fdinfo/{number & 0xFFFFFFFF}").read_text(encoding="ascii").splitlines()
    flags = next(int(line.split()[1], 8) for line in lines if line.startswith("flags:"))
    return bool(flags & os.O_CLOEXEC), not flags & os.O_NONBLOCK
