"""A service as candidate, unchanged: started anew for each case, asked once, held, gone with all that it started."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from shadow.cage.policy import program_of
from shadow.candidates.model import Candidate
from shadow.candidates.served import served
from shadow.doors.bindings import json_body, route, routes_of, template
from shadow.doors.bindings import python as function
from shadow.errors import CandidateError, ContainmentUnavailable
from shadow.observation import Ending, Observation, RefusalKind
from shadow.replay import Limits, Replay, replay
from shadow.replay.network import open_network
from tests.cage.test_namespaces import needs_namespaces
from tests.doors.network.upstream import Upstream, running
from tests.replay.desk import CONTRACT, bindings, case, gone, held, one, orders, run, watch

pytestmark = [pytest.mark.kill, needs_namespaces]
ROOT = Path(__file__).resolve().parents[2]
PYTHON = Path(sys.executable).name
SERVER = """
import json, os, socket, subprocess, sys, threading, time, urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        case = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status, answer = handle(case, self)
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass
"""
SERVE = """
HTTPServer(("127.0.0.1", 8000), Handler).serve_forever()
"""
DESK = """
from typing import Any

import httpx
from fastapi import FastAPI

app = FastAPI()
seen: list[int] = []


@app.post("/handle")
def handle(case: dict[str, Any]) -> dict[str, Any]:
    seen.append(case["n"])
    with httpx.Client() as client:
        order = client.get(f"{case['url']}/v1/orders/o{case['n']}").json()
        paid = client.post(
            f"{case['url']}/v1/refunds", json={"order_id": order["order_id"], "amount": "1.00", "currency": "EUR"}
        )
    return {"n": case["n"], "seen": seen, "status": order["status"], "answered": paid.status_code}
"""


def service(folder: Path, handle: str, *, line: tuple[str, ...] = (PYTHON, "service.py"), **more: Any) -> Candidate:
    """A service of the standard library's, whose `handle(case, request)` gives a status and an answer."""
    (folder / "service.py").write_text(SERVER + textwrap.dedent(handle) + SERVE, encoding="utf-8")
    return served(line, label="v1", root=str(folder), **{"port": 8000, **more})


def calls(seen: Observation) -> set[str]:
    """What the kernel refused it and reported as its own."""
    those = [one for one in seen.refusals if one.kind is RefusalKind.SYSTEM]
    return {f"{one.tool} {one.args.get('about', '')}".strip() for one in those}


def networked(agent: Candidate, cases: list[Any], upstream: Upstream, **more: Any) -> Replay:
    """A replay whose tools have routes at the upstream."""
    bound = {
        **bindings(),
        "orders.get": route("GET", f"{upstream.url}/v1/orders/{{order_id}}", answer=function(orders)),
        "refund.issue": route(
            "POST", f"{upstream.url}/v1/refunds", args=json_body(), status=201, answer=template({"id": "{held_id}"})
        ),
    }
    return replay(
        cases, agent, contract=CONTRACT, bindings=bound, experiment="0123456789abcdef",
        limits=Limits(**{"seconds": 30, "at_once": 2, **more}), network=open_network(routes_of(bound)),
    )  # fmt: skip


@held("kernel")
def test_an_unchanged_service_is_taken_through_its_cases(tmp_path: Path) -> None:
    """FastAPI by uvicorn: reads answered, writes held, each its own case's; nothing arrives; each is its first."""
    pytest.importorskip("fastapi")
    if program_of("uvicorn", str(tmp_path)) is None:
        pytest.skip("uvicorn is not installed beside this Python")
    (tmp_path / "desk.py").write_text(DESK, encoding="utf-8")
    agent = served(["uvicorn", "desk:app"], port=8000, label="2026-11-01", root=str(tmp_path))
    with running() as upstream:
        found = networked(agent, [case(n, url=upstream.url) for n in (1, 2, 3)], upstream)
        seen = {given.input["n"]: what for given, what in found}
        assert upstream.asked == []
    for n, what in seen.items():
        assert (what.ending, what.error) == (Ending.FINISHED, ""), what.detail
        assert what.value == {"n": n, "seen": [n], "status": "open", "answered": 201}
        assert [(one.tool, one.args["order_id"]) for one in what.effects] == [("refund.issue", f"o{n}")]
        assert [(one.tool, one.args) for one in what.reads] == [("orders.get", {"order_id": f"o{n}"})]
        assert calls(what) == set() and what.duration_s is not None
    assert found.mode == "fresh process per case: a program, in namespaces of its own"
    assert found.isolation.startswith("kernel: seccomp, Landlock ") and ", apart" in found.isolation
    (kind,) = found.account.processes
    assert (kind.count, kind.held) == (3, True) and {"net", "pid", "user"} <= set(kind.apart)


