"""A contract's tools as functions of a model: names that providers take, and no call that is lost."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from shadow.adapters.functions import carry_out, functions
from shadow.contract.parts import read
from shadow.errors import UsageError
from tests.agents import desk
from tests.agents.line import opened


def told(result: tuple[bool, str]) -> Any:
    return json.loads(result[1])


def test_a_name_that_a_provider_takes() -> None:
    """Dots are no letters of a function's name; the schema and the order are the contract's."""
    tools, _ = opened()
    known = {one.name: one for one in functions(tools)}
    assert list(known)[:3] == ["orders_get", "refund_issue", "email_send"]
    assert known["refund_issue"].tool == "refund.issue"
    assert known["refund_issue"].schema == desk.CONTRACT.tools[1].args
    assert all(one.about for one in known.values())


def test_a_name_is_not_too_long() -> None:
    """Providers refuse a function whose name has more than 64 characters."""
    tools, door = opened(replace(desk.CONTRACT, tools=(read("orders." + "x" * 70),)))
    (name, _) = (one.name for one in functions(tools))
    assert name == "orders_" + "x" * 57
    carry_out(tools, name, {"order_id": "o1"})
    assert [one.tool for one in door.reads] == ["orders." + "x" * 70]


def test_two_tools_of_one_name_are_refused() -> None:
    """Rule: `functions` refuses a contract of which two tools would be one function, before a model is asked."""
    clash = replace(desk.CONTRACT, tools=(*desk.CONTRACT.tools, read("orders_get")))
    with pytest.raises(UsageError, match=r"orders\.get and orders_get"):
        functions(opened(clash)[0])


def test_a_tool_without_a_schema_takes_an_object() -> None:
    """Providers want an object where the contract says nothing."""
    loose = replace(desk.CONTRACT, tools=(read("clock.get"),))
    assert functions(opened(loose)[0])[0].schema == {"type": "object", "properties": {}}


def test_a_call_is_made_by_either_name() -> None:
    """A model may say the function's name or the tool's."""
    tools, door = opened()
    for name in ("orders_get", "orders.get"):
        assert told(carry_out(tools, name, {"order_id": "o1"})) == desk.ORDERS["o1"]
    assert [one.tool for one in door.reads] == ["orders.get", "orders.get"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"order_id": "o1"', "not JSON"),
        ("[1]", "no JSON object"),
        ('{"order_id": "o1", "order_id": "o2"}', "twice"),
        ('{"order_id": NaN}', "NaN"),
        ("[" * 100_000, "nested"),
    ],
)
def test_what_is_no_object_is_written_down(text: str, why: str) -> None:
    """Rule: arguments that cannot be read reach the door as a refusal, and the model as words."""
    tools, door = opened()
    answered, said = carry_out(tools, "refund_issue", text)
    assert not answered and json.loads(said)["error"]["type"] == "refused"
    assert [(one.tool, why in one.why) for one in door.refusals] == [("refund.issue", True)]
    assert door.effects == []


def test_an_unknown_function_is_written_down() -> None:
    """Rule: a function that the model has invented reaches the door, which refuses it."""
    tools, door = opened()
    answered, said = carry_out(tools, "wire_money", {"amount": "1"})
    assert not answered and "no such tool" in said
    assert [one.tool for one in door.refusals] == ["wire_money"]


def test_no_arguments_are_an_empty_object() -> None:
    """Some models write nothing where a function takes nothing."""
    tools, door = opened(replace(desk.CONTRACT, tools=(read("orders.get"),)))
    carry_out(tools, "orders_get", "")
    assert door.calls == 1 and not door.refusals
