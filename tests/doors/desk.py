"""A door over tools of a test's own, without a process."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import count
from typing import Any

from shadow.case import Case
from shadow.contract.model import Contract, Tool
from shadow.doors.bindings import Binding, check_bindings, python
from shadow.doors.checks import compile_checks
from shadow.doors.tools import ToolsDoor
from shadow.observation import Effect, Read

BEGAN = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TEXT = {"type": "string"}
OBJECT: dict[str, Any] = {"type": "object", "properties": {"n": {}}}


def schema(*required: str, **fields: Any) -> dict[str, Any]:
    """A schema of an object that names these members and says nothing of others."""
    return {"type": "object", "properties": fields, "required": list(required)}


def a_contract(*tools: Tool) -> Contract:
    """A contract of these tools."""
    return Contract(
        workflow="shop", owner="ops", unit="n", accepts=OBJECT, produces=OBJECT, tools=tools, compare={}, gates=()
    )


def a_door(tools: tuple[Tool, ...], bindings: Mapping[str, Binding]) -> ToolsDoor:
    """The door of case c7 over these tools; their bindings are checked as a run checks them."""
    contract, ticks = a_contract(*tools), count(100)
    check_bindings(contract, bindings)
    return ToolsDoor(
        case=Case(id="c7", unit="u", arrived_at=BEGAN, began_at=BEGAN, input={"n": 1}),
        experiment="0123456789", checks=compile_checks(contract), bindings=bindings, calls_most=99, bytes_most=10_000,
        clock=lambda: BEGAN, ticks=lambda: float(next(ticks)), began=100.0,
    )  # fmt: skip


def says(answer: Any) -> Binding:
    """A read that always says this."""
    return python(lambda args, moment: answer, kind="live")


def effect(door: ToolsDoor) -> Effect:
    """The one effect that a door holds."""
    (held,) = door.effects
    return held


def last_read(door: ToolsDoor) -> Read:
    """What the door wrote down last of reads."""
    return door.reads[-1]
