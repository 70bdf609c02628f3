"""JSON-RPC 2.0 over a case's line, as `docs/tools.md` has it; without a process, but over a real line."""

from __future__ import annotations

import json
import os
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shadow.contract.parts import read, write
from shadow.doors.bindings import template
from shadow.doors.tools import LISTINGS
from shadow.observation import Ending
from shadow.replay import flight as flying
from shadow.replay.flight import Flight
from shadow.replay.frames import Inbox, receive
from shadow.replay.limits import Limits
from shadow.replay.rpc import Lines, heard
from tests.doors.desk import TEXT, a_door, says, schema
from tests.replay.desk import held

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tools.md"
TOLD = {"input": {"order_id": "o1"}, "settings": {}, "now": "2026-03-02T09:30:00+00:00", "seed": 7}
LIMITS = Limits(call_bytes=2_000, value_bytes=4_000, output_bytes=50_000, calls=20)
TOOLS = (
    read("orders.get", entity="order", key="order_id", args=schema("order_id", order_id=TEXT)),
    write("refund.issue", entity="order", key="order_id", reversible=False),
)


class Line:
    """A candidate's end of a line, and the flight at ours."""

    def __init__(self, *, lines: bool) -> None:
        ours, self.socket = socket.socketpair()
        ours.setblocking(False)
        reading, writing = os.pipe()
        os.close(writing)
        bindings = {
            "orders.get": says({"order_id": "o1", "status": "open"}),
            "refund.issue": template({"id": "{held_id}"}),
        }
        self.flight = Flight(
            number=1, case=a_door(TOOLS, bindings).case, door=a_door(TOOLS, bindings), limits=LIMITS, line=ours,
            output=reading, inbox=(Lines if lines else Inbox)(most=4_000 + flying.HEADROOM), started=0.0,
            deadline=time.monotonic() + 60, told=TOLD,
        )  # fmt: skip

    def say(self, *messages: Any) -> list[Any]:
        """Send lines (or bytes as they are), and give what comes back."""
        sent = [one if isinstance(one, bytes) else json.dumps(one).encode() + b"\n" for one in messages]
        self.socket.sendall(b"".join(sent))
        flying.take_line(self.flight)
        self.socket.setblocking(False)
        try:
            back = self.socket.recv(1_000_000)
        except BlockingIOError:
            return []
        return [json.loads(text) for text in back.splitlines()]

    def ask(self, method: str, params: Any = None, number: Any = 1) -> Any:
        """One request, and its response without what every response has."""
        body = {"jsonrpc": "2.0", "id": number, "method": method, **({} if params is None else {"params": params})}
        (back,) = self.say(body)
        assert back.pop("jsonrpc") == "2.0" and back.pop("id") == number
        return back

    def close(self) -> None:
        self.socket.close()
        flying.close(self.flight)


@pytest.fixture
def line() -> Iterator[Line]:
    """A line that speaks lines of JSON."""
    made = Line(lines=True)
    yield made
    made.close()


@held("kernel")
def test_the_page_shows_what_is_spoken(line: Line) -> None:
    """Each request of the page's example gets the response below it, but for the two numbers of limits."""
    (shown,) = re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    messages = [json.loads(text) for text in shown.splitlines()]
    for request, response in zip(messages[::2], messages[1::2], strict=True):
        (back,) = line.say(request)
        for name in ("call_bytes", "value_bytes"):
            response.get("result", {}).pop(name, None)
        assert back == response
    assert line.flight.final == flying.Final(ending=Ending.FINISHED, value={"decision": "approve"})
    assert [one.tool for one in line.flight.door.reads] == ["orders.get"]


@held("kernel")
def test_the_cases_time_runs_from_when_it_is_given(line: Line) -> None:
    """Asked twice, it is given twice, and has begun once."""
    assert line.flight.began is None
    assert line.ask("case/get") == {"result": TOLD}
    began = line.flight.began
    assert began is not None and line.ask("case/get") == {"result": TOLD} and line.flight.began == began


