"""The tools door as a candidate in its process meets it: keys, the list of tools, and JSON-RPC on the same line."""

from __future__ import annotations

from pathlib import Path

from shadow.observation import Ending
from tests.replay.desk import candidate, one

RETRIES = """
from shadow.errors import ToolRefused

def handle(case, tools):
    order = tools.call("orders.get", order_id="o1")
    paid = [tools.once("k1").call("refund.issue", order_id="o1", amount="5.00", currency="EUR") for _ in range(3)]
    try:
        tools.once("k1").call("refund.issue", order_id="o1", amount="6.00", currency="EUR")
    except ToolRefused as error:
        refused = str(error)
    again = tools.call("refund.issue", order_id="o1", amount="5.00", currency="EUR")
    names = [one["name"] for one in tools.listed()]
    return {"before": order["status"], "after": tools.call("orders.get", order_id="o1")["status"],
            "paid": paid, "again": again, "refused": refused, "names": names}
"""

IN_JSON_RPC = """
import json

def handle(case, tools):
    line = tools._ask.__self__.socket

    def ask(number, method, **params):
        body = json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode()
        line.sendall(len(body).to_bytes(4, "big") + body)
        size = int.from_bytes(line.recv(4), "big")
        return json.loads(line.recv(size))

    read = ask(1, "tools/call", name="orders.get", arguments={"order_id": "o1"})
    held = ask("b", "tools/call", name="refund.issue", key="k",
               arguments={"order_id": "o1", "amount": "5.00", "currency": "EUR"})
    ask(3, "case/finish", value={"read": read, "held": held})
"""


def test_a_retry_under_its_key_is_one_held_effect(tmp_path: Path) -> None:
    """Three calls under one key are one effect, a call without one is a second, and the tools are known by name."""
    seen = one(candidate(tmp_path, RETRIES))
    assert seen.ending is Ending.FINISHED and seen.value is not None, seen.error
    assert (seen.value["before"], seen.value["after"]) == ("open", "refunded")
    first = {"refund": "01234567-c1-1", "paid": "5.00"}
    assert seen.value["paid"] == [first] * 3 and seen.value["again"]["refund"] == "01234567-c1-2"
    assert "used before with other arguments" in seen.value["refused"]
    assert seen.value["names"] == ["orders.get", "told", "refund.issue", "escalate"]
    assert [(effect.key, effect.repeated) for effect in seen.effects] == [("k1", 2), ("", 0)]
    assert len(seen.refusals) == 1


def test_json_rpc_goes_over_the_same_line(tmp_path: Path) -> None:
    """Framed as the line is; what the request finishes with is the case's value."""
    seen = one(candidate(tmp_path, IN_JSON_RPC))
    assert seen.ending is Ending.FINISHED and seen.value is not None, seen.error
    assert seen.value["read"] == {"jsonrpc": "2.0", "id": 1, "result": {"answer": {"order_id": "o1", "status": "open"}}}
    assert seen.value["held"]["result"]["answer"]["refund"] == "01234567-c1-1"
    assert [effect.key for effect in seen.effects] == ["k"] and len(seen.reads) == 1
