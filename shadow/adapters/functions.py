"""A contract's tools as functions that a model may call, and what it can read when a call is answered or refused."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

from shadow.doors.plain import loads
from shadow.errors import ToolFailed, ToolRefused, UsageError

_LONGEST = 64  # characters of a function's name at OpenAI, Anthropic and Google
_FORBIDDEN = re.compile(r"[^A-Za-z0-9_-]")


class Offering(Protocol):
    """What is needed of a candidate's `Tools`."""

    def listed(self) -> list[dict[str, Any]]: ...

    def call(self, name: str, /, **args: Any) -> Any: ...

    def refuse(self, name: str, why: str) -> NoReturn: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A tool as a model knows it.

    Attributes:
        name: letters, digits, `_` and `-`, at most 64; `orders.get` is `orders_get`.
        tool: the tool's own name.
        about: what it is for, one sentence.
        schema: JSON Schema of its arguments, an object.
    """

    name: str
    tool: str
    about: str
    schema: Mapping[str, Any]


def functions(tools: Offering) -> tuple[Function, ...]:
    """Each tool of the contract, in its order.

    Raises:
        UsageError: two tools have one name in the letters that a model may use.
    """
    found: dict[str, Function] = {}
    for one in tools.listed():
        made = _function(one)
        other = found.setdefault(made.name, made)
        if other is not made:
            raise UsageError(
                "two tools have one name for a model", where=made.name, seen=f"{other.tool} and {made.tool}",
                allowed=f"names that differ in letters, digits, _ and -, within {_LONGEST} characters",
                todo="rename one of them in the contract",
            )  # fmt: skip
    return tuple(found.values())


def carry_out(tools: Offering, name: str, args: Mapping[str, Any] | str) -> tuple[bool, str]:
    """Make the call that a model asks for: (whether it was answered, what the model is told, as JSON).

    A refusal and a failure are told, never raised: the door has written them down. A name that no tool has goes to
    the door too, which refuses it.

    Args:
        name: the function's name, or the tool's own.
        args: its arguments, or the JSON text that the model wrote.
    """
    tool = next((one.tool for one in functions(tools) if one.name == name), name)
    try:
        answer = tools.call(tool, **_object(tools, tool, args))
    except (ToolRefused, ToolFailed) as error:
        word = "refused" if isinstance(error, ToolRefused) else "failed"
        return False, json.dumps({"error": {"type": word, "message": error.what}}, ensure_ascii=False)
    return True, json.dumps(answer, ensure_ascii=False)


def _function(listed: Mapping[str, Any]) -> Function:
    tool = str(listed["name"])
    return Function(
        name=_FORBIDDEN.sub("_", tool)[:_LONGEST],
        tool=tool,
        about=str(listed["about"]),
        schema={"type": "object", "properties": {}, **listed["args"]},
    )


def _object(tools: Offering, tool: str, args: Mapping[str, Any] | str) -> Mapping[str, Any]:
    """The arguments as an object; what is none is refused by the door, so that it is written down."""
    if isinstance(args, Mapping):
        return args
    try:
        read = loads(args or "{}")
    except ValueError as error:
        tools.refuse(tool, f"the arguments are not JSON: {error}"[:300])
    if not isinstance(read, dict):
        tools.refuse(tool, "the arguments are no JSON object")
    return read
