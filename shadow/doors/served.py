"""What a binding is: how a read is answered, or what a held write is answered with."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shadow.doors.listed import Route
from shadow.observation import AnswerKind

SLOT = re.compile(r"\{([A-Za-z_]\w*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AsOf:
    """The moment that a read is answered for.

    Attributes:
        case_id: the case whose replay asks.
        as_of: aware UTC; when the control began the case.
    """

    case_id: str
    as_of: datetime


def _nothing() -> None:
    """What most bindings have to open: nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Serves:
    """How a read is answered.

    Attributes:
        kind: what every answer of it is: recorded, as-of or live.
        answer: called with the arguments and the moment; gives data that `plain` can turn into JSON.
        spec: plain data, for the run's record.
        needs: the arguments without which it cannot answer.
        open: opens what it needs (connection, module), so that a run fails before its first case.
        routes: where else it can be asked: requests on them are calls of the same tool.
    """

    kind: AnswerKind
    answer: Callable[[dict[str, Any], AsOf], Any]
    spec: Mapping[str, Any]
    needs: tuple[str, ...] = ()
    open: Callable[[], None] = _nothing
    routes: tuple[Route, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """What a held write is answered with, and what the candidate's later reads see of it.

    Attributes:
        answer: JSON data; `{held_id}` and `{argument}` in its texts are filled in.
        changes: field to value, laid over later reads of the same entity and key; filled in likewise.
        routes: where else it can be asked: requests on them are calls of the same tool.
    """

    answer: Any
    changes: Mapping[str, Any] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()

    @property
    def spec(self) -> dict[str, Any]:
        """Plain data, for the run's record."""
        routes = {"routes": [one.spec for one in self.routes]} if self.routes else {}
        return {"template": self.answer, "changes": dict(self.changes), **routes}

    def fill(self, args: Mapping[str, Any], held_id: str) -> tuple[Any, dict[str, Any]]:
        """The answer and the changes for one call."""
        values = {**args, "held_id": held_id}
        return _filled(self.answer, values), _filled(dict(self.changes), values)


Binding = Serves | Template


def _filled(data: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(data, Mapping):
        return {name: _filled(item, values) for name, item in data.items()}
    if isinstance(data, list):
        return [_filled(item, values) for item in data]
    if not isinstance(data, str):
        return data
    alone = SLOT.fullmatch(data)
    if alone:
        return values.get(alone[1])
    return SLOT.sub(lambda slot: _as_text(values.get(slot[1])), data)


def _as_text(value: Any) -> str:
    return "" if value is None else str(value)
