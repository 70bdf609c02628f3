"""The leaks by which others' cages let out a system call, each by a candidate in a replay.

The effect is looked for at its target, by us. Each lands without the cage, or the test proves nothing and says so;
which deleted line of shadow/cage lets it land inside too, its docstring names. Requests that lie about their host,
their path or their method meet the network door: tests/doors/network/test_refusals.py.
"""

from __future__ import annotations

import fcntl
import os
import resource
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cage.leaking import accepted, file, heard, leaks, listening, refused

pytestmark = pytest.mark.kill
GET_FLAGS, NO_ATIME = 0x80086601, 0x80


@pytest.fixture
def agent(tmp_path: Path) -> Path:
    """The candidate's folder."""
    return tmp_path / "agent"


@pytest.fixture
def other() -> Iterator[int]:
    """Another process of this user."""
    process = subprocess.Popen([sys.executable, "-I", "-S", "-c", "import time; time.sleep(60)"])
    yield process.pid
    process.kill()
    process.wait()


def test_mptcp(agent: Path) -> None:
    """Multipath TCP reaches a listener past Landlock's connect. Dies without `tcp` in `rules._sockets`."""
    with closing(listening()) as target:
        source = """
            import socket
            def handle(case, tools):
                made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
                made.connect(("127.0.0.1", case["port"]))
        """
        seen = leaks(agent, source, lambda: accepted(target), port=target.getsockname()[1])
    assert refused(seen) == {"socket": "IPv4 stream, protocol 262"}


@pytest.mark.parametrize("call", ["sendto(b'out', 0x20000000, at)", "sendmsg([b'out'], [], 0x20000000, at)"])
def test_tcp_fast_open(agent: Path, call: str) -> None:
    """A first write that connects, without connect(). Dies without `FAST_OPEN` in `rules._sockets`."""
    with closing(listening()) as target:
        source = f"""
            import socket
            def handle(case, tools):
                at = ("127.0.0.1", case["port"])
                socket.socket().{call}
        """
        seen = leaks(agent, source, lambda: accepted(target), port=target.getsockname()[1])
    assert list(refused(seen)) == [call.split("(")[0]]


def test_a_socket_in_the_file_system(agent: Path) -> None:
    """As docker.sock: Landlock and read-only mounts let it through. Dies without `inet` in `rules._sockets`."""
    agent.mkdir()
    with closing(listening(socket.AF_UNIX, str(agent / "s"))) as target:
        source = """
            import socket
            def handle(case, tools): socket.socket(socket.AF_UNIX).connect("s")
        """
        seen = leaks(agent, source, lambda: accepted(target))
    assert refused(seen) == {"socket": "local stream"}


def test_a_pair_of_datagram_sockets(agent: Path) -> None:
    """One of a pair sends to any path, as journald's. Dies without `pair` in `rules._sockets`."""
    agent.mkdir()
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as target:
        target.bind(str(agent / "d"))
        source = """
            import socket
            def handle(case, tools): socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendto(b"out", "d")
        """
        seen = leaks(agent, source, lambda: heard(target))
    assert refused(seen) == {"socketpair": "local datagram"}


def _undone(path: Path, changed: bool) -> bool:
    """Whether it was changed; then it is as it was again."""
    if changed:
        for name in os.listxattr(path):
            os.removexattr(path, name)
        file(path.parent, path.name)
    return changed


MARKS: dict[str, tuple[str, Callable[[Path], bool]]] = {
    "chmod": ("os.chmod('f', 0o777)", lambda path: path.stat().st_mode & 0o777 == 0o777),
    "fchmod": ("os.fchmod(os.open('f', os.O_RDONLY), 0o777)", lambda path: path.stat().st_mode & 0o777 == 0o777),
    "utimensat": ("os.utime('f', (9, 9))", lambda path: path.stat().st_mtime == 9),
    "setxattr": ("os.setxattr('f', 'user.x', b'1')", lambda path: "user.x" in os.listxattr(path)),
}


@pytest.mark.parametrize("call", MARKS)
def test_marks_on_a_file(agent: Path, call: str) -> None:
    """Mode, times, attributes: Landlock knows none of them. Dies where `rules.ALLOWED` names the call."""
    (attempt, changed), path = MARKS[call], file(agent, "f")
    source = f"import os\ndef handle(case, tools): {attempt}"
    seen = leaks(agent, source, lambda: _undone(path, changed(path)))
    assert list(refused(seen)) == [call]


