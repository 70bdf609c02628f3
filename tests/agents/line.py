"""A case's tools without a process around them: a real door, and the real `Tools` that asks it."""

from __future__ import annotations

import time
from typing import Any

from shadow.candidates.tools import Tools
from shadow.contract.model import Contract
from shadow.doors.bindings import python
from shadow.doors.checks import compile_checks
from shadow.doors.listing import listed
from shadow.doors.tools import ToolsDoor
from tests.agents import desk


def opened(contract: Contract = desk.CONTRACT, order_id: str = "o1", calls_most: int = 100) -> tuple[Tools, ToolsDoor]:
    """The tools of a claim about this order, and their door; what the desk does not have is read as an order."""
    known = {tool.name: python(desk.order) for tool in contract.tools} | desk.bindings()
    door = ToolsDoor(
        case=desk.case(order_id), experiment="0123456789", checks=compile_checks(contract), bindings=known,
        calls_most=calls_most, bytes_most=100_000, clock=lambda: desk.BEGAN, ticks=time.monotonic,
    )  # fmt: skip

    def ask(message: dict[str, Any]) -> dict[str, Any]:
        if "call" in message:
            answer = door.answer(message["call"], message["args"])
        elif "refuse" in message:
            answer = door.refuse(message["refuse"], {}, message["why"])
        else:
            return {"answer": listed(contract)}
        return {answer.word: answer.value}

    return Tools(ask, desk.BEGAN), door
