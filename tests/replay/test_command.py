"""A command as candidate: any program, run anew for each case, which speaks lines of JSON-RPC over a descriptor."""

from __future__ import annotations

import shutil
import signal
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from shadow.candidates.command import command
from shadow.candidates.model import Candidate
from shadow.doors.bindings import json_body, route, routes_of, template
from shadow.errors import CandidateError, ContainmentUnavailable
from shadow.observation import Ending, RefusalKind
from shadow.replay import Limits, replay
from shadow.replay.network import open_network
from tests.cage.test_namespaces import needs_namespaces
from tests.doors.network.upstream import running
from tests.replay.desk import CONTRACT, bindings, case, held, one, run

pytestmark = [pytest.mark.kill, needs_namespaces]
PYTHON = Path(sys.executable).name
NODE = """
const line = new (require('net').Socket)({fd: Number(process.env.SHADOW_LINE), readable: true, writable: true});
const waiting = {};
let heard = '', asked = 0;
line.on('data', (part) => {
  heard += part;
  for (let end; (end = heard.indexOf('\\n')) >= 0; heard = heard.slice(end + 1)) {
    const said = JSON.parse(heard.slice(0, end));
    waiting[said.id](said);
  }
});
const ask = (method, params) => new Promise((done) => {
  waiting[++asked] = done;
  line.write(JSON.stringify({jsonrpc: '2.0', id: asked, method, params}) + '\\n');
});
(async () => {
  const {input, settings, now} = (await ask('case/get')).result;
  const order = (await ask('tools/call', {name: 'orders.get', arguments: {order_id: 'o' + input.n}})).result.answer;
  const refund = {order_id: order.order_id, amount: settings.amount, currency: 'EUR'};
  const held = (await ask('tools/call', {name: 'refund.issue', arguments: refund})).result.answer;
  const refused = (await ask('tools/call', {name: 'db.drop', arguments: {}})).error.code;
  await ask('case/finish', {value: {n: input.n, status: order.status, paid: held.paid, refused, now}});
  process.exit(0);
})();
"""
SHELL = r"""
ask() { printf '%s\n' "$1" >&"$SHADOW_LINE"; IFS= read -r answer <&"$SHADOW_LINE"; }
ask '{"jsonrpc":"2.0","id":1,"method":"case/get"}'
ask '{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"orders.get","arguments":{"order_id":"o7"}}}'
case "$answer" in *'"open"'*) found=true ;; *) found=false ;; esac
seen=$(ls /usr/bin | head -n 1 | wc -l)
ask '{"jsonrpc":"2.0","id":3,"method":"case/finish","params":{"value":{"found":'"$found"',"lines":'"$seen"'}}}'
"""
SPEAKS = """
import json, os, socket, subprocess, sys, time
line = open(int(os.environ["SHADOW_LINE"]), "r+b", buffering=0)
def ask(method, **params):
    line.write(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode() + b"\\n")
    said = b""
    while not said.endswith(b"\\n"):
        said += line.read(65536)
    return json.loads(said)
def tool(name, **arguments):
    return ask("tools/call", name=name, arguments=arguments)["result"]["answer"]
case = ask("case/get")["result"]["input"]
"""


def program(folder: Path, source: str, **more: Any) -> Candidate:
    """A Python program of its own, without our package, that has asked for its case."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "agent.py").write_text(SPEAKS + textwrap.dedent(source), encoding="utf-8")
    return command([PYTHON, "-I", "agent.py"], label="v1", root=str(folder), **more)


@held("kernel")
@pytest.mark.skipif(shutil.which("node", path="/usr/local/bin:/usr/bin:/bin") is None, reason="no node here")
def test_a_program_of_another_language_is_taken_through_its_cases(tmp_path: Path) -> None:
    """Node: its reads, held effects, refusals and values, each its own case's."""
    (tmp_path / "agent.js").write_text(NODE, encoding="utf-8")
    agent = command(["node", "agent.js"], label="2026-11-01", root=str(tmp_path), settings={"amount": "9.00"})
    for given, seen in run(agent, [case(n) for n in range(6)], limits={"at_once": 3}):
        n = given.input["n"]
        assert (seen.ending, seen.error) == (Ending.FINISHED, ""), seen.detail
        assert seen.value == {
            "n": n, "status": "open", "paid": "9.00", "refused": -32001, "now": "2026-03-02T09:30:00+00:00"
        }  # fmt: skip
        assert [(effect.tool, effect.args["order_id"]) for effect in seen.effects] == [("refund.issue", f"o{n}")]
        assert [refusal.tool for refusal in seen.refusals if refusal.kind is RefusalKind.TOOL] == ["db.drop"]
        assert not [refusal for refusal in seen.refusals if refusal.kind is RefusalKind.SYSTEM]


