"""Every case starts from the same state: forked from one import where that can be, else on its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.replay.desk import candidate, case, held, one, run


def test_every_case_is_told_once_and_starts_from_the_same_state(tmp_path: Path) -> None:
    """Module globals that a case changes are unseen by the next; random numbers depend on the case alone."""
    agent = candidate(
        tmp_path,
        """
        import random
        SEEN = []
        def handle(case, tools):
            SEEN.append(case["n"])
            return {"n": case["n"], "seen": SEEN, "drawn": random.random()}
        """,
    )
    first = run(agent, (case(n) for n in range(30)), limits={"at_once": 3})
    told = {given.id: seen.value for given, seen in first}
    assert len(told) == 30 and first.mode == "forked from one import" and first.restarts == 0
    assert all(value and value["seen"] == [value["n"]] for value in told.values())
    assert len({value["drawn"] for value in told.values() if value}) == 30
    again = {given.id: seen.value for given, seen in run(agent, [case(n) for n in (7, 3)])}
    assert again == {name: told[name] for name in ("c7", "c3")}


@pytest.mark.parametrize(
    ("left", "why"),
    [
        ("import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()", "1 thread running"),
        ("import mmap; SHARED = mmap.mmap(-1, 4096)", "memory that cases would share"),
        ("import socket; PAIR = socket.socketpair()", "socket:["),
        ("HELD = open(__file__)", "agent.py open"),
    ],
)
def test_what_cannot_be_shared_by_forks_gets_a_fresh_process_per_case(tmp_path: Path, left: str, why: str) -> None:
    """A thread, process or descriptor left by the import: each case imports for itself, and that is said."""
    agent = candidate(
        tmp_path,
        f"""
        {left}
        import os
        PID = os.getpid()
        def handle(case, tools):
            return {{"own": PID == os.getpid()}}
        """,
    )
    running = run(agent, [case(1), case(2)])
    assert running.mode.startswith("fresh process per case: importing it left") and why in running.mode
    assert [seen.value for _, seen in running] == [{"own": True}, {"own": True}]


@held("cooperative")
def test_a_process_left_by_the_import_gets_a_fresh_one_per_case(tmp_path: Path) -> None:
    """As any other thing that forks would share; in the cage an import starts none."""
    agent = candidate(tmp_path, "import subprocess; subprocess.Popen(['sleep', '600'])\ndef handle(c, t): return {}")
    assert run(agent, []).mode == "fresh process per case: importing it left a process running"


def test_a_case_does_not_read_what_another_left(tmp_path: Path) -> None:
    """Memory that is shared by forks, a pipe, a module's global: each case finds them as the import left them."""
    agent = candidate(
        tmp_path,
        """
        import mmap, os
        BOARD, PIPE, SEEN = mmap.mmap(-1, 64), os.pipe(), []
        os.set_blocking(PIPE[0], False)
        def handle(case, tools):
            try: piped = os.read(PIPE[0], 10).decode()
            except BlockingIOError: piped = ""
            found = {"board": BOARD[:2].hex(), "piped": piped, "seen": len(SEEN)}
            BOARD[:2] = b"hi"; os.write(PIPE[1], b"hi"); SEEN.append(1)
            return found
        """,
    )
    for _, seen in run(agent, [case(n) for n in range(3)], limits={"at_once": 1}):
        assert seen.value == {"board": "0000", "piped": "", "seen": 0}, seen


def test_devices_left_open_are_no_reason(tmp_path: Path) -> None:
    """A candidate that holds /dev/urandom is still forked from one import."""
    agent = candidate(
        tmp_path, "HELD = open('/dev/urandom', 'rb')\ndef handle(case, tools): return {'n': len(HELD.read(3))}"
    )
    running = run(agent, [case()])
    assert running.mode == "forked from one import"
    assert [seen.value for _, seen in running] == [{"n": 3}]


def test_numpy_can_be_forked_and_is_seeded_by_the_case(tmp_path: Path) -> None:
    """Its threads are not started, and its random numbers depend on the case alone."""
    pytest.importorskip("numpy")
    agent = candidate(tmp_path, "import numpy\ndef handle(case, tools): return {'drawn': numpy.random.random()}")
    first = run(agent, [case(1), case(2)])
    told = {given.id: seen.value for given, seen in first}
    assert first.mode == "forked from one import"
    assert told["c1"] != told["c2"] and one(agent, case(2)).value == told["c2"]


def test_an_import_that_ignores_its_children_changes_nothing(tmp_path: Path) -> None:
    """How a case's process ended is still known."""
    agent = candidate(
        tmp_path,
        """
        import os, signal
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        def handle(case, tools): os._exit(6)
        """,
    )
    running = run(agent, [case(1), case(2)])
    assert ["status 6" in seen.error for _, seen in running] == [True, True]
    assert running.restarts == 0
