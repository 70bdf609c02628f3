"""What a candidate's own side of the tools says to the door; the door is a list here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from shadow.candidates.tools import Tools
from shadow.errors import ToolFailed, ToolRefused

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def tools(reply: dict[str, Any]) -> tuple[Tools, list[dict[str, Any]]]:
    """Tools whose door always says this, and what it has heard."""
    heard: list[dict[str, Any]] = []

    def ask(message: dict[str, Any]) -> dict[str, Any]:
        heard.append(message)
        return reply

    return Tools(ask, NOW), heard


def test_a_key_goes_beside_the_arguments() -> None:
    """So no argument's name can clash with it, not even `key`."""
    ours, heard = tools({"answer": {"id": 1}})
    assert ours.once("k1").call("refund.issue", key="x", name="y") == {"id": 1}
    assert heard == [{"call": "refund.issue", "args": {"key": "x", "name": "y"}, "key": "k1"}]


def test_without_once_there_is_no_key() -> None:
    """Two equal calls are two calls."""
    ours, heard = tools({"answer": None})
    ours.call("refund.issue", order_id="o1")
    assert heard == [{"call": "refund.issue", "args": {"order_id": "o1"}}]


@pytest.mark.parametrize("key", ["", None, 7])
def test_a_key_is_a_text(key: Any) -> None:
    """An empty one would silently be none."""
    with pytest.raises(ValueError, match="key is text"):
        tools({})[0].once(key)


def test_a_call_that_is_no_json_is_told_outside_under_a_key_too() -> None:
    """It is written down there, then raised here."""
    ours, heard = tools({"refused": "args.n is NaN"})
    with pytest.raises(ToolRefused, match="NaN"):
        ours.once("k1").call("refund.issue", n=float("nan"))
    assert heard == [{"refuse": "refund.issue", "why": "args.n is NaN"}]


def test_what_failed_is_told_from_what_was_refused() -> None:
    """Two errors, since only the first is worth trying again."""
    with pytest.raises(ToolFailed, match="order_already_refunded"):
        tools({"failed": "order_already_refunded"})[0].call("refund.issue")


def test_the_tools_are_asked_for_once() -> None:
    """What a framework does to its copy stays with it."""
    ours, heard = tools({"answer": [{"name": "a", "args": {}}]})
    ours.listed()[0]["args"]["x"] = 1
    assert ours.listed() == [{"name": "a", "args": {}}] and heard == [{"tools": True}]


def test_a_refusal_of_ones_own_is_written_down_and_raised() -> None:
    """As of a call whose arguments a model wrote as half a JSON text."""
    ours, heard = tools({"refused": "no JSON"})
    with pytest.raises(ToolRefused, match="no JSON"):
        ours.refuse("refund.issue", "no JSON")
    assert heard == [{"refuse": "refund.issue", "why": "no JSON"}]
