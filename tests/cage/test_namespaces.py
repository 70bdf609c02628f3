"""Namespaces of a case's own: what a program may do there and nowhere else, and that nothing of it is left."""

from __future__ import annotations

import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from shadow.cage import kernel, landlock, namespaces, probe
from shadow.cage.attest import NAMESPACES, attest, listening
from shadow.cage.broker import STARTED_MOST, Broker
from shadow.cage.enter import PROCESSES_MOST, enter
from shadow.cage.policy import Policy, for_program, program_of
from shadow.cage.said import is_loopback, is_noise
from shadow.errors import ContainmentUnavailable
from shadow.replay.tree import children_of
from tests.cage.inside import tried

pytestmark = pytest.mark.kill
ROOT = Path(__file__).resolve().parents[2]


def apart(room: Path) -> Policy:
    """The policy of a program whose root this is."""
    return for_program(str(room), sys.executable)


def _given() -> bool:
    """Whether the kernel gives namespaces to whoever we are; asked of it directly, not of what is tested here."""
    flags = 0x10000000 | 0x20000000 | 0x40000000 | 0x00020000
    return tried(lambda: kernel.call("unshare", flags), None) == "done"


needs_namespaces = pytest.mark.skipif(not _given(), reason="no namespaces are to be had here")


@contextmanager
def heard(policy: Policy, inside: Callable[[], object]) -> Iterator[tuple[Broker, int, int]]:
    """A case of its own that does this: (its listener's thread, process 1 as we see it, a pipe that ends with it)."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    alive, held = os.pipe()
    pid = os.fork()
    if pid == 0:
        ours.close()
        os.close(alive)
        try:
            enter(policy, control=theirs)
            theirs.recv(1)
            inside()
        finally:
            os._exit(0)
    theirs.close()
    os.close(held)
    _, found, _, _ = ours.recvmsg(10, 200)
    facts = {kind: data for _, kind, data in found}
    first = struct.unpack("=iII", facts[socket.SCM_CREDENTIALS])[0]
    broker = Broker(struct.unpack("=i", facts[socket.SCM_RIGHTS])[0], None, parent=first, case=7)
    try:
        ours.send(b"g")
        yield broker, first, alive
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        broker.close()
        ours.close()
        os.close(alive)


def ends(alive: int) -> bool:
    """Whether every process that holds the other end is gone in time."""
    return bool(select.select([alive], [], [], 20)[0]) and os.read(alive, 1) == b""


def until(true: Callable[[], bool], alive: int) -> None:
    """Wait for it, for as long as anybody is alive who could do it."""
    while not true():
        assert not select.select([alive], [], [], 0.01)[0], "it ended"


@needs_namespaces
def test_the_kernel_says_that_everything_is_its_own(tmp_path: Path) -> None:
    """Namespaces that are not ours, a filter, no capability, process 1; nothing to write to, processes counted.

    Dies without a flag of `namespaces._ALL`, `mount_setattr` in `namespaces._settle`, RLIMIT_NPROC in `enter._bound`.
    """
    with heard(apart(tmp_path), signal.pause) as (_, first, _):
        seen, ours = attest(first), attest(os.getpid())
        assert seen.problem == "" and seen.user == (seen.user or os.geteuid())
        assert all(seen.namespaces[kind] != ours.namespaces[kind] for kind in NAMESPACES)
        assert Path(f"/proc/{first}/status").read_text().split("NSpid:")[1].split()[1] == "1"
        mounts = [line.split() for line in Path(f"/proc/{first}/mounts").read_text().splitlines()]
        assert mounts and all("ro" in options.split(",") for _, _, _, options, *_ in mounts)
        limits = Path(f"/proc/{first}/limits").read_text()
        assert [line.split()[2:4] for line in limits.splitlines() if line.startswith("Max processes")] == [
            [str(PROCESSES_MOST)] * 2
        ]


@needs_namespaces
def test_a_program_may_listen_run_and_fork_there(tmp_path: Path) -> None:
    """bind, listen, accept, connect to itself, fork and exec, all of it inside (`rules.APART`, `rules._programs`)."""

    def attempt() -> socket.socket:
        listener = socket.create_server(("127.0.0.1", 8000))
        client = socket.create_connection(("127.0.0.1", 8000))
        listener.accept()[0].sendall(b"x")
        if client.recv(1) != b"x":
            raise LookupError
        subprocess.run(["/bin/sh", "-c", "true"], check=True)
        return listener

    def inside() -> None:
        with attempt():
            signal.pause()

    other = socket.create_server(("127.0.0.1", 0))
    with heard(apart(tmp_path), inside) as (broker, first, alive), other:
        until(lambda: 8000 in listening(first), alive)
        assert 8000 not in listening(os.getpid())
    assert [one.call for one in broker.notes.take(7, wait=False) if not one.noise] == []
    assert tried(attempt, replace(apart(tmp_path), apart=False)) == "PermissionError"


REFUSED: dict[str, Callable[[], object]] = {
    "UDP": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    "raw": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1),
    "a local socket": lambda: socket.socket(socket.AF_UNIX).connect("/run/docker.sock"),
    "netlink": lambda: socket.socket(16, socket.SOCK_RAW, 4),
    "a pair of datagram sockets": lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM),
    "MPTCP": lambda: socket.socket(2, 1, 262),
    "mount": lambda: kernel.call("mount", b"none", b"/proc", b"tmpfs", 0, None),
    "a namespace": lambda: kernel.call("unshare", 0x10000000),
    "clone with a namespace": lambda: kernel.call("clone", 0x10000000 | signal.SIGCHLD, None, None, None, 0),
    "a sibling of process 1": lambda: kernel.call("clone", 0x8000 | signal.SIGCHLD, None, None, None, 0),
    "a signal": lambda: os.kill(1, signal.SIGUSR1),
    "a session": os.setsid,
    "to outlive": lambda: kernel.prctl(1, 0),
    "a file": lambda: Path("new").write_bytes(b"x"),
    "chmod": lambda: Path(__file__).chmod(0o777),
    "another's memory": lambda: kernel.call("process_vm_readv", 1, bytes(16), 1, bytes(16), 1, 0),
    "the list of processes": lambda: os.listdir("/proc"),  # noqa: PTH208
    "process 1's descriptors": lambda: os.listdir("/proc/1/fd"),  # noqa: PTH208
    "a link": lambda: os.link(__file__, "/tmp/linked"),
}


@needs_namespaces
@pytest.mark.parametrize("name", REFUSED)
def test_whatever_a_case_is_refused_it_is_refused_there(tmp_path: Path, name: str) -> None:
    """The filter of namespaces of its own adds listening, forks and programs, and nothing else (`rules.rules`)."""
    words = {"PermissionError", "FileNotFoundError", *(["OSError"] if name == "a file" else [])}  # read-only mounts
    for abi in (1, 2, 3, None):
        assert tried(REFUSED[name], replace(apart(tmp_path), abi=abi)) in words


@needs_namespaces
def test_what_may_not_be_read_may_not_be_run(tmp_path: Path) -> None:
    """A program outside the policy is not started, one in it is; without namespaces neither (`landlock.EXECUTE`)."""
    room, elsewhere = tmp_path / "room", tmp_path / "elsewhere"
    for folder in (room, elsewhere):
        folder.mkdir()
        (folder / "run.sh").write_text("#!/bin/sh\nexit 0\n")
        (folder / "run.sh").chmod(0o755)

    def run(folder: Path) -> Callable[[], object]:
        return lambda: subprocess.run([str(folder / "run.sh")], check=True)

    assert tried(run(room), apart(room)) == "done"
    assert tried(run(elsewhere), apart(room)) == "PermissionError"
    assert tried(run(room), replace(apart(room), apart=False)) == "PermissionError"

    def alone() -> None:
        kernel.prctl(38, 1)
        landlock.restrict(read=apart(room).read)
        os.execv(room / "run.sh", ["run.sh"])

    assert tried(alone, None) == "PermissionError"  # by Landlock itself, as nobody may who is not apart


@needs_namespaces
def test_daemons_end_with_their_case(tmp_path: Path) -> None:
    """Forked twice, in sessions of their own where they can, ignoring every signal: gone (`namespaces.isolate`)."""

    def inside() -> None:
        for _ in range(20):
            if os.fork() == 0:
                for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                    signal.signal(number, signal.SIG_IGN)
                if os.fork() == 0:
                    threading.Event().wait()
                os._exit(0)
        while True:
            os.wait()

    with heard(apart(tmp_path), inside) as (broker, first, alive):
        until(lambda: len(_inside(first)) >= 21, alive)
        os.kill(_parent(first), signal.SIGKILL)  # who stands for it outside
        assert ends(alive)
    assert broker.notes.take(7, wait=False) == ()


def _inside(first: int) -> list[int]:
    """The processes in the namespace of this one."""
    where = os.stat(f"/proc/{first}/ns/pid").st_ino  # noqa: PTH116
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "ns/pid").stat().st_ino == where:
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def _parent(pid: int) -> int:
    return attest(pid, namespaces=False).parent


@needs_namespaces
def test_the_end_of_process_1_is_told_as_it_was() -> None:
    """By status or by signal (`namespaces._stand_for`)."""

    for wanted in (3, -signal.SIGKILL):
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            namespaces.isolate()
            os.write(writing, b"x")
            if wanted > 0:
                os._exit(wanted)
            signal.pause()
        os.read(reading, 1)
        if wanted < 0:
            (first,) = children_of(pid)
            os.kill(first, signal.SIGKILL)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == wanted
        os.close(reading)
        os.close(writing)


@needs_namespaces
def test_the_end_of_who_stands_for_it_is_the_end_of_all() -> None:
    """From the first moment inside, before anything else is asked for (`namespaces._bind_to_outside`)."""
    alive, held = os.pipe()
    pid = os.fork()
    if pid == 0:
        namespaces.isolate()
        os.write(held, b"x")
        signal.pause()
    os.close(held)
    assert os.read(alive, 1) == b"x"
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert ends(alive)
    os.close(alive)


@needs_namespaces
def test_processes_are_counted(tmp_path: Path) -> None:
    """One after the other, whoever they are, not more than `broker.STARTED_MOST`; at once, `enter.PROCESSES_MOST`."""
    reading, writing = os.pipe()
    forks = "n=0; while (exit 0); do n=$((n+1)); echo $n; done"

    def inside() -> None:
        os.dup2(writing, 1)
        os.execv("/bin/sh", ["sh", "-c", forks])

    with heard(apart(tmp_path), inside) as (broker, _, _), os.fdopen(reading, "rb") as told:
        os.close(writing)
        assert int(told.read().split()[-1]) == STARTED_MOST
    assert [one.call for one in broker.notes.take(7, wait=False) if not one.noise] == ["clone"]


@needs_namespaces
def test_where_a_case_wants_to_go_is_told_for_it(tmp_path: Path) -> None:
    """Its own ports go on; nobody's ports and every other address are refused and told (`broker._stays`)."""
    reading, writing = os.pipe()
    other = socket.create_server(("127.0.0.1", 0))
    port = other.getsockname()[1]

    def inside() -> None:
        if os.fork():
            signal.pause()
        own = socket.create_server(("127.0.0.1", 8000))
        for address in (("127.0.0.1", 8000), ("127.0.0.1", port), ("192.0.2.7", 8000)):
            with socket.socket() as made:
                os.write(writing, f"{made.connect_ex(address)} ".encode())
        own.close()
        os.write(writing, b".")
        signal.pause()

    with heard(apart(tmp_path), inside) as (broker, _, _), other:
        said = b""
        while not said.endswith(b"."):
            said += os.read(reading, 100)
        assert said.split()[:3] == [b"0", b"111", b"111"]
        other.setblocking(False)
        with pytest.raises(BlockingIOError):
            other.accept()
    told = {f"{one.call} {one.about}" for one in broker.notes.take(7, wait=False)}
    assert told == {f"connect 127.0.0.1:{port}", "connect 192.0.2.7:8000"}
    for number in (reading, writing):
        os.close(number)


