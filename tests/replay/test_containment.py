"""What a replay keeps apart, well-meant: nothing is inherited, nothing survives its case, nothing outlives the host."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from shadow.observation import Ending
from shadow.replay import loop
from tests.replay.desk import candidate, case, gone, one, run, watch

pytestmark = pytest.mark.kill
ROOT = Path(__file__).resolve().parents[2]

DAEMON = """
    import os, signal, sys, time

    def daemon(report):
        \"\"\"Twice forked, in a session and group of its own, deaf to what can be ignored.\"\"\"
        read, write = os.pipe()
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.setsid()
                for number in (signal.SIGTERM, signal.SIGHUP): signal.signal(number, signal.SIG_IGN)
                os.write(write, str(os.getpid()).encode())
                time.sleep(3)
                open("late", "w").close()
                os._exit(0)
            os._exit(0)
        pid = int(os.read(read, 20))
        os.wait()
        report(pid)
        return pid
"""


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


@pytest.mark.parametrize(
    ("last", "ending", "limits"),
    [
        ("return {}", Ending.FINISHED, {}),
        ("os._exit(5)", Ending.ERROR, {}),
        ("time.sleep(600)", Ending.TIMEOUT, {"seconds": 0.5}),
        ("while True: print('spam' * 1000)", Ending.FLOOD, {"output_bytes": 100_000}),
    ],
)
def test_nothing_that_a_case_started_outlives_it(tmp_path: Path, last: str, ending: Ending, limits: Any) -> None:
    """A daemon in a session of its own is dead before the case is told of, and never writes its file."""
    watched: list[int] = []
    source = textwrap.dedent(DAEMON) + textwrap.dedent(
        f"""
        def handle(case, tools):
            daemon(lambda pid: tools.call("told", pid=pid))
            {last}
        """
    )
    with run(
        candidate(tmp_path, source),
        [case(1), case(2)],
        told=lambda args: watched.append(watch(args["pid"])),
        limits={"at_once": 1, **limits},
    ) as running:
        _, seen = next(running)
        assert seen.ending is ending and len(watched) == 1
        assert gone(watched, seconds=0)  # while the replay goes on
    assert not (tmp_path / "late").exists()


def test_a_zygote_that_no_longer_obeys_is_no_shelter(tmp_path: Path) -> None:
    """Closing the replay ends what its cases started also where the zygote is stopped."""
    watched: list[int] = []
    source = textwrap.dedent(DAEMON) + textwrap.dedent(
        """
        def handle(case, tools):
            os.kill(os.getppid(), signal.SIGSTOP)
            daemon(lambda pid: tools.call("told", pid=pid))
            time.sleep(600)
        """
    )
    running = run(candidate(tmp_path, source), [case(1)], told=lambda args: watched.append(watch(args["pid"])))
    state: Any = running._state
    while not watched:  # one turn after another, until the daemon is there
        loop._fill(state)
        loop._turn(state)
    running.close()
    assert gone(watched, seconds=0) and not (tmp_path / "late").exists()


def test_what_another_running_case_started_is_left_alone(tmp_path: Path) -> None:
    """The end of one case does not touch the helper process of a case beside it."""
    watched: dict[int, int] = {}
    source = textwrap.dedent(DAEMON) + textwrap.dedent(
        """
        def handle(case, tools):
            if case["n"]: return {}
            pid = daemon(lambda pid: tools.call("told", pid=pid))
            while tools.call("told", again=True) < 5: time.sleep(0.01)
            os.kill(pid, 0)
            return {"helper": open(f"/proc/{pid}/stat").read().split()[2]}
        """
    )
    ended: list[str] = []

    def told(args: dict[str, Any]) -> int:
        if "pid" in args:
            watched[args["pid"]] = watch(args["pid"])
        return len(ended)

    running = run(candidate(tmp_path, source), [case(n) for n in range(6)], told=told, limits={"at_once": 2})
    values = {}
    for given, seen in running:
        ended.append(given.id)
        values[given.id] = (seen.ending, seen.value)
    assert values["c0"] == (Ending.FINISHED, {"helper": "S"}), values["c0"]
    assert gone(watched.values(), seconds=0)


def test_a_killed_host_leaves_no_process(tmp_path: Path) -> None:
    """SIGKILL of the host ends guard, zygote, cases and their daemons, with nobody left to ask for it."""
    agent = tmp_path / "agent.py"
    agent.write_text(
        textwrap.dedent(DAEMON)
        + textwrap.dedent(
            """
            def handle(case, tools):
                daemon(lambda pid: tools.call("told", pids=[pid, os.getpid(), os.getppid()]))
                time.sleep(600)
            """
        )
    )
    host = tmp_path / "host.py"
    host.write_text(
        textwrap.dedent(
            f"""
            import sys
            sys.path[:0] = [{str(ROOT)!r}]
            from tests.replay.desk import case, python, run
            agent = python("agent:handle", label="v1", root={str(tmp_path)!r})
            def told(args): print(*args["pids"], flush=True)
            list(run(agent, [case(n) for n in range(3)], told=told, limits={{"at_once": 3}}))
            """
        )
    )
    with subprocess.Popen([sys.executable, str(host)], stdout=subprocess.PIPE, text=True) as process:
        try:
            watched = _everything_below(process)
        finally:
            process.send_signal(signal.SIGKILL)
    assert gone(watched)
    assert not (tmp_path / "late").exists()


def _everything_below(process: subprocess.Popen[str]) -> list[int]:
    assert process.stdout is not None
    pids = {int(word) for _ in range(3) for word in process.stdout.readline().split()}
    parents = {pid: int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]) for pid in pids}
    (zygote,) = [pid for pid in pids if list(parents.values()).count(pid) == 3]
    pids.add(parents[zygote])  # the guard
    assert len(pids) == 8  # three cases, three daemons, zygote, guard
    return [watch(pid) for pid in pids]


def test_a_killed_guard_takes_everything_with_it(tmp_path: Path) -> None:
    """Zygote and cases end with it, and the case is tried once more before it counts as an error."""
    watched: list[int] = []
    agent = candidate(
        tmp_path,
        """
        import os, time
        def handle(case, tools):
            tools.call("told", pids=[os.getpid(), os.getppid()])
            time.sleep(600)
        """,
    )

    def told(args: dict[str, Any]) -> None:
        watched.extend(watch(pid) for pid in args["pids"])
        os.kill(running._state.nursery.process.pid, signal.SIGKILL)

    running: Any = run(agent, [case()], told=told)
    ((_, seen),) = list(running)
    assert (seen.ending, running.restarts, len(watched)) == (Ending.ERROR, 2, 4)
    assert gone(watched)


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
