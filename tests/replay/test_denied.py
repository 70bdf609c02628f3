"""What the cage denies: refused, told by name, and told of the case whose it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shadow.cage import broker, policy
from shadow.errors import ContainmentUnavailable
from shadow.observation import Ending, Observation, RefusalKind
from shadow.replay import flight as flying
from tests.replay.desk import candidate, case, held, one, run

pytestmark = pytest.mark.kill


def _calls(seen: Observation, kind: RefusalKind = RefusalKind.SYSTEM) -> dict[str, int]:
    those = [found for found in seen.refusals if found.kind is kind]
    return {f"{found.tool} {found.args.get('about', '')}".strip(): found.args["times"] for found in those}


@held("kernel")
def test_of_a_hundred_at_once_each_is_told_its_own(tmp_path: Path) -> None:
    """100 forks in flight, each with one blocked connection and one held effect: every one is its own case's."""
    agent = candidate(
        tmp_path,
        """
        import socket
        def handle(case, tools):
            n = case["n"]
            while tools.call("told", n=n) < 100: pass
            try: socket.create_connection(("127.0.0.1", 20000 + n))
            except ConnectionRefusedError: pass
            tools.call("refund.issue", order_id=str(n), amount=f"{n}.00", currency="EUR")
            return {"n": n}
        """,
    )
    begun: set[int] = set()

    def told(args: dict[str, Any]) -> int:
        begun.add(args["n"])
        return len(begun)

    cases = [case(n) for n in range(100)]
    limits = {"at_once": 100, "calls": 100_000, "seconds": 120}
    seen = {given.input["n"]: seen for given, seen in run(agent, cases, told=told, limits=limits)}
    assert len(begun) == len(seen) == 100
    for n, one_seen in seen.items():
        assert one_seen.ending is Ending.FINISHED, one_seen.error
        assert _calls(one_seen) == {f"connect 127.0.0.1:{20000 + n}": 1}
        assert [effect.args["order_id"] for effect in one_seen.effects] == [str(n)]


@held("kernel")
def test_calls_of_threads_are_their_cases(tmp_path: Path) -> None:
    """The kernel names the thread that asks; `broker._take` looks up its process."""
    agent = candidate(
        tmp_path,
        """
        import os, threading
        def make():
            try: os.mkdir("x")
            except PermissionError: pass
        def handle(case, tools):
            threads = [threading.Thread(target=make) for _ in range(5)]
            for one in threads: one.start()
            for one in threads: one.join()
            return {}
        """,
    )
    assert _calls(one(agent)) == {"mkdir x": 5}


@held("kernel")
def test_what_is_refused_says_what_it_was_about(tmp_path: Path) -> None:
    """Programs, forks, files, sockets, signals: by name, with what they aimed at; the error is an ordinary one."""
    agent = candidate(
        tmp_path,
        """
        import os, signal, socket, subprocess
        def handle(case, tools):
            tries = [lambda: subprocess.run(["curl", "x"]), os.fork, lambda: open("made", "w"),
                     lambda: os.kill(1, signal.SIGTERM), lambda: socket.socket(socket.AF_UNIX),
                     lambda: socket.socket(type=socket.SOCK_DGRAM), lambda: os.unlink("agent.py"),
                     lambda: os.execv("/bin/sh", ["sh"])]
            said = []
            for one in tries:
                try: one()
                except PermissionError: said.append("refused")
            return {"said": said}
        """,
    )
    seen = one(agent)
    assert seen.value == {"said": ["refused"] * 8}
    calls = _calls(seen)
    assert calls.pop("clone") in (1, 2) and calls.pop("vfork", 1) == 1  # subprocess falls back from vfork to fork
    assert calls == {
        "openat made": 1, "kill process 1": 1, "socket local stream": 1, "socket IPv4 datagram": 1,
        "unlink agent.py": 1, "execve /bin/sh": 1,
    }  # fmt: skip
    assert (tmp_path / "agent.py").exists() and not (tmp_path / "made").exists()


