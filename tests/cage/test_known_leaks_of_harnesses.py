"""The leaks by which a candidate reaches past other harnesses: by what it inherits, prints, returns, leaves behind.

Each by a candidate in a caged replay, looked at from outside. The positive control is the same candidate started as
any program might start it, or, where that would be no danger, in a replay that enforces nothing.
"""

from __future__ import annotations

import json
import os
import pickle
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from shadow.observation import Ending
from shadow.replay.isolation import COOPERATIVE, KERNEL
from tests.cage.leaking import BARE, accepted, bare, heard, leaks, listening, refused
from tests.replay.desk import candidate, case, one, run

pytestmark = pytest.mark.kill
MUCH = 400 * 2**20


@pytest.fixture
def agent(tmp_path: Path) -> Path:
    """The candidate's folder."""
    return tmp_path / "agent"


@contextmanager
def as_input(opened: socket.socket) -> Iterator[None]:
    """Descriptor 0 of this process is this, as it is a live socket to the supervisor in an Airflow task."""
    own = os.dup(0)
    os.dup2(opened.fileno(), 0)
    try:
        yield
    finally:
        os.dup2(own, 0)
        os.close(own)


def test_descriptor_0_of_an_airflow_task(agent: Path) -> None:
    """It is open both ways and takes orders. Dies without `stdin=subprocess.DEVNULL` in `nursery._spawn`."""
    supervisor, task = socket.socketpair()
    supervisor.setblocking(False)
    source = """
        import os, socket
        def handle(case, tools):
            try: os.write(0, b"TriggerDagRun")
            except OSError: pass
            try: socket.socket(fileno=os.dup(0)).send(b"PutVariable")
            except OSError: pass
            return {}
    """
    made = candidate(agent, source)
    with supervisor, task, as_input(task):
        bare(agent, {})
        assert supervisor.recv(100) == b"TriggerDagRunPutVariable"
        assert one(made, isolation=KERNEL).ending is Ending.FINISHED
        with pytest.raises(BlockingIOError):
            supervisor.recv(100)


def test_a_descriptor_that_the_host_left_inheritable(agent: Path) -> None:
    """Neither an import nor a case has it. Dies where `nursery._spawn` hands on more than `pass_fds`."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.set_inheritable(True)
    source = f"""
        import os
        def out(number):
            try: os.write(number, b"out")
            except OSError: pass
        out({theirs.fileno()})
        def handle(case, tools):
            out(case["number"])
            return {{}}
    """
    made = candidate(agent, source)
    with ours, theirs:
        given = {"number": theirs.fileno()}
        bare(agent, given)
        assert ours.recv(100) == b"outout"
        one(made, case(**given), isolation=KERNEL)
        with pytest.raises(BlockingIOError):
            ours.recv(100)


PICKLED = """
    import os, pathlib, pickle
    class Result(dict):
        def __reduce__(self): return pathlib.Path.touch, (pathlib.Path(self["mark"]),)
    def handle(case, tools):
        result = Result(mark=case["mark"])
        if tools is None: os.write(1, pickle.dumps(result))
        else:
            body = pickle.dumps(result)
            for number in range(3, 64):
                try: os.write(number, len(body).to_bytes(4, "big") + body) if case["raw"] else None
                except OSError: pass
        return result