@held("kernel")
def test_tools_are_listed_without_a_call(line: Line) -> None:
    """In the shape that MCP has; it is no call, and cannot be asked without end."""
    listed = line.ask("tools/list")["result"]["tools"]
    assert [(one["name"], one["annotations"]["readOnlyHint"]) for one in listed] == [
        ("orders.get", True),
        ("refund.issue", False),
        ("escalate", False),
    ]
    assert listed[0]["inputSchema"] == TOOLS[0].args
    for _ in range(LISTINGS - 1):
        assert "result" in line.ask("tools/list")
    assert line.ask("tools/list")["error"]["code"] == -32001
    assert line.flight.door.calls == 0


@held("kernel")
def test_a_key_goes_along(line: Line) -> None:
    """The same call under it is one held effect."""
    params = {"name": "refund.issue", "arguments": {"order_id": "o1"}, "key": "k1"}
    assert line.ask("tools/call", params) == line.ask("tools/call", params)
    (effect,) = line.flight.door.effects
    assert (effect.key, effect.repeated) == ("k1", 1)


@held("kernel")
def test_what_failed_is_told_from_what_was_refused(line: Line) -> None:
    """By its code and by a word."""
    line.flight.door.bindings = {**line.flight.door.bindings, "orders.get": says({1})}
    failed = line.ask("tools/call", {"name": "orders.get", "arguments": {"order_id": "o1"}})["error"]
    refused = line.ask("tools/call", {"name": "orders.get", "arguments": {"order_id": "o1", "x": 1}})["error"]
    assert (failed["code"], failed["data"]) == (-32002, {"word": "failed"})
    assert (refused["code"], refused["data"]) == (-32001, {"word": "refused"})


@held("kernel")
def test_a_call_that_cannot_be_asked_is_written_down(line: Line) -> None:
    """Arguments that are no object, a key that is no text: refused outside, as from Python."""
    for more in ({"arguments": [1]}, {"arguments": {}, "key": 7}):
        assert line.ask("tools/call", {"name": "refund.issue", **more})["error"]["code"] == -32001
    assert [one.why for one in line.flight.door.refusals] == ["arguments are no object", "the key is no text"]


@held("kernel")
@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"jsonrpc": "1.0", "id": 1, "method": "case/get"}, -32600),
        ({"jsonrpc": "2.0", "id": 1}, -32600),
        ({"jsonrpc": "2.0", "id": [1], "method": "case/get"}, -32600),
        ({"jsonrpc": "2.0", "id": True, "method": "case/get"}, -32600),
        ({"jsonrpc": "2.0", "id": 1, "method": "tools/Call"}, -32601),
        ({"jsonrpc": "2.0", "id": 1, "method": "case/get", "params": {"x": 1}}, -32602),
        ({"jsonrpc": "2.0", "id": 1, "method": "case/get", "params": [1]}, -32602),
        ({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"arguments": {}}}, -32602),
        ({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": 7}}, -32602),
        ({"jsonrpc": "2.0", "id": 1, "method": "case/usage", "params": {"input_tokens": -1}}, -32602),
        ({"jsonrpc": "2.0", "id": 1, "method": "case/finish"}, -32602),
    ],
)
def test_what_is_no_request_is_answered_and_nothing_comes_of_it(line: Line, message: Any, code: int) -> None:
    """The case goes on; its time has not begun."""
    (back,) = line.say(message)
    assert back["error"]["code"] == code
    assert line.flight.final is None and line.flight.began is None and line.flight.door.calls == 0


@held("kernel")
def test_a_request_without_an_id_is_done_and_not_answered(line: Line) -> None:
    """A write without an id is held all the same; one with the id null is answered."""
    call = {
        "jsonrpc": "2.0",
        "method": "tools/call",
        "params": {"name": "refund.issue", "arguments": {"order_id": "o"}},
    }
    assert line.say(call) == [] and len(line.flight.door.effects) == 1
    assert line.say({**call, "id": None})[0]["id"] is None