@held("kernel")
def test_noise_is_told_apart(tmp_path: Path) -> None:
    """Looking up a name asks the kernel for interfaces and a cache first: noise. The question to a server is none."""
    agent = candidate(
        tmp_path,
        """
        import socket
        def handle(case, tools):
            try: socket.getaddrinfo("desk.invalid", 80)
            except OSError: pass
            try: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 9)
            except OSError: pass
            return {}
        """,
    )
    seen = one(agent)
    assert set(_calls(seen, RefusalKind.NOISE)) <= {"socket local stream", "socket netlink raw"}
    assert "socket netlink raw, protocol 9" in _calls(seen)


@held("kernel")
def test_what_an_import_is_refused_belongs_to_no_case(tmp_path: Path) -> None:
    """It is told as the import's, once, however many cases follow; and it is refused there too."""
    agent = candidate(
        tmp_path,
        """
        import socket
        try: socket.create_connection(("127.0.0.1", 9))
        except ConnectionRefusedError: pass
        def handle(case, tools): return {}
        """,
    )
    running = run(agent, [case(1), case(2)])
    assert [(one.tool, one.args) for one in running.denied_at_import] == [
        ("connect", {"about": "127.0.0.1:9", "times": 1})
    ]
    assert [seen.refusals for _, seen in running] == [(), ()]


@held("kernel")
def test_an_import_that_leaves_a_thread_is_caged_in_each_case(tmp_path: Path) -> None:
    """A fresh process per case, said so, and what each import is refused is its own case's."""
    agent = candidate(
        tmp_path,
        """
        import os, threading
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        try: os.mkdir("x")
        except PermissionError: pass
        def handle(case, tools): return {"n": case["n"]}
        """,
    )
    running = run(agent, [case(1), case(2)])
    assert running.mode == "fresh process per case: importing it left 1 thread running"
    assert running.isolation.startswith("kernel: ")
    assert {given.id: (seen.value, _calls(seen)) for given, seen in running} == {
        "c1": ({"n": 1}, {"mkdir x": 1}), "c2": ({"n": 2}, {"mkdir x": 1}),
    }  # fmt: skip


@held("kernel")
def test_a_flood_of_refused_calls_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit the process is killed (`broker._drown`), and the case is a flood (`flight.blame`)."""
    for room in (broker, flying):
        monkeypatch.setattr(room, "DENIED_MOST", 500)
    agent = candidate(
        tmp_path,
        """
        import os
        def handle(case, tools):
            if case["n"] == 2: return {}
            while True:
                try: os.mkdir("x")
                except PermissionError: pass
        """,
    )
    told = {given.id: seen for given, seen in run(agent, [case(1), case(2)])}
    assert (told["c1"].ending, told["c1"].error) == (Ending.FLOOD, "more than 500 system calls that are refused")
    assert told["c2"].ending is Ending.FINISHED and _calls(told["c1"])["mkdir x"] >= 501


@held("kernel")
def test_the_null_device_takes_what_is_written(tmp_path: Path) -> None:
    """Agents silence others that way; it is opened by us (`broker._null`), and nothing else is."""
    agent = candidate(
        tmp_path,
        """
        import contextlib, os
        def handle(case, tools):
            with open(os.devnull, "w") as null, contextlib.redirect_stdout(null): print("quiet")
            try: open("/dev/full", "w")
            except PermissionError: return {"n": 1}
        """,
    )
    seen = one(agent)
    assert (seen.value, _calls(seen)) == ({"n": 1}, {"openat /dev/full": 1})


@held("kernel")
def test_dot_files_of_the_root_cannot_be_read(tmp_path: Path) -> None:
    """Neither a secret nor the store with what the control did; the rest of the root can (`policy._entries`)."""
    agent = candidate(
        tmp_path,
        """
        import os
        def read(path):
            try: return open(path).read()
            except PermissionError: return "refused"
        def handle(case, tools):
            return {"env": read(".env"), "store": read(".shadow/store.db"), "prompt": read("prompts/a.md"),
                    "names": sorted(os.listdir(".")), "host": read("/etc/shadow"),
                    "others": read("/proc/1/environ")}
        """,
    )
    for name in (".env", ".shadow/store.db", "prompts/a.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert one(agent).value == {
        "env": "refused", "store": "refused", "prompt": "x", "names": [".env", ".shadow", "agent.py", "prompts"],
        "host": "refused", "others": "refused",
    }  # fmt: skip


@held("kernel")
def test_neither_store_nor_live_system_can_be_read_beside_the_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever below the root they lie, and whatever they are called (`places.private`, `policy._entries`)."""
    agent = candidate(
        tmp_path,
        """
        def read(path):
            try: return open(path).read()
            except PermissionError: return "refused"
        def handle(case, tools):
            return {path: read(path) for path in case["paths"]}
        """,
    )
    private = ["data/kept/store.db", "data/live.db", "data/live.db-wal", "elsewhere.db"]
    paths = [*private, "data/kept.md", "data/prompts/a.md"]
    for name in paths:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    monkeypatch.setenv("SHADOW_HOME", str(tmp_path / "data/kept"))
    monkeypatch.setenv("SHADOW_CONN_DESK_RO", f"sqlite:///{tmp_path / 'data/live.db'}?mode=ro")
    monkeypatch.setenv("SHADOW_STORE_URL", f"sqlite:///{tmp_path / 'elsewhere.db'}")
    seen = one(agent, case(1, paths=paths)).value
    assert seen == {**dict.fromkeys(private, "refused"), "data/kept.md": "x", "data/prompts/a.md": "x"}


