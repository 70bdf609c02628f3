"""What the cage stands on, what it lets be read, and what the kernel says of who is in it."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from shadow.cage import kernel, landlock, probe
from shadow.cage.attest import attest
from shadow.cage.enter import enter
from shadow.cage.notes import IMPORT, Blocked, Notes
from shadow.cage.policy import Policy, for_candidate, system
from shadow.errors import ContainmentUnavailable
from tests.cage.inside import reading, tried

pytestmark = pytest.mark.kill


def test_every_right_of_an_abi_is_handled() -> None:
    """What is handled and not given is refused; a right that is left out would be open to all (`landlock.handled`)."""
    sizes = {abi: landlock.handled(abi) for abi in range(1, 8)}
    files = {abi: int.from_bytes(data[:8], "little").bit_count() for abi, data in sizes.items()}
    assert files == {1: 13, 2: 14, 3: 15, 4: 15, 5: 16, 6: 16, 7: 16}
    assert [len(data) for data in sizes.values()] == [8, 8, 8, 16, 16, 24, 24]


def test_without_landlock_there_is_no_cage(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said what is missing and what to do; nothing less is entered."""
    monkeypatch.setattr(landlock, "kernel_abi", lambda: 0)
    with pytest.raises(ContainmentUnavailable, match="to do: "):
        landlock.in_force(None)
    assert tried(lambda: None, reading()).startswith("not caged")


def test_this_machine_has_the_floor_or_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """`probe` gives the floor, or raises with every missing part by name."""
    floor = probe.look()
    assert bool(floor.missing) is not (floor.landlock_abi >= 1 and floor.listener and floor.machine == "x86_64")
    monkeypatch.setattr(probe, "look", lambda: replace(floor, missing=("Landlock", "a listener")))
    with pytest.raises(ContainmentUnavailable, match="without Landlock; a listener"):
        probe.probe()


def test_a_process_with_threads_is_not_caged_by_halves() -> None:
    """Landlock holds one thread, so there must be one (`enter._alone`)."""
    stop = threading.Event()

    def attempt() -> None:
        threading.Thread(target=stop.wait, daemon=True).start()
        enter(reading())

    assert tried(attempt, None) == "ContainmentUnavailable"


def test_the_kernel_says_who_is_caged(tmp_path: Path) -> None:
    """Filter, no_new_privs and no capability, read by another process; an ordinary one is none of it."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        ours.close()
        try:
            enter(reading(tmp_path))
            theirs.sendall(b"x")
            theirs.recv(1)
        finally:
            os._exit(0)
    theirs.close()
    assert ours.recv(1) == b"x"
    seen = attest(pid)
    ours.close()
    os.waitpid(pid, 0)
    assert (seen.problem, seen.parent, seen.no_new_privs, seen.seccomp, seen.capabilities) == (
        "",
        os.getpid(),
        True,
        2,
        0,
    )
    assert seen.filters >= 1 and set(seen.namespaces) >= {"user", "net", "pid"}
    assert "NoNewPrivs" in attest(os.getpid()).problem
    assert "Seccomp: 0" in replace(seen, seccomp=0).problem and "filters: 0" in replace(seen, filters=0).problem
    assert "capabilities" in replace(seen, capabilities=1).problem
    with pytest.raises(ProcessLookupError):
        attest(pid)


def test_what_begins_with_a_dot_is_not_the_candidates(tmp_path: Path) -> None:
    """The root as a whole where it has none; else its entries one by one, without those (`policy._entries`)."""
    (tmp_path / "agent.py").touch()
    assert str(tmp_path) in for_candidate(str(tmp_path)).read
    (tmp_path / ".env").touch()
    policy = for_candidate(str(tmp_path))
    assert set(policy.read) - set(system()) == {str(tmp_path / "agent.py")} and policy.listed == (str(tmp_path),)
    assert policy.write == () and not any(path in policy.read for path in ("/", "/etc", "/proc", "/root", "/tmp"))


def test_a_policy_is_known_by_its_digest() -> None:
    """Another path, another digest; and plain data gives the same policy back."""
    policy = Policy(read=("/usr",), forks=True)
    assert policy.digest != replace(policy, read=("/usr", "/etc")).digest != replace(policy, abi=1).digest
    data = {"read": ["/usr"], "write": [], "forks": True, "abi": None, "listed": []}
    assert Policy.from_json(data) == policy and Policy.from_json(data).digest == policy.digest


def test_a_number_that_is_used_again_is_another_case() -> None:
    """What was denied before the word that a case has ended is that case's; what comes after is not (`over`)."""
    notes, first, second = Notes(1), Blocked(call="mkdir", why="w"), Blocked(call="chmod", why="w")
    notes.begun(7, 3)
    notes.note(7, first)
    notes.over(7, 3)
    notes.note(7, second)
    assert notes.whose(7) is None and notes.whose(1) == IMPORT
    notes.begun(7, 4)
    notes.over(7, 4)
    assert ([one.call for one in notes.take(3)], [one.call for one in notes.take(4)]) == (["mkdir"], ["chmod"])


def test_calls_of_a_process_that_nobody_spoke_of_are_nobodys() -> None:
    """They are kept apart, never guessed to be a case's (`rest`)."""
    notes = Notes(1)
    notes.note(9, Blocked(call="mkdir", why="w"))
    notes.begun(7, 3)
    assert notes.take(3, wait=False) == () and [one.call for one in notes.rest()] == ["mkdir"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has privileges to drop")
def test_root_becomes_nobody_where_all_stays_readable(tmp_path: Path) -> None:
    """Else it stays root; its end stays bound to its parent's, which a change of user undoes (`enter`)."""
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    number = ctypes.c_int()

    def look(user: int) -> Callable[[], None]:
        def attempt() -> None:
            kernel.prctl(1, signal.SIGKILL)
            enter(Policy(read=("/usr/lib",) if user else ("/usr/lib", str(private))))
            kernel.prctl(2, ctypes.addressof(number))
            if (os.getuid(), os.geteuid(), number.value) != (user, user, signal.SIGKILL):
                raise LookupError
            if user and os.getgroups():
                raise LookupError

        return attempt

    assert [tried(look(user), None) for user in (65534, 0)] == ["done", "done"]
