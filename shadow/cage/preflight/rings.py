"""io_uring: system calls by memory, which no filter of system calls sees once the ring is there."""

from __future__ import annotations

import mmap
import os
import socket
import struct

from shadow.cage.preflight import calls
from shadow.cage.preflight.bench import Bench
from shadow.cage.preflight.egress import WORD, accepted
from shadow.cage.preflight.model import Group, Scene

RINGS = Group("io_uring")
_CONNECT, _SEND, _OPENAT, _SOCKET = 16, 26, 18, 45


class Ring:
    """A ring of eight entries; `do` puts one operation in, waits for it, and raises what it answers."""

    def __init__(self) -> None:
        facts = calls.buffer(120)
        self._number = calls.call(calls.IO_URING_SETUP, 8, facts)
        self._sq, self._cq = struct.unpack_from("=10I", facts, 40), struct.unpack_from("=10I", facts, 80)
        self._rings = mmap.mmap(self._number, 4096)
        self._entries = mmap.mmap(self._number, 4096, offset=0x10000000)

    def do(self, operation: int, *, fd: int, at: int = 0, size: int = 0, off: int = 0, flags: int = 0) -> int:
        """One operation of this code."""
        tail = self._get(self._sq[1])
        slot = tail & self._get(self._sq[2])
        entry = struct.pack("=BBHiQQIIQ", operation, 0, 0, fd, off, at, size, flags, 0) + bytes(24)
        self._entries[slot * 64 : slot * 64 + 64] = entry
        self._set(self._sq[6] + 4 * slot, slot)
        self._set(self._sq[1], tail + 1)
        calls.call(calls.IO_URING_ENTER, self._number, 1, 1, 1, None, 0)
        head = self._get(self._cq[0])
        place = self._cq[5] + 16 * (head & self._get(self._cq[2]))
        (answer,) = struct.unpack_from("=i", self._rings, place + 8)
        self._set(self._cq[0], head + 1)
        if answer < 0:
            raise OSError(-answer, os.strerror(-answer))
        return int(answer)

    def _get(self, at: int) -> int:
        return int(struct.unpack_from("=I", self._rings, at)[0])

    def _set(self, at: int, value: int) -> None:
        struct.pack_into("=I", self._rings, at, value)


@RINGS.attack("TCP by io_uring")
def ring_connect(bench: Bench) -> Scene:
    """Connect and send without connect() and send()."""
    listener = bench.socket(socket.AF_INET, socket.SOCK_STREAM)
    host, port = listener.getsockname()

    def attempt() -> None:
        ring, name = Ring(), calls.buffer(calls.inet(socket.inet_aton(host), port))
        number = ring.do(_SOCKET, fd=2, off=1)
        ring.do(_CONNECT, fd=number, at=calls.address(name), off=16)
        word = calls.buffer(WORD)
        ring.do(_SEND, fd=number, at=calls.address(word), size=len(WORD))

    return Scene(attempt=attempt, landed=lambda _: accepted(listener))


@RINGS.attack("create a file by io_uring")
def ring_open(bench: Bench) -> Scene:
    """openat without openat()."""
    path = bench.room / "by-ring"

    def attempt() -> None:
        name = calls.buffer(str(path).encode() + b"\0")
        Ring().do(_OPENAT, fd=-100, at=calls.address(name), size=0o600, flags=os.O_CREAT | os.O_WRONLY)

    return Scene(attempt=attempt, landed=lambda _: path.exists())