ENDINGS = {
    "status": ("return 500, {'why': 'broken'}", Ending.ERROR, "it answered with status 500"),
    "text": ("return 200, b'hello'", Ending.INVALID, "its answer is no JSON"),
    "list": ("return 200, [1]", Ending.INVALID, "value is a list, not a JSON object"),
    "nan": ("return 200, b'{\"a\": NaN}'", Ending.INVALID, "its answer is no JSON"),
    "long": ("return 200, {'a': 'x' * 2000}", Ending.FLOOD, "an answer of more than 1000 bytes"),
    "prints": ("print('x' * 200_000); return 200, {}", Ending.FLOOD, "more than 100000 bytes printed"),
    "gone": ("os._exit(3)", Ending.ERROR, "it did not answer: "),
    "waits": ("time.sleep(600)", Ending.TIMEOUT, "no answer within 2 s"),
}


@held("kernel")
@pytest.mark.parametrize("name", ENDINGS)
def test_how_it_fails_is_its_cases_ending(tmp_path: Path, name: str) -> None:
    """What it does wrong is the candidate's failure, in words, and never the harness's (`program_case._serve`)."""
    body, ending, words = ENDINGS[name]
    agent = service(tmp_path, f"def handle(case, request):\n    {body}\n")
    seen = one(agent, limits={"seconds": 2, "value_bytes": 1000, "output_bytes": 100_000})
    assert (seen.ending, seen.error[: len(words)], seen.value) == (ending, words, None)


@held("kernel")
def test_one_that_ends_before_it_listens_is_an_error(tmp_path: Path) -> None:
    """With its status and what it printed (`program_case._connected`); so is a program that is not one."""
    (tmp_path / "service.py").write_text("import sys; sys.exit('no configuration')")
    agent = served([PYTHON, "service.py"], port=8000, label="v1", root=str(tmp_path))
    seen = one(agent)
    assert (seen.ending, seen.error) == (Ending.ERROR, "it exited with status 1 before it listened on port 8000")
    assert "no configuration" in seen.detail
    missing = served(["no-such-program", "service.py"], port=8000, label="v1", root=str(tmp_path))
    with pytest.raises(CandidateError, match="no such program here"):
        one(missing)


@held("kernel")
def test_it_may_listen_on_either_loopback(tmp_path: Path) -> None:
    """As Node does for "localhost": ::1 alone (`program_case._LOOPBACKS`)."""
    if not Path("/proc/net/if_inet6").exists():
        pytest.skip("no IPv6 here")
    agent = service(tmp_path, "def handle(case, request):\n    return 200, {'n': case['n']}\n")
    six = "HTTPServer.address_family = socket.AF_INET6\n" + SERVE.replace("127.0.0.1", "::1")
    text = (tmp_path / "service.py").read_text().replace(SERVE, six)
    (tmp_path / "service.py").write_text(text)
    assert agent.program is not None
    agent = served(agent.program.command, port=8000, label="v1", root=str(tmp_path))
    assert one(agent).value == {"n": 1}


@held("kernel")
def test_more_connections_than_a_case_may_have_are_closed(tmp_path: Path) -> None:
    """100 at once to the network door, and the door goes on for others (`ward.CONNECTIONS_MOST`)."""
    agent = service(
        tmp_path,
        """
        from urllib.parse import urlsplit
        def alive(made):
            made.settimeout(0.5)
            try: return made.recv(1) != b""
            except TimeoutError: return True
            except OSError: return False
        def handle(case, request):
            door = urlsplit(os.environ["http_proxy"])
            made = [socket.create_connection((door.hostname, door.port)) for _ in range(130)]
            return 200, {"n": sum(not alive(one) for one in made[100:])}
        """,
    )
    with running() as upstream:
        ((_, seen),) = list(networked(agent, [case()], upstream))
    assert (seen.value, seen.error) == ({"n": 30}, ""), seen.detail