def test_vfork(agent: Path, tmp_path: Path) -> None:
    """subprocess starts programs by vfork where fork is refused. Dies where `rules.ALLOWED` names vfork and execve."""
    made = tmp_path / "made"
    source = """
        import subprocess
        def handle(case, tools): subprocess.run(["/usr/bin/touch", case["made"]], check=True)
    """

    def landed() -> bool:
        if made.exists():
            made.unlink()
            return True
        return False

    seen = leaks(agent, source, landed, made=str(made))
    assert "vfork" in refused(seen)


def _flags(path: Path) -> int:
    with path.open("rb") as opened:
        return int(struct.unpack("=q", fcntl.ioctl(opened, GET_FLAGS, bytes(8)))[0])


def test_flags_of_a_file_that_is_open_to_read(agent: Path) -> None:
    """FS_IOC_SETFLAGS asks who owns the file, not how it was opened. Dies without `_IOCTL` in `rules._files`."""
    path = file(agent, "f")
    try:
        before = _flags(path)
    except OSError:
        pytest.skip("no such flags on this file system")
    source = """
        import fcntl, struct
        def handle(case, tools):
            with open("f", "rb") as opened: fcntl.ioctl(opened, 0x40086602, struct.pack("=q", case["flags"]))
    """

    def landed() -> bool:
        changed = _flags(path) != before
        with path.open("rb") as opened:
            fcntl.ioctl(opened, 0x40086602, struct.pack("=q", before))
        return changed

    seen = leaks(agent, source, landed, flags=before ^ NO_ATIME)
    assert refused(seen) == {"ioctl": "command 0x40086602"}


LOCKS: dict[str, tuple[str, Callable[[Any], object]]] = {
    "flock": ("fcntl.flock(opened, fcntl.LOCK_EX)", lambda opened: fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)),
    "fcntl": ("fcntl.lockf(opened, fcntl.LOCK_SH)", lambda opened: fcntl.lockf(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)),
}


@pytest.mark.parametrize("call", LOCKS)
def test_a_lock_on_a_file_that_is_open_to_read(agent: Path, call: str) -> None:
    """Whoever writes there waits. Dies where `rules.ALLOWED` names flock; without `_FCNTL` in `rules._files`."""
    (attempt, take), path, waits = LOCKS[call], file(agent, "f"), list[bool]()

    def told(_: Any) -> None:
        """While the case holds what it could get: would we have to wait?"""
        with path.open("r+b") as opened:
            try:
                take(opened)
            except BlockingIOError:
                waits.append(True)

    source = f"""
        import fcntl
        def handle(case, tools):
            with open("f", "rb") as opened:
                try: {attempt}
                except OSError: pass
                tools.call("told")
    """

    def landed() -> bool:
        return waits.pop() if waits else False

    assert list(refused(leaks(agent, source, landed, told=told))) == [call]


def test_limits_of_another_process(agent: Path, other: int) -> None:
    """prlimit names a process. Dies without `prlimit64` in `rules._ABOUT_ONESELF`."""
    was = resource.prlimit(other, resource.RLIMIT_NOFILE)
    source = """
        import resource
        def handle(case, tools): resource.prlimit(case["other"], resource.RLIMIT_NOFILE, tuple(case["limits"]))
    """

    def landed() -> bool:
        changed = resource.prlimit(other, resource.RLIMIT_NOFILE) != was
        resource.prlimit(other, resource.RLIMIT_NOFILE, was)
        return changed

    seen = leaks(agent, source, landed, other=other, limits=[was[0] - 1, was[1]])
    assert refused(seen) == {"prlimit64": f"process {other}"}


def test_processors_of_another_process(agent: Path, other: int) -> None:
    """sched_setaffinity names a process. Dies without `sched_setaffinity` in `rules._ABOUT_ONESELF`."""
    whole = os.sched_getaffinity(other)
    source = "import os\ndef handle(case, tools): os.sched_setaffinity(case['other'], {case['first']})"

    def landed() -> bool:
        changed = os.sched_getaffinity(other) != whole
        os.sched_setaffinity(other, whole)
        return changed

    seen = leaks(agent, source, landed, other=other, first=min(whole))
    assert refused(seen) == {"sched_setaffinity": f"process {other}"}
