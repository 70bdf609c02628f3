"""What a process has lost once it is in the cage, one guard at a time: also those that another guard stands behind.

Each dies with the line that it names.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import socket
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from shadow.cage import kernel, landlock, privileges
from shadow.cage.attest import status_of
from shadow.cage.enter import FILES_MOST, deepen, enter
from shadow.cage.policy import Policy, for_candidate
from shadow.cage.privileges import NOBODY, drop
from tests.cage.inside import reading, tried

pytestmark = pytest.mark.kill
NO_NEW_PRIVS, SECUREBITS, BOUNDING, DUMPABLE = 38, 27, 23, 3
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has privileges to drop")


def held(*true: bool) -> None:
    """End the attempt with an error unless all of it holds."""
    if not all(true):
        raise LookupError(str(true))


@pytest.fixture
def open_room() -> Iterator[Path]:
    """A directory that everybody may read, below directories that everybody may enter."""
    made = Path(tempfile.mkdtemp(prefix="shadow-open-", dir="/tmp"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def test_what_is_not_needed_is_not_there(tmp_path: Path) -> None:
    """`enter._bound`: no core file (the kernel itself would write it), no queue, no growing file, few descriptors."""

    def limits() -> None:
        held(
            resource.getrlimit(resource.RLIMIT_CORE) == (0, 0),
            resource.getrlimit(12) == (0, 0),  # RLIMIT_MSGQUEUE
            resource.getrlimit(resource.RLIMIT_FSIZE) == (0, 0),
            resource.getrlimit(resource.RLIMIT_NOFILE)[1] <= FILES_MOST,
        )

    assert tried(limits, reading(tmp_path)) == "done"


def anonymous(pid: int) -> Counter[str]:
    """What a process has open that has no name: an event loop's, a listener, Landlock's rules."""
    found: Counter[str] = Counter()
    for one in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # the one that lists them
            found[os.readlink(one)] += 1  # noqa: PTH115 - no path
    return Counter({name: often for name, often in found.items() if name.startswith("anon_inode")})


def test_nothing_of_the_entering_stays_open() -> None:
    """Neither the listener, by which it could answer its own calls (`enter: os.close`), nor Landlock's rules
    (`landlock.restrict: os.close`)."""
    inherited = anonymous(os.getpid())  # what earlier tests have left open is in a fork too
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        try:
            signal.alarm(20)
            enter(reading(), control=theirs)
            theirs.send(b"x")
            theirs.recv(1)
        finally:
            os._exit(0)
    theirs.close()
    try:
        _, given, _, _ = socket.recv_fds(ours, 1, 1)
        assert ours.recv(1) == b"x" and len(given) == 1
        assert not anonymous(pid) - inherited
        os.close(given[0])
    finally:
        ours.close()
        os.waitpid(pid, 0)


def test_a_case_that_nobody_listens_to_starts_no_process() -> None:
    """`enter.deepen`: what the first filter lets fork, forks no more; threads still start."""

    def attempt() -> None:
        if os.fork() == 0:
            os._exit(0)
        os.wait()
        deepen()
        os.fork()

    assert tried(attempt, reading(forks=True)) == "PermissionError"


def _restricted(what: Callable[[], object], abi: int) -> str:
    """How it goes under Landlock alone, without the filter in front of it."""

    def attempt() -> None:
        kernel.prctl(NO_NEW_PRIVS, 1)
        landlock.restrict(read=reading().read, abi=abi)
        what()

    return tried(attempt, None)


@pytest.mark.parametrize("abi", [4, 6])
def test_landlock_holds_tcp_by_itself(abi: int) -> None:
    """`landlock.handled`: connect and bind, from ABI 4 on, though the filter refuses them before."""
    if landlock.kernel_abi() < abi:
        pytest.skip(f"this kernel has Landlock ABI {landlock.kernel_abi()}")
    with socket.create_server(("127.0.0.1", 0)) as target:
        at = target.getsockname()
        assert tried(lambda: socket.create_connection(at), None) == "done"
        assert _restricted(lambda: socket.create_connection(at), abi) == "PermissionError"
        assert _restricted(lambda: socket.create_server(("127.0.0.1", 0)), abi) == "PermissionError"
        assert _restricted(lambda: socket.create_connection(at), 3) == "done"


def test_landlock_holds_signals_and_abstract_names_by_itself() -> None:
    """`landlock.handled`: its scopes, from ABI 6 on, though the filter refuses both before."""
    if landlock.kernel_abi() < 6:
        pytest.skip(f"this kernel has Landlock ABI {landlock.kernel_abi()}")
    here = os.getpid()
    with socket.socket(socket.AF_UNIX) as target:
        target.bind(b"\0shadow-scope-" + os.urandom(8))
        target.listen(8)
        name = target.getsockname()
        for what in (lambda: os.kill(here, 0), lambda: socket.socket(socket.AF_UNIX).connect(name)):
            assert _restricted(what, 5) == "done"
            assert _restricted(what, 6) == "PermissionError"


def test_what_is_listed_is_not_read(tmp_path: Path) -> None:
    """Of a root with hidden entries the names alone (`landlock.restrict: READ_DIR`), and the rest of its content."""
    (tmp_path / "agent.py").write_text("x")
    (tmp_path / ".env").write_text("secret")
    policy = for_candidate(str(tmp_path))
    assert tried(lambda: held(sorted(os.listdir(tmp_path)) == [".env", "agent.py"]), policy) == "done"  # noqa: PTH208
    assert tried((tmp_path / "agent.py").read_text, policy) == "done"
    assert tried((tmp_path / ".env").read_text, policy) == "PermissionError"


@pytest.mark.parametrize("place", ["/dev", "/proc", "/etc", "/", "/root", "/tmp", "/var", "/sys", "/home"])
def test_the_systems_places_are_not_open_as_a_whole(tmp_path: Path, place: str) -> None:
    """`policy._BASICS` names what is needed in them, and no more."""
    if not Path(place).is_dir():
        pytest.skip("there is no such place here")
    policy = for_candidate(str(tmp_path))
    assert tried(lambda: os.listdir(place), policy) == "PermissionError"  # noqa: PTH208


@only_root
@pytest.mark.parametrize("leaves", [True, False], ids=["becomes nobody", "stays root"])
def test_root_leaves_no_way_back(tmp_path: Path, leaves: bool) -> None:
    """`privileges._secure`: no capability in the bounding set, and user id 0 means nothing, for good."""
    (tmp_path / "private").mkdir(mode=0o700)
    policy = Policy(read=("/usr/lib",) if leaves else (str(tmp_path / "private"),))

    def attempt() -> None:
        drop(policy)
        bounding = int(status_of(os.getpid())["CapBnd"], 16)
        held((os.geteuid() == NOBODY) is leaves, kernel.prctl(SECUREBITS) & 3 == 3, bounding == 0)

    assert tried(attempt, None) == "done"


@only_root
def test_who_becomes_nobody_is_nobody_throughout() -> None:
    """`privileges.become`: every user and group id and no further group; its supervisor can still look at it."""

    def attempt() -> None:
        os.setgroups([1, 2])
        drop(Policy(read=("/usr/lib",)))
        everybody = (NOBODY, NOBODY, NOBODY)
        held(os.getresuid() == everybody, os.getresgid() == everybody, os.getgroups() == [])
        held(kernel.prctl(DUMPABLE) == 1)

    assert tried(attempt, None) == "done"


def stays(policy: Policy) -> bool:
    """Whether root stays root with this policy, with the groups that it had."""

    def attempt() -> None:
        os.setgroups([7])
        drop(policy)
        held(os.geteuid() == 0, os.getgroups() == [7])

    return tried(attempt, None) == "done"


@only_root
def test_root_stays_where_a_file_would_become_unreadable(open_room: Path) -> None:
    """`privileges._asked`: one file below a place that everybody may enter; then who reads it stays root."""
    assert not stays(Policy(read=(str(open_room),)))
    (open_room / "mine").touch(mode=0o600)
    assert stays(Policy(read=(str(open_room),)))


@only_root
def test_root_stays_where_the_interpreter_would_become_unreadable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`privileges._reachable`: of the system's places only whether they can be entered is asked."""
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    monkeypatch.setattr(privileges, "system", lambda: (str(private),))
    assert stays(Policy(read=(str(private),)))


@only_root
def test_root_stays_where_there_is_too_much_to_look_at(open_room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`privileges._ENTRIES_MOST`: what was not looked at is not taken for readable."""
    for number in range(5):
        (open_room / str(number)).touch(mode=0o644)
    assert not stays(Policy(read=(str(open_room),)))
    monkeypatch.setattr(privileges, "_ENTRIES_MOST", 3)
    assert stays(Policy(read=(str(open_room),)))