@held("kernel")
def test_the_moment_of_the_case_goes_along(tmp_path: Path) -> None:
    """By a header, for an agent that would look at the clock."""
    agent = service(tmp_path, "def handle(case, request):\n    return 200, {'now': request.headers['Shadow-Now']}\n")
    assert one(agent).value == {"now": "2026-03-02T09:30:00+00:00"}


@held("kernel")
def test_nothing_that_it_starts_outlives_its_case(tmp_path: Path) -> None:
    """Programs, forked twice, deaf to signals: they ran, and none is left when the case is told of."""
    word = f"{os.getpid()}.25"
    agent = service(
        tmp_path,
        f"""
        def handle(case, request):
            for _ in range(5):
                if os.fork() == 0:
                    if os.fork() == 0:
                        os.execv("/usr/bin/env", ["env", "sleep", "{word}"])
                    os._exit(0)
            return 200, {{"started": sum(os.waitpid(-1, 0)[1] == 0 for _ in range(5))}}
        """,
    )
    told = []
    for _, seen in run(agent, [case(n) for n in (1, 2)], limits={"at_once": 2}):
        told.append((seen.value, seen.ending))
    assert told == [({"started": 5}, Ending.FINISHED)] * 2
    assert _running(word) == []


def _running(word: str) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and word.encode() in (entry / "cmdline").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


@held("kernel")
def test_where_each_wants_to_go_is_told_for_its_own_case(tmp_path: Path) -> None:
    """20 at once, each with an address of its own, from a child of the service: refused, told, and not mixed up."""
    agent = service(
        tmp_path,
        """
        def handle(case, request):
            code = "import socket,sys; sys.exit(socket.socket().connect_ex(('192.0.2.1', int(sys.argv[1]))))"
            done = subprocess.run([sys.executable, "-S", "-c", code, str(20000 + case["n"])])
            return 200, {"n": done.returncode}
        """,
    )
    seen = {given.input["n"]: what for given, what in run(agent, [case(n) for n in range(20)], limits={"at_once": 10})}
    assert {n: calls(what) for n, what in seen.items()} == {n: {f"connect 192.0.2.1:{20000 + n}"} for n in range(20)}
    assert all(what.value == {"n": 111} for what in seen.values())


@held("kernel")
def test_what_is_outside_is_not_there(tmp_path: Path) -> None:
    """A listener of ours on the loopback, a file of ours, our process: it reaches none (`namespaces.isolate`)."""
    with socket.create_server(("127.0.0.1", 0)) as target:
        target.setblocking(False)
        port = target.getsockname()[1]
        secret = tmp_path.parent / "secret"
        secret.write_text("secret")
        (tmp_path / "in").mkdir()
        agent = service(
            tmp_path / "in",
            f"""
            def tried(attempt):
                try: return str(attempt())
                except OSError as error: return type(error).__name__
            def handle(case, request):
                return 200, {{
                    "connect": tried(lambda: socket.create_connection(("127.0.0.1", {port}))),
                    "read": tried(lambda: open({str(secret)!r}).read()),
                    "write": tried(lambda: open("new", "w")),
                    "signal": tried(lambda: os.kill({os.getpid()}, 0)),
                    "name": socket.gethostname(),
                }}
            """,
        )
        seen = one(agent)
        assert seen.value == {
            "connect": "ConnectionRefusedError", "read": "PermissionError", "write": "PermissionError",
            "signal": "PermissionError", "name": "shadow",
        }  # fmt: skip
        assert f"connect 127.0.0.1:{port}" in calls(seen)
        with pytest.raises(BlockingIOError):
            target.accept()
    assert not (tmp_path / "in" / "new").exists()


@held("cooperative")
def test_where_nothing_is_enforced_no_program_is_run(tmp_path: Path) -> None:
    """By name or not: the kernel holds a program, or it is not started (`programs.open_programs`)."""
    agent = service(tmp_path, "def handle(case, request):\n    return 200, {}\n")
    with pytest.raises(ContainmentUnavailable, match="where the kernel holds it"):
        one(agent)


