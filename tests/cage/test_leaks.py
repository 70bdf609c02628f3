"""What others let out, each tried outside (where it must land, or proves nothing) and in the cage, under each Landlock.

The effect is looked for at its target, by us; what the attempt says of itself counts for nothing.
"""

from __future__ import annotations

import fcntl
import os
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shadow.cage import kernel
from shadow.cage.preflight.calls import int80
from tests.cage.inside import reading, tried

pytestmark = pytest.mark.kill
ABIS = [1, 2, 3, None]
WORD = b"out"
_PROCESSES: list[subprocess.Popen[bytes]] = []
_OPENED: list[Any] = []  # what a test has opened and the next one does not find


@dataclass(frozen=True)
class Leak:
    """An attempt, and what its target shows."""

    attempt: Callable[[], object]
    landed: Callable[[], bool]


class Told:
    """A pipe by which an attempt tells that it came so far; a file would not do, as none may be written to inside."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        _OPENED.extend((os.fdopen(self._read, "rb", 0), os.fdopen(self._write, "wb", 0)))

    def tell(self) -> int:
        """It came so far."""
        return os.write(self._write, b"x")

    def heard(self) -> bool:
        """Whether it did, since this was last asked."""
        try:
            return bool(os.read(self._read, 10))
        except BlockingIOError:
            return False


def _undone(landed: bool, undo: Callable[..., object], *arguments: Any) -> bool:
    """Whether it landed; then it is undone, for the next attempt."""
    if landed:
        undo(*arguments)
    return landed


def _kept(opened: Any) -> Any:
    _OPENED.append(opened)
    return opened


def _listener(family: int = socket.AF_INET, protocol: int = 0) -> socket.socket:
    made: socket.socket = _kept(socket.socket(family, socket.SOCK_STREAM, protocol))
    made.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
    made.listen(8)
    made.setblocking(False)
    return made


def _accepted(listener: socket.socket) -> bool:
    if not select.select([listener], [], [], 0.05)[0]:
        return False
    listener.accept()[0].close()
    return True


def tcp(room: Path) -> Leak:
    """connect: `rules.ALLOWED` lacks it."""
    target = _listener()
    return Leak(lambda: socket.create_connection(target.getsockname()), lambda: _accepted(target))


def mptcp(room: Path) -> Leak:
    """Multipath TCP walks past Landlock's connect: `rules._sockets: tcp`."""
    target = _listener()
    return Leak(lambda: socket.socket(2, 1, 262).connect(target.getsockname()), lambda: _accepted(target))


def fast_open(room: Path) -> Leak:
    """sendto connects: `rules._sockets: FAST_OPEN`."""
    target = _listener()
    return Leak(lambda: socket.socket().sendto(WORD, 0x20000000, target.getsockname()), lambda: _accepted(target))


