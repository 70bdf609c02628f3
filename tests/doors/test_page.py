"""What `docs/tools.md` shows works as it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from shadow.candidates.tools import Tools
from shadow.doors.tools import ToolsDoor
from shadow.observation import Answered
from tests.doors.desk import BEGAN, a_door

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tools.md"


def the_page() -> tuple[ToolsDoor, Tools, Any]:
    """The page's door, the tools that speak to it, and its candidate."""
    names: dict[str, Any] = {}
    for text in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        exec(compile(text, PAGE.name, "exec"), names)
    door = a_door(tuple(names["TOOLS"]), names["BINDINGS"])

    def ask(message: dict[str, Any]) -> dict[str, Any]:
        answer = door.answer(message["call"], message["args"], message.get("key", ""))
        return {answer.word: answer.value}

    return door, Tools(ask, BEGAN), names["handle"]


def test_the_pages_candidate_refunds_once() -> None:
    """Its write is checked, held, and held once where it comes again; its key is the page's."""
    door, tools, handle = the_page()
    assert handle({"order_id": "o1"}, tools) == handle({"order_id": "o1"}, tools)
    (effect,) = door.effects
    assert (effect.key, effect.repeated, effect.answered) == ("refund-o1", 1, Answered.CHECKED)


def test_the_pages_writes_are_read_as_it_says() -> None:
    """Changed, created and deleted, alone and in a list; a filter that no item shows makes it partial."""
    door, tools, _ = the_page()
    tools.call("refund.issue", order_id="o1", amount="5")
    made = tools.call("order.open", reference="r")["id"]
    assert tools.call("orders.get", order_id="o1")["status"] == "refunded"
    listed = [{"order_id": "o1", "status": "refunded"}, {"order_id": made, "status": "open"}]
    assert tools.call("orders.list") == listed and not door.reads[-1].partial
    tools.call("orders.list", customer_id="c1")
    assert door.reads[-1].own and door.reads[-1].partial
    tools.call("order.drop", order_id="o1")
    assert tools.call("orders.list") == listed[1:]