@held("kernel")
def test_a_shell_script_is_a_candidate(tmp_path: Path) -> None:
    """No library at all: lines to and from a descriptor, and programs of the system's."""
    (tmp_path / "agent.sh").write_text(SHELL, encoding="utf-8")
    if shutil.which("bash", path="/usr/bin:/bin") is None:
        pytest.skip("a plain sh takes descriptors of one digit only")
    seen = one(command(["bash", "agent.sh"], label="v1", root=str(tmp_path)))
    assert (seen.value, seen.error) == ({"found": True, "lines": 1}, ""), seen.detail


ENDINGS = {
    "status": ("sys.exit(3)", Ending.ERROR, "its process exited with status 3 before it answered"),
    "silence": ("sys.exit(0)", Ending.ERROR, "its process exited with status 0 before it answered"),
    "signal": ("import ctypes; ctypes.string_at(0)", Ending.ERROR, "its process exited with status 139 "),
    "fails": ("ask('case/fail', message='no stock')", Ending.ERROR, "no stock"),
    "noise": ("line.write(b'hello\\n'); time.sleep(60)", Ending.INVALID, "what it said is no message"),
    "long": ("line.write(b'[' * 3_000_000)", Ending.FLOOD, "a message of more than"),
    "prints": ("print('x' * 200_000, flush=True); time.sleep(60)", Ending.FLOOD, "more than 100000 bytes printed"),
    "waits": ("time.sleep(600)", Ending.TIMEOUT, "no answer within 2 s"),
    "stays": ("ask('case/finish', value={}); time.sleep(600)", Ending.FINISHED, ""),
}


@held("kernel")
@pytest.mark.parametrize("name", ENDINGS)
def test_how_it_ends_is_its_cases_ending(tmp_path: Path, name: str) -> None:
    """A program that ends without a last word has failed, whatever its status; one that goes on after it is ended."""
    source, ending, words = ENDINGS[name]
    seen = one(program(tmp_path, source), limits={"seconds": 2, "output_bytes": 100_000})
    assert (seen.ending, seen.error[: len(words)]) == (ending, words)


@held("kernel")
def test_its_input_is_empty_and_its_environment_is_what_was_declared(tmp_path: Path) -> None:
    """No descriptor but the three and the line, no variable of the host's (`program_case._launch`)."""
    agent = program(
        tmp_path,
        """
        def is_open(number):
            try: os.fstat(number)
            except OSError: return False
            return True
        opened = [number for number in range(3, 100) if is_open(number)]
        ask("case/finish", value={"input": sys.stdin.read(), "names": sorted(os.environ), "key": os.environ["KEY"],
                                  "opened": opened, "line": int(os.environ["SHADOW_LINE"])})
        """,
        environment={"KEY": "dummy"},
    )
    value = one(agent).value
    assert value is not None
    assert (value["input"], value["key"], value["opened"]) == ("", "dummy", [value["line"]])
    assert set(value["names"]) <= {
        "KEY", "LANG", "LC_CTYPE", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PATH",
        "PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED", "PYTHONUNBUFFERED", "SHADOW_LINE",
    }  # fmt: skip


@held("kernel")
def test_its_line_is_a_socket_of_its_own_network(tmp_path: Path) -> None:
    """With one of the host's it could take names there, which others listen by (`program_case._converse`)."""
    name = f"shadow-test-{tmp_path.name}"
    agent = program(
        tmp_path,
        f"""
        import socket
        same = socket.socket(fileno=os.dup(int(os.environ["SHADOW_LINE"])))
        same.bind("\\0{name}")
        told = tool("told", said=same.getsockname()[1:].decode("latin-1"))
        ask("case/finish", value={{"told": told}})
        """,
    )

    def told(args: dict[str, Any]) -> bool:
        taken = Path("/proc/net/unix").read_text(encoding="utf-8", errors="replace")
        return args["said"] == name and f"@{name}" not in taken

    seen = one(agent, told=told)
    assert seen.value == {"told": True}, seen.detail


@held("kernel")
def test_what_its_children_try_is_told_for_its_case(tmp_path: Path) -> None:
    """A child's child of each of ten at once: refused, and told for the case that it is below."""
    agent = program(
        tmp_path,
        """
        below = f"import os; os.mkdir('/tmp/x{case['n']}')"
        code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {below!r}])"
        subprocess.run([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
        ask("case/finish", value={"n": case["n"]})
        """,
    )
    for given, seen in run(agent, [case(n) for n in range(10)], limits={"at_once": 10}):
        told = {f"{one.tool} {one.args.get('about')}" for one in seen.refusals if one.kind is RefusalKind.SYSTEM}
        assert told == {f"mkdir /tmp/x{given.input['n']}"} and seen.value == {"n": given.input["n"]}