@held("kernel")
def test_tokens_add_up(line: Line) -> None:
    """As from Python."""
    assert line.ask("case/usage", {"input_tokens": 120, "output_tokens": 30}) == {"result": {}}
    line.ask("case/usage", {"output_tokens": 5})
    assert line.flight.tokens == 155


@held("kernel")
@pytest.mark.parametrize(
    ("method", "params", "ending", "error"),
    [
        ("case/finish", {"value": {"a": 1}}, Ending.FINISHED, ""),
        ("case/finish", {"value": [1]}, Ending.INVALID, "value is a list, not a JSON object"),
        ("case/fail", {"message": "no model", "detail": "trace"}, Ending.ERROR, "no model"),
        ("case/fail", {"message": ""}, Ending.ERROR, "it gave no reason"),
    ],
)
def test_the_last_word_ends_the_case(line: Line, method: str, params: Any, ending: Ending, error: str) -> None:
    """It is answered, so that a program knows; what it says later changes nothing."""
    assert line.ask(method, params) == {"result": {}}
    final = line.flight.final
    assert final is not None and (final.ending, final.error) == (ending, error) and line.flight.parted
    assert line.say({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "refund.issue"}}) == []
    assert line.flight.final is final and line.flight.door.calls == 0


@held("kernel")
@pytest.mark.parametrize(
    ("sent", "ending"),
    [
        (b"hello\n", Ending.INVALID),
        (b'{"jsonrpc": "2.0", "id": NaN}\n', Ending.INVALID),
        (b"[]\n", Ending.INVALID),
        (b"x" * 5_000, Ending.FLOOD),
        (b'{"a": "' + b"x" * 4_200 + b'"}\n', Ending.FLOOD),
        (b"\0\xff\xff\xff", Ending.FLOOD),
        (b'{"jsonrpc": "2.0", "method": "' + b"x" * 3_000 + b'"}\n', Ending.FLOOD),
    ],
)  # fmt: skip
def test_what_is_no_message_ends_the_case(line: Line, sent: bytes, ending: Ending) -> None:
    """No JSON, no object, too long: whether its line has ended or not."""
    line.say(sent)
    assert line.flight.final is not None and line.flight.final.ending is ending


@held("kernel")
def test_a_line_may_come_in_parts_and_many_at_once(line: Line) -> None:
    """Bytes are no messages; an empty line says nothing."""
    request = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "case/get"}).encode()
    assert line.say(b"\r\n \n" + request[:9]) == [] and line.say(request[9:]) == []
    assert len(line.say(b"\n" + request + b"\r\n\n" + request + b"\n")) == 3


@held("kernel")
@pytest.mark.parametrize("lines", [True, False])
def test_a_framed_message_is_answered_framed(lines: bool) -> None:
    """On a line of lines, and on the line that Python speaks."""
    line = Line(lines=lines)
    body = json.dumps({"jsonrpc": "2.0", "id": "a", "method": "case/get"}).encode()
    line.socket.sendall(len(body).to_bytes(4, "big") + body)
    flying.take_line(line.flight)
    assert receive(line.socket) == {"jsonrpc": "2.0", "id": "a", "result": TOLD}
    line.close()


@held("kernel")
def test_a_flood_of_requests_ends_the_case(line: Line) -> None:
    """What nothing comes of is counted by its bytes."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "x" * 900}).encode() + b"\n"
    for _ in range(60):
        line.say(body)
    assert line.flight.final is not None and line.flight.final.ending is Ending.FLOOD


@held("kernel")
def test_no_word_of_the_lines_own_comes_through_a_request() -> None:
    """Params are data: they cannot name the message that they become."""
    asked = heard(
        {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "a", "arguments": {"value": {}}}}
    )
    assert set(asked.message) == {"call", "args"}