def test_a_loopback_is_told_from_what_looks_like_it() -> None:
    """127/8, ::1, the unspecified ones and mapped ones; nothing else (`said.is_loopback`)."""

    def four(host: str) -> bytes:
        return struct.pack("=H", 2) + struct.pack("!H", 80) + socket.inet_aton(host) + bytes(8)

    def six(host: str) -> bytes:
        return struct.pack("=HHI", 10, 80, 0) + socket.inet_pton(socket.AF_INET6, host) + bytes(4)

    assert all(map(is_loopback, (four("127.0.0.1"), four("127.9.9.9"), four("0.0.0.0"), six("::1"), six("::"))))
    assert is_loopback(six("::ffff:127.0.0.1"))
    assert not any(map(is_loopback, (four("128.0.0.1"), six("::2"), six("::ffff:10.0.0.1"), b"", b"\x01\x00/run/x.s")))


def test_only_the_rings_of_an_event_loop_are_noise() -> None:
    """Node and uvloop try 64 and 256 entries as they begin; whoever asks for others wants them (`said.is_noise`)."""
    assert [is_noise(425, (entries, 0, 0), "") for entries in (64, 256, 8, 4096)] == [True, True, False, False]


def test_without_namespaces_nothing_is_entered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As in a container whose profile forbids them: it is said, and what to do (`namespaces._unshare`)."""

    def refused(*_: object) -> int:
        raise PermissionError(1, "Operation not permitted", "unshare")

    monkeypatch.setattr(kernel, "call", refused)
    with pytest.raises(ContainmentUnavailable, match=r"container's profile .*unshare"):
        namespaces._unshare()


def test_a_proc_of_other_processes_is_no_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks is looked up under /proc; where that shows an outer namespace, it is said (`probe._own_proc`)."""
    monkeypatch.setattr(probe, "_own_proc", lambda: False)
    probe.look.cache_clear()
    try:
        with pytest.raises(ContainmentUnavailable, match="--mount-proc"):
            probe.probe()
    finally:
        probe.look.cache_clear()