IN_A_CONTAINER = """
import ctypes, sys
sys.path[:0] = [sys.argv[1]]
from shadow.cage import kernel
from shadow.cage.enter import _install
from shadow.cage.numbers import NUMBERS
from shadow.cage.program import ALLOW, among, answer, assemble, only_x86_64, refuse
kernel.prctl(38, 1)
_install(assemble(only_x86_64(), among((NUMBERS["unshare"],), refuse(1)), answer(ALLOW)))
from tests.replay.desk import case, run
from shadow.candidates.served import served
from shadow.errors import ContainmentUnavailable
try:
    list(run(served([sys.argv[3], "service.py"], port=8000, label="v1", root=sys.argv[2]), [case()]))
except ContainmentUnavailable as error:
    print(error)
"""


@held("kernel")
def test_without_namespaces_nothing_of_it_is_run(tmp_path: Path) -> None:
    """Under a filter that refuses unshare, as a container's default profile does: said in words (`programs._tried`)."""
    agent = service(tmp_path, "def handle(case, request):\n    return 200, {}\n")
    assert agent.program is not None
    command = [sys.executable, "-c", IN_A_CONTAINER, str(ROOT), str(tmp_path), PYTHON]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "nothing of the candidate was run" in done.stdout and "unshare" in done.stdout, done.stdout + done.stderr


HOST = """
import sys
sys.path[:0] = [sys.argv[1]]
from shadow.candidates.served import served
from tests.replay.desk import case, run
agent = served([sys.argv[3], "service.py"], port=8000, label="v1", root=sys.argv[2])
with run(agent, [case(n) for n in (1, 2)], limits={"seconds": 600}) as running:
    print(running._state.nursery.process.pid, flush=True)
    list(running)
"""


@held("kernel")
@pytest.mark.parametrize("first", ["host", "guard", "nest"])
def test_whoever_is_killed_nothing_of_a_service_is_left(tmp_path: Path, first: str) -> None:
    """SIGKILL of the host, the guard or the nest while two services work, each with a daemon: all are gone."""
    word = f"{os.getpid()}.{len(first)}5"
    service(
        tmp_path,
        f"""
        def handle(case, request):
            if os.fork() == 0:
                if os.fork() == 0:
                    os.execv("/usr/bin/env", ["env", "sleep", "{word}"])
                os._exit(0)
            time.sleep(600)
        """,
    )
    command = [sys.executable, "-c", HOST, str(ROOT), str(tmp_path), PYTHON]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            guard = int(process.stdout.readline())
            (nest,) = _children(guard)
            while len(_running(word)) < 2:
                assert process.poll() is None
            watched = [watch(pid) for pid in (guard, nest, *_below(nest))]
            assert len(watched) >= 2 + 2 * 4  # who stands for it, process 1, the service, its daemon
            os.kill({"host": process.pid, "guard": guard, "nest": nest}[first], signal.SIGKILL)
            assert gone(watched)
        finally:
            process.kill()
    assert _running(word) == []


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _below(pid: int) -> list[int]:
    near = _children(pid)
    return [*near, *(one for child in near for one in _below(child))]


def test_a_pin_follows_what_it_is_made_of(tmp_path: Path) -> None:
    """Its source, command line, port, path and environment; not what stands beside and is not named."""
    handle = "def handle(case, request):\n    return 200, {}\n"
    (tmp_path / "node_modules").mkdir()
    first = service(tmp_path, handle)
    assert service(tmp_path, handle).pin == first.pin and len(first.pin) == 64
    changed: list[Mapping[str, Any]] = [{"port": 8001}, {"path": "/other"}, {"environment": {"A": "b"}}]
    changed += [{"line": (PYTHON, "-u", "service.py")}, {"models": ["small-1"]}]
    pins = {service(tmp_path, handle, **more).pin for more in changed}
    assert len(pins) == len(changed) and first.pin not in pins
    (tmp_path / "node_modules" / "other.js").write_text("x")
    assert service(tmp_path, handle).pin == first.pin
    assert service(tmp_path, handle + "# changed\n").pin != first.pin


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"port": 80}, "1024 to 65535"), ({"path": "handle"}, '"/handle"'), ({"line": ()}, "command line"),
        ({"line": ("true",)}, "nothing of its own"), ({"environment": {"a b": "c"}}, "no variable"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_service_is_said_at_once(tmp_path: Path, more: dict[str, Any], words: str) -> None:
    """Before anything is run."""
    with pytest.raises(CandidateError, match=words):
        service(tmp_path, "", **more)
