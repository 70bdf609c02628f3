"""Our filter inside another's sandbox: what it refuses by itself, without listener, Landlock or namespaces."""

from __future__ import annotations

import os
import resource
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from shadow.cage import sandboxed
from shadow.cage.attest import attest
from shadow.cage.enter import FILES_MOST
from shadow.cage.preflight import calls
from tests.cage.inside import tried

pytestmark = pytest.mark.kill


def within(attempt: Callable[[], object]) -> str:
    """How it goes in a process that holds itself as the one does that cases are forked from."""

    def held() -> None:
        sandboxed.hold()
        attempt()

    return tried(held, None)


WRITES = {
    "write": lambda path: path.write_bytes(b"x"),
    "append": lambda path: os.open(path, os.O_WRONLY | os.O_APPEND),
    "write by the old call": lambda path: calls.call(2, bytes(path) + b"\0", os.O_WRONLY, 0),
    "create": lambda path: path.with_name("new").touch(),
    "empty by reading": lambda path: os.open(path, os.O_RDONLY | os.O_TRUNC),
    "empty by neither": lambda path: os.open(path, 3 | os.O_TRUNC),
    "truncate": lambda path: os.truncate(path, 0),
    "chmod": lambda path: path.chmod(0o777),
    "remove": lambda path: path.unlink(),
    "write to a FIFO": lambda path: os.open(path.with_name("fifo"), os.O_RDWR),
}


@pytest.mark.parametrize("what", WRITES)
def test_nothing_is_written(tmp_path: Path, what: str) -> None:
    """Where a sandbox mounts it writable, or it is a FIFO. Dies without `sandboxed._no_writing`, or `_as_caged`."""
    path = tmp_path / "f"
    for landed in (True, False):
        path.write_bytes(b"as it was")
        path.chmod(0o600)
        if not path.with_name("fifo").exists():
            os.mkfifo(path.with_name("fifo"))
        act = WRITES[what]
        how = tried(lambda act=act: act(path), None) if landed else within(lambda act=act: act(path))  # type: ignore[misc]
        assert how == ("done" if landed else "PermissionError")
    assert path.read_bytes() == b"as it was" and path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "what",
    [
        lambda: socket.create_connection(("127.0.0.1", 1)),
        lambda: socket.socket(socket.AF_UNIX),
        lambda: socket.socket(type=socket.SOCK_DGRAM),
        lambda: os.kill(os.getppid(), 0),
        lambda: os.execv("/bin/true", ["true"]),
    ],
)
def test_what_the_cage_refuses_is_refused(what: Callable[[], object]) -> None:
    """The cage's own filter, with nobody to ask. Dies without `sandboxed._as_caged`."""
    assert within(what) == "PermissionError"


def test_reading_and_threads_go_on(tmp_path: Path) -> None:
    """What a candidate needs is let through."""
    path = tmp_path / "f"
    path.write_text("x")
    assert within(path.read_text) == "done"
    assert within(socket.socketpair) == "done"
    assert within(lambda: threading.Thread(target=path.read_text).start()) == "done"


def test_a_case_starts_no_process() -> None:
    """What cases are forked from may fork, a case not: `sandboxed.hold_case`."""

    def fork() -> None:
        if os.fork() == 0:
            os._exit(0)
        os.wait()

    def case() -> None:
        sandboxed.hold_case()
        fork()

    assert within(fork) == "done"
    assert within(case) == "PermissionError"


def test_it_has_lost_what_it_could() -> None:
    """No capability and no way to one, no core file, no growing file: `sandboxed.hold`."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        try:
            ours.close()
            resource.setrlimit(resource.RLIMIT_NOFILE, (2000, 4000))
            sandboxed.hold()
            none = [resource.getrlimit(one) for one in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE, 12)]
            few = resource.getrlimit(resource.RLIMIT_NOFILE)[1] <= FILES_MOST
            theirs.send(b"y" if few and none == [(0, 0)] * 3 else b"n")
            theirs.recv(1)
        finally:
            os._exit(0)
    theirs.close()
    assert ours.recv(1) == b"y"
    seen = attest(pid)
    ours.close()
    os.waitpid(pid, 0)
    assert (seen.problem, seen.seccomp, seen.capabilities, seen.no_new_privs) == ("", 2, 0, True)


def test_these_filters_are_known_by_a_digest() -> None:
    """A paper is of them."""
    assert len(sandboxed.filters()) == 64 and sandboxed.filters() == sandboxed.filters()
