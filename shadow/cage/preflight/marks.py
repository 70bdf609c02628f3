"""Changes to what is known of a file (mode, times, attributes), by its path and by a descriptor opened to read."""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Callable
from pathlib import Path

from shadow.cage.preflight import calls
from shadow.cage.preflight.bench import Bench
from shadow.cage.preflight.model import Group, Scene

MARKS = Group("file attributes")
_GET_FLAGS, _SET_FLAGS, _GET_XATTR, _SET_XATTR, _NO_DUMP = 0x80086601, 0x40086602, 0x801C581F, 0x401C5820, 0x40
_GET_HINT, _SET_HINT = 1035, 1036
_NAME = "user.shadow"
_HERE = -100  # AT_FDCWD


def _path(path: Path) -> bytes:
    return str(path).encode() + b"\0"


def _reading(path: Path) -> int:
    return os.open(path, os.O_RDONLY)


def _mode(bench: Bench, change: Callable[[Path], object]) -> Scene:
    path = bench.file()
    return Scene(attempt=lambda: change(path), landed=lambda _: path.stat().st_mode & 0o777 != 0o600)


MARKS.attack("chmod")(lambda bench: _mode(bench, lambda path: path.chmod(0o640)))
MARKS.attack("fchmod on a descriptor to read")(
    lambda bench: _mode(bench, lambda path: os.fchmod(_reading(path), 0o640))
)


@MARKS.attack("fchmodat2")
def fchmodat2(bench: Bench) -> Scene:
    """A newer number for the same."""
    return _mode(bench, lambda path: calls.call(calls.FCHMODAT2, _HERE, _path(path), 0o640, 0))


def _time(bench: Bench, change: Callable[[Path], object]) -> Scene:
    path = bench.file()
    before = path.stat().st_mtime_ns
    return Scene(attempt=lambda: change(path), landed=lambda _: path.stat().st_mtime_ns != before)


MARKS.attack("set a file's times")(lambda bench: _time(bench, lambda path: os.utime(path, (1, 1))))
MARKS.attack("set times on a descriptor to read")(
    lambda bench: _time(bench, lambda path: os.utime(_reading(path), (1, 1)))
)


@MARKS.attack("set a file's times by the old call")
def utime(bench: Bench) -> Scene:
    """utime(), number 132."""
    return _time(bench, lambda path: calls.call(132, _path(path), calls.buffer(struct.pack("=QQ", 1, 1))))


def _owner(bench: Bench, change: Callable[[Path], object]) -> Scene:
    path = bench.file()
    os.utime(path, (1, 1))
    before = path.stat().st_ctime_ns
    return Scene(attempt=lambda: change(path), landed=lambda _: path.stat().st_ctime_ns != before)


MARKS.attack("chown")(lambda bench: _owner(bench, lambda path: os.chown(path, -1, os.getegid())))
MARKS.attack("fchown on a descriptor to read")(
    lambda bench: _owner(bench, lambda path: os.fchown(_reading(path), -1, os.getegid()))
)


def _attribute(bench: Bench, change: Callable[[Path], object]) -> Scene:
    path = bench.file()
    return Scene(attempt=lambda: change(path), landed=lambda _: _NAME in os.listxattr(path))


MARKS.attack("set an extended attribute")(lambda bench: _attribute(bench, lambda path: os.setxattr(path, _NAME, b"1")))
MARKS.attack("set an extended attribute on a descriptor to read")(
    lambda bench: _attribute(bench, lambda path: os.setxattr(_reading(path), _NAME, b"1"))
)


@MARKS.attack("setxattrat")
def setxattrat(bench: Bench) -> Scene:
    """A newer number for the same."""
    value = calls.buffer(b"1")
    facts = calls.buffer(struct.pack("=QII", calls.address(value), 1, 0))

    def change(path: Path) -> None:
        calls.call(calls.SETXATTRAT, _HERE, _path(path), 0, _NAME.encode() + b"\0", facts, 16)

    return _attribute(bench, change)


@MARKS.attack("remove an extended attribute")
def removexattr(bench: Bench) -> Scene:
    """What another program has noted there."""
    path = bench.file()
    os.setxattr(path, _NAME, b"1")
    return Scene(attempt=lambda: os.removexattr(path, _NAME), landed=lambda _: _NAME not in os.listxattr(path))


def _flags(path: Path) -> int:
    with path.open("rb") as opened:
        return int(struct.unpack("=I", fcntl.ioctl(opened, _GET_FLAGS, bytes(8))[:4])[0])


def _flagging(bench: Bench, change: Callable[[Path], object]) -> Scene:
    path = bench.file()
    before = _flags(path)
    return Scene(attempt=lambda: change(path), landed=lambda _: _flags(path) != before)


@MARKS.attack("FS_IOC_SETFLAGS on a descriptor to read")
def set_flags(bench: Bench) -> Scene:
    """The kernel asks who owns the file, not how it was opened."""

    def change(path: Path) -> None:
        number = _reading(path)
        (before,) = struct.unpack("=Q", fcntl.ioctl(number, _GET_FLAGS, bytes(8)))
        fcntl.ioctl(number, _SET_FLAGS, struct.pack("=Q", before | _NO_DUMP))

    return _flagging(bench, lambda path: _blind_flags(path, change))


def _blind_flags(path: Path, change: Callable[[Path], object]) -> None:
    """Reading the flags may be refused where setting them is not: then set them without."""
    try:
        change(path)
    except OSError:
        fcntl.ioctl(_reading(path), _SET_FLAGS, struct.pack("=Q", _NO_DUMP))


@MARKS.attack("FS_IOC_FSSETXATTR on a descriptor to read")
def set_project(bench: Bench) -> Scene:
    """The same flags by another command."""
    return _flagging(bench, lambda path: fcntl.ioctl(_reading(path), _SET_XATTR, struct.pack("=I", 0x80) + bytes(24)))


@MARKS.attack("file_setattr")
def file_setattr(bench: Bench) -> Scene:
    """The same flags by a path, and by a number that is newer than most filters."""
    facts = calls.buffer(struct.pack("=Q", 0x80) + bytes(16))
    return _flagging(bench, lambda path: calls.call(calls.FILE_SETATTR, _HERE, _path(path), facts, 24, 0))


@MARKS.attack("set a write hint on a descriptor to read")
def write_hint(bench: Bench) -> Scene:
    """F_SET_RW_HINT stays with the file."""
    path = bench.file()

    def hint() -> int:
        with path.open("rb") as opened:
            return int(struct.unpack("=Q", fcntl.fcntl(opened, _GET_HINT, bytes(8)))[0])

    before, short = hint(), struct.pack("=Q", 2)
    return Scene(attempt=lambda: fcntl.fcntl(_reading(path), _SET_HINT, short), landed=lambda _: hint() != before)