def test_an_older_observation_is_still_read(tmp_path: Path) -> None:
    """A stored refusal without a kind was a tool's; what is written now comes back as it was."""
    source = "def handle(case, tools):\n    try: tools.call('no.such')\n    except Exception: return {}"
    agent = candidate(tmp_path, source)
    seen = one(agent)
    assert [(found.tool, found.kind) for found in seen.refusals] == [("no.such", RefusalKind.TOOL)]
    data = seen.to_json()
    assert Observation.from_json(data) == seen
    for row in data["refusals"]:
        del row["kind"]
    assert Observation.from_json(data) == seen


@held("kernel")
def test_an_import_is_refused_a_fork(tmp_path: Path) -> None:
    """Only a fork that the host has granted is let go on (`broker._may_fork`); programs are not started either."""
    agent = candidate(
        tmp_path,
        """
        import os, subprocess
        said = []
        for one in (os.fork, lambda: subprocess.run(["/bin/true"])):
            try: one()
            except PermissionError: said.append("refused")
        def handle(case, tools): return {"said": said}
        """,
    )
    running = run(agent, [case(1), case(2)])
    assert running.mode == "forked from one import"
    assert {one.tool for one in running.denied_at_import} >= {"clone"}
    assert [seen.value for _, seen in running] == [{"said": ["refused", "refused"]}] * 2


@held("kernel")
def test_a_case_cannot_take_a_fork_that_was_granted_for_another(tmp_path: Path) -> None:
    """Whose call it is decides, not whether a fork is due (`broker._may_fork`: process, thread)."""
    agent = candidate(
        tmp_path,
        """
        import os
        def handle(case, tools):
            tools.call("told", n=1)
            try: pid = os.fork()
            except PermissionError: return {"forked": False}
            if pid == 0: os._exit(0)
            return {"forked": True}
        """,
    )
    running: Any = run(agent, [case()], told=lambda args: running._state.nursery.broker.grant())
    assert [seen.value for _, seen in running] == [{"forked": False}]


@held("kernel")
def test_a_store_where_every_candidate_reads_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is run: it could not be hidden there (`policy._keep_out`)."""
    agent = candidate(tmp_path, "def handle(case, tools): return {'n': 1}")
    monkeypatch.setattr(policy, "_BASICS", (*policy._BASICS, str(tmp_path.parent)))
    policy.system.cache_clear()
    monkeypatch.setenv("SHADOW_HOME", str(tmp_path / "kept"))
    try:
        assert one(agent).value == {"n": 1}  # there is no store yet that could be read
        (tmp_path / "kept").mkdir()
        with pytest.raises(ContainmentUnavailable, match="where every candidate reads"):
            one(agent)
    finally:
        policy.system.cache_clear()