FOREIGN_PROC = """
import os, socket, sys
sys.path.insert(0, sys.argv[1])
from shadow.cage import probe
from shadow.cage.broker import STARTED_MOST, Broker
from shadow.cage.enter import enter
from shadow.cage.policy import Policy, system
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
free = next(number for number in range(300, 30_000) if not os.path.exists(f"/proc/{number}"))
with open("/proc/sys/kernel/ns_last_pid", "w") as last:
    last.write(str(free - 1))
pid = os.fork()
if pid == 0:
    enter(Policy(read=system()), control=theirs)
    theirs.recv(1)
    try:
        os.mkdir("/tmp/never")
    except OSError as error:
        os._exit(error.errno)
    os._exit(0)
_, (listener, *_), _, _ = socket.recv_fds(ours, 1, 1)
broker = Broker(listener, ours.dup(), parent=pid)
ours.send(b"g")
print(pid == free, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), "/proc" in "".join(probe.look().missing))
"""


@needs_namespaces
def test_who_cannot_be_looked_up_is_refused_and_does_not_wait(tmp_path: Path) -> None:
    """In a pid namespace under an outer /proc each denied call is answered (`listener.take`); the probe says why."""
    bare = ["unshare", "-Urpf", "--kill-child", sys.executable, "-I", "-c", FOREIGN_PROC, str(ROOT)]
    try:
        done = subprocess.run(bare, capture_output=True, text=True, timeout=60, check=False)
    except FileNotFoundError:
        pytest.skip("no unshare here")
    assert done.stdout.split() == ["True", "1", "True"], done.stderr[-2000:]