def udp(room: Path) -> Leak:
    """A datagram: `rules._sockets: stream`."""
    target = _kept(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    target.bind(("127.0.0.1", 0))
    return Leak(
        lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(WORD, target.getsockname()),
        lambda: bool(select.select([target], [], [], 0.05)[0] and target.recv(10)),
    )


def local_stream(room: Path) -> Leak:
    """A socket in the file system, as docker.sock, walks past Landlock: `rules._sockets: inet`."""
    target = _kept(socket.socket(socket.AF_UNIX))
    target.bind(str(room / "s"))
    target.listen(8)
    target.setblocking(False)
    return Leak(lambda: socket.socket(socket.AF_UNIX).connect(str(room / "s")), lambda: _accepted(target))


def datagram_pair(room: Path) -> Leak:
    """A pair of datagram sockets sends to any path: `rules._sockets: pair`."""
    target = _kept(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
    target.bind(str(room / "d"))
    return Leak(
        lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendto(WORD, str(room / "d")),
        lambda: bool(select.select([target], [], [], 0.05)[0] and target.recv(10)),
    )


def connect_by_int80(room: Path) -> Leak:
    """The 32-bit way into the kernel: `program.only_x86_64`. socket() alone: the cage kills at the first call."""
    told = Told()
    return Leak(lambda: (int80()(359, 2, 1, 0), told.tell()), told.heard)  # socket


def _file(room: Path, name: str) -> Path:
    path = room / name
    path.write_bytes(b"as it was")
    path.chmod(0o600)
    os.utime(path, (1, 1))
    return path


def chmod(room: Path) -> Leak:
    """Landlock does not hold it: `rules.ALLOWED` lacks it."""
    path = _file(room, "chmod")
    return Leak(lambda: path.chmod(0o777), lambda: _undone(path.stat().st_mode & 0o777 == 0o777, path.chmod, 0o600))


def utime(room: Path) -> Leak:
    """Landlock does not hold it: `rules.ALLOWED` lacks it."""
    path = _file(room, "utime")
    return Leak(lambda: os.utime(path, (9, 9)), lambda: _undone(path.stat().st_mtime == 9, os.utime, path, (1, 1)))


def xattr(room: Path) -> Leak:
    """Landlock does not hold it: `rules.ALLOWED` lacks it."""
    path = _file(room, "xattr")
    return Leak(
        lambda: os.setxattr(path, "user.x", WORD),
        lambda: _undone("user.x" in os.listxattr(path), os.removexattr, path, "user.x"),
    )


def truncate(room: Path) -> Leak:
    """Landlock knows it from ABI 3: `rules.ALLOWED` lacks it."""
    path = _file(room, "truncate")
    return Leak(lambda: os.truncate(path, 0), lambda: not path.read_bytes() and bool(path.write_bytes(b"as it was")))


def empty_by_reading(room: Path) -> Leak:
    """O_RDONLY|O_TRUNC; Landlock knows it from ABI 3: `rules._files: emptying`."""
    path = _file(room, "emptied")
    return Leak(
        lambda: os.open(path, os.O_RDONLY | os.O_TRUNC),
        lambda: not path.read_bytes() and bool(path.write_bytes(b"as it was")),
    )


def write(room: Path) -> Leak:
    """Landlock: `landlock.restrict` gives no right to write."""
    path = _file(room, "written")
    return Leak(
        lambda: path.write_bytes(WORD), lambda: path.read_bytes() == WORD and bool(path.write_bytes(b"as it was"))
    )


def file_flags(room: Path) -> Leak:
    """FS_IOC_SETFLAGS on a descriptor that is open to read: `rules._files: _IOCTL`."""
    path = _file(room, "flags")
    get, put, no_atime = 0x80086601, 0x40086602, 0x80

    def flags(change: int | None = None) -> int:
        with path.open("rb") as file:
            (seen,) = struct.unpack("=q", fcntl.ioctl(file, get, bytes(8)))
            if change is not None:
                fcntl.ioctl(file, put, struct.pack("=q", seen ^ change))
        return int(seen)

    was = flags()
    return Leak(lambda: flags(no_atime), lambda: flags() != was and flags(no_atime) is not None)


def _taken(room: Path, take: Callable[[Any], object]) -> Leak:
    """The attempt tells once it has its lock."""
    path, told = _file(room, "lock"), Told()

    def attempt() -> None:
        with path.open("rb") as file:
            take(file)
            told.tell()

    return Leak(attempt, told.heard)


def read_lock(room: Path) -> Leak:
    """A lock on what is open to read stalls whoever wants to write: `rules._files: _FCNTL`."""
    return _taken(room, lambda file: fcntl.lockf(file, fcntl.LOCK_SH))


def flock(room: Path) -> Leak:
    """The other kind of lock: `rules.ALLOWED` lacks it."""
    return _taken(room, lambda file: fcntl.flock(file, fcntl.LOCK_EX))


def _other() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(30)"]
    started: subprocess.Popen[bytes] = subprocess.Popen(command)
    _PROCESSES.append(started)
    return started


def limits_of_another(room: Path) -> Leak:
    """prlimit on another process: `rules._ABOUT_ONESELF`."""
    other = _other()
    was = resource.prlimit(other.pid, resource.RLIMIT_CPU)
    return Leak(
        lambda: resource.prlimit(other.pid, resource.RLIMIT_CPU, (7, was[1])),
        lambda: (
            resource.prlimit(other.pid, resource.RLIMIT_CPU)[0] == 7
            and resource.prlimit(other.pid, resource.RLIMIT_CPU, was) is not None
        ),
    )


def affinity_of_another(room: Path) -> Leak:
    """sched_setaffinity on another process: `rules._ABOUT_ONESELF`."""
    other, whole = _other(), os.sched_getaffinity(0)
    if len(whole) < 2:
        pytest.skip("one processor: nothing to change")
    return Leak(
        lambda: os.sched_setaffinity(other.pid, {min(whole)}),
        lambda: _undone(os.sched_getaffinity(other.pid) == {min(whole)}, os.sched_setaffinity, other.pid, whole),
    )


def signal_another(room: Path) -> Leak:
    """kill: `rules.ALLOWED` lacks it."""
    targets = [_other()]

    def landed() -> bool:
        try:
            targets[-1].wait(0.1)
        except subprocess.TimeoutExpired:
            return False
        targets.append(_other())
        return True

    return Leak(lambda: os.kill(targets[-1].pid, signal.SIGKILL), landed)


def vfork(room: Path) -> Leak:
    """subprocess starts programs by vfork: `rules.ALLOWED` lacks it, and execve."""
    made = room / "made"
    return Leak(
        lambda: subprocess.run(["/usr/bin/touch", str(made)], check=True), lambda: _undone(made.exists(), made.unlink)
    )


def fork(room: Path) -> Leak:
    """A process that outlives its case: `rules._processes: plain`."""
    told = Told()

    def attempt() -> None:
        if os.fork() == 0:
            told.tell()
            os._exit(0)
        os.wait()

    return Leak(attempt, told.heard)


def namespace(room: Path) -> Leak:
    """A user namespace has every capability in it: `rules.ALLOWED` lacks unshare."""
    told = Told()
    return Leak(lambda: (kernel.call("unshare", 0x10000000), told.tell()), told.heard)


def read_elsewhere(room: Path) -> Leak:
    """What is not in the policy cannot be read: `landlock.restrict`."""
    secret, told = _file(room.parent, "secret"), Told()
    return Leak(lambda: (secret.read_bytes(), told.tell()), told.heard)


def io_uring(room: Path) -> Leak:
    """Calls by memory, which no filter sees once the ring is there: `rules.ALLOWED` lacks io_uring_setup."""
    told = Told()
    return Leak(lambda: (kernel.call("io_uring_setup", 8, bytes(120)), told.tell()), told.heard)


def join_a_group(room: Path) -> Leak:
    """Options of sockets beyond those that TCP needs: `rules._options`."""
    told = Told()

    def attempt() -> None:
        with socket.socket() as made:
            made.setsockopt(socket.IPPROTO_TCP, 30, 1)  # TCP_FASTOPEN_CONNECT
            told.tell()

    return Leak(attempt, told.heard)


def outlive_the_parent(room: Path) -> Leak:
    """PR_SET_PDEATHSIG 0: `rules._oneself: killed`."""
    told = Told()
    return Leak(lambda: (kernel.prctl(1, 0), told.tell()), told.heard)


LEAKS = [
    tcp, mptcp, fast_open, udp, local_stream, datagram_pair, connect_by_int80, chmod, utime, xattr, truncate,
    empty_by_reading, write, file_flags, read_lock, flock, limits_of_another, affinity_of_another, signal_another,
    vfork, fork, namespace, read_elsewhere, io_uring, join_a_group, outlive_the_parent,
]  # fmt: skip


@pytest.fixture(autouse=True)
def _ended() -> Iterator[None]:
    """Nothing that a test aimed at outlives it."""
    yield
    for process in _PROCESSES:
        process.kill()
        process.wait()
    for opened in _OPENED:
        opened.close()
    _PROCESSES.clear()
    _OPENED.clear()


@pytest.mark.parametrize("leak", LEAKS, ids=lambda leak: leak.__name__)
def test_what_lands_outside_does_not_land_inside(tmp_path: Path, leak: Callable[[Path], Leak]) -> None:
    """First outside, then in the cage under Landlock's ABI 1, 2, 3 and this kernel's: no effect, however refused."""
    room = tmp_path / "room"
    room.mkdir()
    made = leak(room)
    how = tried(made.attempt, None)
    if not made.landed():
        pytest.skip(f"proves nothing here: outside it does not land either ({how})")
    for abi in ABIS:
        how = tried(made.attempt, reading(room, abi=abi))
        assert not how.startswith("not caged"), how
        assert not made.landed(), (abi, how)
        assert how in ("PermissionError", "SIGSYS"), (abi, how)