@held("kernel")
def test_its_http_meets_the_network_door(tmp_path: Path) -> None:
    """With tools by line and by HTTP in one case, both are held."""
    agent = program(
        tmp_path,
        """
        import urllib.request
        body = json.dumps({"order_id": "o1", "amount": "1.00", "currency": "EUR"}).encode()
        kind = {"Content-Type": "application/json"}
        asked = urllib.request.Request(case["url"] + "/v1/refunds", data=body, headers=kind)
        held = json.load(urllib.request.urlopen(asked))["id"]
        ask("case/finish", value={"held": held, "status": tool("orders.get", order_id="o1")["status"]})
        """,
    )
    with running() as upstream:
        bound = {
            **bindings(),
            "refund.issue": route(
                "POST", f"{upstream.url}/v1/refunds", args=json_body(), answer=template({"id": "{held_id}"})
            ),
        }
        found = replay(
            [case(1, url=upstream.url)], agent, contract=CONTRACT, bindings=bound, experiment="0123456789abcdef",
            limits=Limits(seconds=20), network=open_network(routes_of(bound)),
        )  # fmt: skip
        ((_, seen),) = list(found)
        assert upstream.asked == []
    assert (seen.error, [effect.tool for effect in seen.effects]) == ("", ["refund.issue"])
    assert seen.value == {"held": seen.effects[0].held, "status": "open"}


@held("kernel")
def test_a_flood_of_processes_is_its_own_end(tmp_path: Path) -> None:
    """Processes are counted; those beside it go on (`broker.STARTED_MOST`, `enter.PROCESSES_MOST`)."""
    agent = program(
        tmp_path,
        """
        if case["n"] == 1:
            while True:
                try: os.fork()
                except OSError: time.sleep(0.1)
        ask("case/finish", value={"n": case["n"]})
        """,
    )
    told = {given.id: seen for given, seen in run(agent, [case(1), case(2)], limits={"seconds": 3, "at_once": 2})}
    assert told["c1"].ending in (Ending.TIMEOUT, Ending.FLOOD) and told["c2"].value == {"n": 2}


@held("kernel")
@pytest.mark.parametrize("mib", [2048, 256])
def test_the_memory_of_all_its_processes_is_limited(tmp_path: Path, mib: int) -> None:
    """Each holds less than it may, and all together more: the case is ended (`ward._weigh`); with room it is not."""
    agent = program(
        tmp_path,
        """
        import select
        for _ in range(6):
            if os.fork() == 0:
                kept = bytearray(os.urandom(1 << 20) * 80)
                time.sleep(600)
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            select.select([], [], [], 0.1)
        ask("case/finish", value={})
        """,
    )
    seen = one(agent, limits={"memory_bytes": mib * 2**20})
    if mib == 2048:
        assert (seen.ending, seen.error) == (Ending.FINISHED, "")
    else:
        assert (seen.ending, seen.error) == (Ending.ERROR, "its process was killed by SIGKILL before it answered")


@held("kernel")
def test_a_nest_that_is_killed_is_started_again(tmp_path: Path) -> None:
    """The cases in flight are tried once more, alone; nothing of them was left."""
    import os

    agent = program(tmp_path, "tool('told', n=1)\nask('case/finish', value={'n': 1})\n")
    killed: list[int] = []

    def told(args: dict[str, Any]) -> None:
        if not killed:
            killed.append(found._state.nursery.process.pid)
            os.kill(killed[0], signal.SIGKILL)

    found: Any = run(agent, [case()], told=told)
    ((_, seen),) = list(found)
    assert (seen.value, found.restarts, len(killed)) == ({"n": 1}, 1, 1)


@held("cooperative")
def test_where_nothing_is_enforced_no_program_is_run(tmp_path: Path) -> None:
    """It is said, and nothing is started (`programs.open_programs`)."""
    with pytest.raises(ContainmentUnavailable, match="where the kernel holds it"):
        one(program(tmp_path, "open('/tmp/h5-never', 'w')"))


def test_a_changed_script_is_another_candidate(tmp_path: Path) -> None:
    """The pin is of the source as it is now; what changes before the replay is refused (`pin.pin_now`)."""
    first = program(tmp_path, "pass")
    assert first.pin == program(tmp_path, "pass").pin != program(tmp_path, "pass\n# other").pin
    (tmp_path / "prompt.md").write_text("Be kind.")
    assert program(tmp_path, "pass").pin != first.pin  # it lies beside the script
    with pytest.raises(CandidateError, match="no longer what was pinned"):
        one(first, isolation="kernel")