def test_where_a_program_is_looked_for(tmp_path: Path) -> None:
    """Beside this Python, in the system's directories, or below the root; its libraries can be read, its home not."""
    (tmp_path / "root").mkdir()
    own = tmp_path / "root" / "run.sh"
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    assert program_of("./run.sh", str(own.parent)) == str(own) and program_of("no-such-program", str(tmp_path)) is None
    assert program_of(Path(sys.executable).name, str(tmp_path)) == sys.executable
    for folder in ("home/bin", "home/lib", "home/documents"):
        (tmp_path / folder).mkdir(parents=True)
    tool = tmp_path / "home/bin/tool"
    tool.touch()
    policy = for_program(str(own.parent), str(tool))
    assert {str(tool), str(tmp_path / "home/lib")} <= set(policy.read) and policy.apart
    assert not {str(tmp_path / "home"), str(tmp_path / "home/documents"), "/", "/etc", "/home"} & set(policy.read)


def test_landlock_leaves_the_network_to_namespaces_of_its_own() -> None:
    """What is one's own need not be ruled; files and scopes are, as ever (`landlock.handled`)."""
    own, shared = landlock.handled(7, network=False), landlock.handled(7)
    assert struct.unpack("=QQQ", own)[1] == 0 and struct.unpack("=QQQ", shared)[1] == 3
    assert struct.unpack("=QQQ", own)[::2] == struct.unpack("=QQQ", shared)[::2]
