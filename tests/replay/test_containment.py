"""What a replay keeps apart: a candidate inherits nothing of the host's, and gets no more than its share."""

from __future__ import annotations

import os
import select
import sys
from pathlib import Path
from typing import Any

import pytest

from shadow.observation import Ending
from tests.replay.desk import candidate, case, held, one, run, watch

pytestmark = pytest.mark.kill


def test_the_environment_is_built_from_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No secret of the host's is seen, and hashing is the same in every case."""
    monkeypatch.setenv("AIRFLOW_CONN_DESK", "postgresql://user:secret@host/db")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    seen = one(candidate(tmp_path, "import os\ndef handle(case, tools): return dict(os.environ)"))
    assert seen.value is not None
    assert set(seen.value) - {"LC_CTYPE"} == {
        "PATH", "LANG", "PYTHONHASHSEED", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS",
    }  # fmt: skip
    assert seen.value["PYTHONHASHSEED"] == "0"


@held("cooperative")
def test_no_descriptor_is_inherited(tmp_path: Path) -> None:
    """Neither one that the host left inheritable, nor another case's; what a case starts gets none of ours."""
    secret = tmp_path / "secret"
    secret.write_text("of the host")
    held = os.open(secret, os.O_RDONLY)
    os.set_inheritable(held, True)
    agent = candidate(
        tmp_path / "agent",
        """
        import os, subprocess
        IMPORTED = [os.path.realpath("/proc/self/fd/" + name) for name in os.listdir("/proc/self/fd")]
        def handle(case, tools):
            tools.call("told", n=1)
            with os.scandir("/proc/self/fd") as entries:
                mine = {entry.name: os.readlink(entry.path) for entry in entries}
            mine = {name: place for name, place in mine.items() if not place.endswith("/fd")}
            below = subprocess.run(["/bin/ls", "/proc/self/fd"], capture_output=True, text=True).stdout.split()
            return {"mine": mine, "below": below, "imported": IMPORTED}
        """,
    )
    for _, seen in run(agent, [case(n) for n in range(4)], limits={"at_once": 4}):
        assert seen.value is not None, seen.error
        kinds = sorted(place.split(":")[0] for place in seen.value["mine"].values())
        assert kinds == ["/dev/null", "pipe", "pipe", "socket"], seen.value["mine"]
        assert not [place for place in seen.value["imported"] if "secret" in place]
        assert len(seen.value["below"]) == 4  # its own three and the directory that it lists
    os.close(held)


@held("kernel")
def test_a_caged_case_has_its_own_descriptors_alone(tmp_path: Path) -> None:
    """Its output and its line: none of the host's, of the zygote's (its words, its eyes) or of another case's."""
    held_open = os.open(__file__, os.O_RDONLY)
    os.set_inheritable(held_open, True)
    agent = candidate(
        tmp_path,
        """
        import os, stat
        def kind(number):
            try: mode = os.fstat(number).st_mode
            except OSError: return ""
            return "pipe" if stat.S_ISFIFO(mode) else "socket" if stat.S_ISSOCK(mode) else oct(mode)
        def handle(case, tools):
            tools.call("told", n=1)
            return {"open": [kind(number) for number in range(1, 1024) if kind(number)]}
        """,
    )
    for _, seen in run(agent, [case(n) for n in range(4)], limits={"at_once": 4}):
        assert seen.value == {"open": ["pipe", "pipe", "socket"]}, seen
    os.close(held_open)


def test_stdin_is_empty(tmp_path: Path) -> None:
    """A candidate that reads it gets the end at once, on import and in a case; it is never the host's."""
    read_end, write_end = os.pipe()
    os.write(write_end, b"of the host")
    own = os.dup(0)
    os.dup2(read_end, 0)
    try:
        source = (
            "import sys\nFIRST = sys.stdin.read()\ndef handle(case, tools): return {'got': FIRST + sys.stdin.read()}"
        )
        seen = one(candidate(tmp_path, source))
    finally:
        os.dup2(own, 0)
        for number in (own, read_end, write_end):
            os.close(number)
    assert seen.value == {"got": ""}


def test_it_runs_in_its_root_and_writes_no_bytecode_there(tmp_path: Path) -> None:
    """Relative paths are relative to `root`; importing changes nothing on disk."""
    seen = one(candidate(tmp_path, "import os\ndef handle(case, tools): return {'cwd': os.getcwd()}"))
    assert seen.value == {"cwd": str(tmp_path)}
    assert [path.name for path in tmp_path.iterdir()] == ["agent.py"]


def test_the_candidate_is_never_imported_here(tmp_path: Path) -> None:
    """The host's process runs none of its code."""
    one(candidate(tmp_path, "import os\nWHO = os.getpid()\ndef handle(case, tools): return {}"))
    assert "agent" not in sys.modules


@held("cooperative")
def test_the_hosts_terminal_is_not_the_candidates(tmp_path: Path) -> None:
    """Ctrl-C and a kill of the host's group reach the host alone, which then ends the rest in order."""
    agent = candidate(
        tmp_path, "import os\ndef handle(case, tools): return {'sid': [os.getsid(0), os.getsid(os.getppid())]}"
    )
    seen = one(agent)
    assert seen.value is not None and os.getsid(0) not in seen.value["sid"] and len(set(seen.value["sid"])) == 2


def test_memory_is_bound(tmp_path: Path) -> None:
    """A case that wants more than its share gets a MemoryError; the machine does not notice."""
    agent = candidate(tmp_path, "def handle(case, tools): return {'n': len(bytearray(600 * 2**20))}")
    seen = one(agent, limits={"memory_bytes": 400 * 2**20})
    assert (seen.ending, seen.error) == (Ending.ERROR, "MemoryError")


def test_descriptors_of_the_host_are_given_back(tmp_path: Path) -> None:
    """A replay leaves none open, finished or left early."""
    agent = candidate(tmp_path, "def handle(case, tools): return {}")
    before = len(list(Path("/proc/self/fd").iterdir()))
    assert len(list(run(agent, [case(n) for n in range(20)]))) == 20
    with run(agent, [case(n) for n in range(20)]) as running:
        next(running)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_thread_that_ends_takes_no_replay_with_it(tmp_path: Path) -> None:
    """A replay that one thread started may be finished by another: it hangs on the process alone."""
    import threading

    agent = candidate(tmp_path, "def handle(case, tools): return {'n': case['n']}")
    made: list[Any] = []
    starter = threading.Thread(target=lambda: made.append(run(agent, [case(n) for n in range(3)])))
    starter.start()
    starter.join()
    poll = select.poll()
    poll.register(watch(made[0]._state.nursery.process.pid), select.POLLIN)
    assert not poll.poll(300)
    assert {given.id for given, _ in made[0]} == {"c0", "c1", "c2"}