"""


@pytest.mark.parametrize("raw", [False, True], ids=["as its value", "on its line"])
def test_pickle_in_the_result(agent: Path, tmp_path: Path, raw: bool) -> None:
    """A pool or a virtualenv operator unpickles it and runs what it says. Dies where `plain.loads` unpickles."""
    mark, made = tmp_path / "mark", candidate(agent, PICKLED)
    pickle.loads(bare(agent, {"mark": str(mark)}, stdout=subprocess.PIPE).stdout)
    assert mark.exists()
    mark.unlink()
    seen = one(made, case(mark=str(mark), raw=raw), isolation=KERNEL)
    assert not mark.exists()
    assert seen.ending is (Ending.INVALID if raw else Ending.FINISHED), seen


def test_400_mb_of_output(agent: Path) -> None:
    """Whoever keeps it is full. Dies without the limit in `flight.take_output`: here the memory is looked at."""
    source = f"""
        import os
        def handle(case, tools):
            part = b"x" * 2**20
            for _ in range({MUCH} // 2**20):
                left = memoryview(part)
                while left: left = left[os.write(1, left):]
            return {{"done": True}}
    """
    made = candidate(agent, source)
    command = [sys.executable, "-c", BARE, str(agent), "{}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as free:
        assert free.stdout is not None
        assert sum(map(len, iter(partial(os.read, free.stdout.fileno(), 2**20), b""))) == MUCH
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seen = one(made, isolation=KERNEL)
    assert seen.ending is Ending.FLOOD and "bytes printed" in seen.error and len(seen.detail) < 10_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024


DAEMON = """
    import os, socket, time
    def late(at):
        time.sleep(0.2)
        socket.create_connection(tuple(at))
        os._exit(0)
    def handle(case, tools):
        for fork in (os.fork, os.forkpty):
            if fork() == 0:
                os.setsid() if fork is os.fork else None
                if os.fork() == 0: late(case["at"])
                os._exit(0)
"""


def test_a_forked_daemon(agent: Path) -> None:
    """It acts when its case is long over. Dies where `broker._judge` lets whoever asks fork."""
    with listening() as target:
        target.settimeout(10)
        made, at = candidate(agent, DAEMON), list(target.getsockname())
        bare(agent, {"at": at})
        target.accept()[0].close()
        seen = one(made, case(at=at), isolation=KERNEL)
        target.setblocking(False)
        assert not accepted(target) and not accepted(target) and not accepted(target)
    assert seen.ending is Ending.ERROR and "clone" in refused(seen)


FORGED = """
    import json, os, socket
    def handle(case, tools):
        try: socket.create_connection(("192.0.2.1", 80), timeout=0.2)
        except OSError: pass
        try: tools.call("refund.issue", order_id="o1", amount="20.00", currency="EUR")
        except Exception: pass
        said = {"value": {"ok": 1}, "effects": [], "refusals": [], "reads": [], "ended": 1, "status": 0, "case": "c7",
                "isolation": "kernel", "held": None, "duration_s": 0.0, "tokens": 0, "cost_usd": 0.0}
        body = json.dumps(said).encode()
        for number in range(3, 64):
            try: os.write(number, len(body).to_bytes(4, "big") + body)
            except OSError: pass
        os._exit(0)
"""


def test_forged_evidence(agent: Path) -> None:
    """What a candidate says of itself changes no record: its effect and its refused call stay, under its own case.

    Its forged last word does arrive, as its value and as nothing else. Dies where `observed` takes effects, refusals
    or a case from that word.
    """
    made = candidate(agent, FORGED)
    told = {given.id: seen for given, seen in run(made, [case(n) for n in (1, 2, 3)], isolation=KERNEL)}
    assert set(told) == {"c1", "c2", "c3"}
    for name, seen in told.items():
        assert (seen.ending, seen.value) == (Ending.FINISHED, {"ok": 1})
        assert [(effect.tool, effect.held) for effect in seen.effects] == [("refund.issue", f"01234567-{name}-1")]
        assert refused(seen) == {"connect": "192.0.2.1:80"}
        assert seen.duration_s is not None and seen.duration_s > 0


LEFT = """
    import os, pathlib, socket
    MINE = []
    def handle(case, tools):
        found = list(MINE)
        MINE.append(case["n"])
        found += [os.environ.get("LEFT")] if "LEFT" in os.environ else []
        os.environ["LEFT"] = str(case["n"])
        for place in ("/tmp", "/dev/shm", "/var/tmp", case["folder"]):
            path = pathlib.Path(place, "shadow-left-" + case["word"])
            try:
                found += [path.read_text()] if path.exists() else []
                path.write_text(str(case["n"]))
            except OSError: pass
        return {"found": found}
"""
ONE_AFTER_THE_OTHER = """
import json, sys
sys.path.insert(0, sys.argv[1])
import agent
given = json.loads(sys.argv[2])
agent.handle({**given, "n": 1}, None)
print(json.dumps(agent.handle({**given, "n": 2}, None)))
"""


def test_a_case_reads_nothing_that_another_left(agent: Path, tmp_path: Path) -> None:
    """Neither in memory nor in the environment nor in files.

    One process for all cases finds each: that is the control. Dies where a case is run in another one's process
    (`zygote._start` forks for each), or where `landlock.restrict` and `broker._judge` let a file be written.
    """
    made, given = candidate(agent, LEFT), {"folder": str(tmp_path), "word": tmp_path.name}
    command = [sys.executable, "-c", ONE_AFTER_THE_OTHER, str(agent), json.dumps(given)]
    places = [Path(place, f"shadow-left-{tmp_path.name}") for place in ("/tmp", "/dev/shm", "/var/tmp", tmp_path)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert len(json.loads(done.stdout)["found"]) >= 2 + len(places) - 1
    finally:
        for path in places:
            path.unlink(missing_ok=True)
    cases = [case(n, **given) for n in range(1, 5)]
    for _, seen in run(made, cases, isolation=KERNEL, limits={"at_once": 1}):
        assert seen.value == {"found": []}, seen
    assert not [path for path in places if path.exists()]


def test_a_case_reaches_no_other_case(agent: Path) -> None:
    """Two cases at once: by signals, by /proc and by a local socket's name one does not find the other.

    Dies where `rules.ALLOWED` names kill, where the policy lets /proc be read, or without `inet` in `rules._sockets`.
    """
    reached = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    reached.bind(b"\0shadow-left-" + os.urandom(8))
    with reached:
        source = """
            import os, socket
            def tried(what):
                try: return bool(what() or True)
                except OSError: return False
            def handle(case, tools):
                parent = os.getppid()
                at = bytes.fromhex(case["at"])
                return {"did": [
                    tried(lambda: os.kill(parent, 0)),
                    tried(lambda: open(f"/proc/{parent}/environ", "rb").read()),
                    tried(lambda: os.listdir("/proc")),
                    tried(lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"out", at)),
                ]}
        """
        given: dict[str, Any] = {"at": reached.getsockname().hex()}
        made = candidate(agent, source)
        free = one(made, case(**given), isolation=COOPERATIVE)
        assert free.value == {"did": [True] * 4} and heard(reached)
        seen = one(made, case(**given), isolation=KERNEL)
        assert seen.value == {"did": [False] * 4} and not heard(reached)


def test_a_leak_that_lands_is_seen(agent: Path) -> None:
    """The judge of these tests has teeth: what connects without the cage is seen to."""
    with listening() as target:
        source = "import socket\ndef handle(case, tools): socket.create_connection(tuple(case['at']))"
        seen = leaks(agent, source, lambda: accepted(target), at=list(target.getsockname()))
    assert list(refused(seen)) == ["connect"]
