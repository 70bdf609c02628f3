"""Nothing that a case started outlives it, and nothing outlives the host."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from shadow.observation import Ending
from shadow.replay import loop
from tests.replay.desk import candidate, case, gone, held, run, watch

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


@pytest.mark.parametrize(
    ("last", "ending", "limits"),
    [
        ("return {}", Ending.FINISHED, {}),
        ("os._exit(5)", Ending.ERROR, {}),
        ("time.sleep(600)", Ending.TIMEOUT, {"seconds": 0.5}),
        ("while True: print('spam' * 1000)", Ending.FLOOD, {"output_bytes": 100_000}),
    ],
)
@held("cooperative")
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


@held("cooperative")
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


@held("cooperative")
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


@held("cooperative")
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
            list(run(agent, [case(n) for n in range(3)], told=told, limits={{"at_once": 3}}, isolation="cooperative"))
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


@held("kernel")
@pytest.mark.parametrize("first", ["host", "guard", "zygote"])
def test_a_caged_replay_outlives_nobody_who_is_killed(tmp_path: Path, first: str) -> None:
    """SIGKILL of the host, of the guard or of the zygote, in the middle of three cases: every process is gone."""
    (tmp_path / "agent.py").write_text(
        textwrap.dedent(
            """
            import os, time
            def handle(case, tools):
                tools.call("told", pids=[os.getpid(), os.getppid()])
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
            with run(agent, [case(n) for n in range(3)], told=told, limits={{"at_once": 3}}) as running:
                list(running) if {first!r} == "host" else next(running)
            """
        )
    )
    with subprocess.Popen([sys.executable, str(host)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        words = [process.stdout.readline().split() for _ in range(3)]
        (zygote,) = {int(pair[1]) for pair in words}
        guard = int(Path(f"/proc/{zygote}/stat").read_text().rpartition(")")[2].split()[1])
        watched = [watch(pid) for pid in (guard, zygote, *(int(pair[0]) for pair in words))]
        os.kill({"host": process.pid, "guard": guard, "zygote": zygote}[first], signal.SIGKILL)
        try:
            assert gone(watched)
        finally:
            process.kill()


@held("kernel")
def test_a_case_that_is_cut_off_while_the_kernel_asks_about_it_leaves_nothing(tmp_path: Path) -> None:
    """A case that makes one refused call after the other is ended at its limit, and the next case is not disturbed."""
    agent = candidate(
        tmp_path,
        """
        import os
        def handle(case, tools):
            while case["n"] == 1:
                try: os.mkdir("x")
                except PermissionError: pass
            return {}
        """,
    )
    told = {given.id: seen for given, seen in run(agent, [case(1), case(2)], limits={"seconds": 0.2, "at_once": 1})}
    assert told["c1"].ending in (Ending.TIMEOUT, Ending.FLOOD) and told["c2"].ending is Ending.FINISHED
    assert {one.tool for one in told["c1"].refusals} == {"mkdir"}
    assert told["c2"].refusals == ()
