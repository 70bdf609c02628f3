"""Denied calls in words, and which of them are benign noise."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable, Sequence

from shadow.cage.numbers import name_of
from shadow.cage.rules import WRITES

Read = Callable[[int, int], bytes]  # (address, bytes) of the caller's memory
_LONGEST = 200
_FAMILIES = {1: "local", 2: "IPv4", 10: "IPv6", 16: "netlink", 17: "packet", 40: "vsock"}
_KINDS = {1: "stream", 2: "datagram", 3: "raw", 5: "sequence"}
_RINGS_OF_LIBUV = (64, 256)  # entries that Node's and uvloop's event loops ask for; they go on without
_CLOEXEC_NONBLOCK = socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
_PATH_AT = {
    **dict.fromkeys(
        ("open", "creat", "truncate", "unlink", "rmdir", "mkdir", "chmod", "chown", "lchown", "rename", "link",
         "symlink",
         "mknod", "utime", "utimes", "setxattr", "lsetxattr", "removexattr", "execve", "chroot", "swapon"), 0),
    **dict.fromkeys(
        ("openat", "openat2", "unlinkat", "mkdirat", "fchmodat", "fchmodat2", "fchownat", "renameat", "renameat2",
         "mknodat", "utimensat", "futimesat", "linkat", "execveat", "mount"), 1),
}  # fmt: skip
_WHOM_AT = {"kill": 0, "tkill": 0, "tgkill": 1, "prlimit64": 0, "ptrace": 1, "sched_setaffinity": 0, "pidfd_open": 0}
_WORDS = {
    "socket": "opening a socket of this kind", "socketpair": "opening a pair of sockets of this kind",
    "connect": "connecting", "bind": "taking an address", "listen": "listening", "execve": "becoming another program",
    "clone": "starting a process", "fork": "starting a process", "vfork": "starting a process",
    "open": "opening for writing", "openat": "opening for writing", "kill": "sending a signal",
    "tkill": "sending a signal", "tgkill": "sending a signal", "flock": "locking a file",
}  # fmt: skip


def destination(address: bytes) -> str:
    """A `struct sockaddr` in words, as `127.0.0.1:80`, `[::1]:80` or `local /run/x.sock`."""
    if len(address) < 2:
        return "nowhere"
    (family,) = struct.unpack_from("=H", address)
    if family == socket.AF_INET and len(address) >= 8:
        return f"{socket.inet_ntoa(address[4:8])}:{struct.unpack_from('!H', address, 2)[0]}"
    if family == socket.AF_INET6 and len(address) >= 24:
        host = socket.inet_ntop(socket.AF_INET6, address[8:24])
        return f"[{host}]:{struct.unpack_from('!H', address, 2)[0]}"
    if family == socket.AF_UNIX:
        path = address[2:]
        shown = "@" + path[1:].rstrip(b"\0").decode("utf-8", "replace") if path[:1] == b"\0" else text(path)
        return f"local {shown}"
    return _FAMILIES.get(family, f"family {family}")


def is_loopback(address: bytes) -> bool:
    """Whether a `struct sockaddr` is of the loopback: 127.0.0.0/8, ::1, or the unspecified address, which means it."""
    if len(address) < 8:
        return False
    (family,) = struct.unpack_from("=H", address)
    if family == socket.AF_INET:
        return address[4] == 127 or address[4:8] == bytes(4)
    if family != socket.AF_INET6 or len(address) < 24:
        return False
    host = address[8:24]
    return host in (bytes(16), bytes(15) + b"\x01") or host[:13] == bytes(10) + b"\xff\xff\x7f"


def port_of(address: bytes) -> int:
    """The port of a `struct sockaddr` of IPv4 or IPv6."""
    return int(struct.unpack_from("!H", address, 2)[0])


def text(memory: bytes) -> str:
    """A C string as one short line."""
    shown = memory.split(b"\0", 1)[0].decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else "�" for letter in shown)[:_LONGEST]


def words(number: int, arguments: Sequence[int], read: Read) -> tuple[str, str]:
    """What a denied call wanted: (in words, what it was about: a path, a destination, a process; may be empty).

    The caller may change what is in its memory at any time, so this is evidence, and nothing is decided by it.
    """
    name = name_of(number)
    return f"{_WORDS.get(name, 'this system call')} is refused", _about(name, arguments, read)


def _about(name: str, arguments: Sequence[int], read: Read) -> str:
    if name in _PATH_AT:
        return text(read(arguments[_PATH_AT[name]], _LONGEST))
    if name in ("connect", "bind"):
        return destination(read(arguments[1], min(arguments[2] & 0xFFFF, 128)))
    if name == "sendto" and arguments[4]:
        return destination(read(arguments[4], min(arguments[5] & 0xFFFF, 128)))
    if name in ("socket", "socketpair"):
        return _socket(arguments)
    if name in _WHOM_AT:
        return f"process {_signed(arguments[_WHOM_AT[name]])}"
    return f"command {arguments[1] & 0xFFFFFFFF:#x}" if name in ("ioctl", "fcntl") else ""


def _socket(arguments: Sequence[int]) -> str:
    family, kind, protocol = (one & 0xFFFFFFFF for one in arguments[:3])
    said = f"{_FAMILIES.get(family, f'family {family}')} {_KINDS.get(kind & 0xF, f'type {kind & 0xF}')}"
    return f"{said}, protocol {protocol}" if protocol else said


def _signed(number: int) -> int:
    low = number & 0xFFFFFFFF
    return low - 2**32 if low >= 2**31 else low


def is_noise(number: int, arguments: Sequence[int], about: str) -> bool:
    """Whether a library does this by itself and nothing could come of it, whoever asks.

    Looking for the interfaces' addresses and for a name service's cache, as getaddrinfo() does before anything is
    sent; finding out whether IPv6 is there, by taking a free port; trying, as an event loop of libuv begins, whether
    there are rings of system calls. Everything else counts.
    """
    name = name_of(number)
    family, kind, protocol = (one & 0xFFFFFFFF for one in arguments[:3])
    if name == "socket" and family == socket.AF_NETLINK:
        return protocol == 0  # NETLINK_ROUTE; changing anything through it needs a capability
    if name == "socket" and family == socket.AF_UNIX:
        return kind == socket.SOCK_STREAM | _CLOEXEC_NONBLOCK and protocol == 0  # nscd, by the C library alone
    if name == "io_uring_setup":
        return family in _RINGS_OF_LIBUV
    return name == "bind" and about in ("127.0.0.1:0", "[::1]:0", "0.0.0.0:0", "[::]:0")


def wants_to_write(flags: int) -> bool:
    """Whether an open() with these flags asks for more than reading."""
    return bool(flags & (WRITES | os.O_TRUNC))
