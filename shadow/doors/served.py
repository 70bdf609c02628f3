"""What a binding is: how a read is answered, or what a held write is answered with."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
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
        sifts: lower-case words of what it sifts, groups or cuts its rows by, whatever the arguments are.
        witness: asked after a run; one sentence of the live system itself on whether this binding wrote.
    """

    kind: AnswerKind
    answer: Callable[[dict[str, Any], AsOf], Any]
    spec: Mapping[str, Any]
    needs: tuple[str, ...] = ()
    open: Callable[[], None] = _nothing
    routes: tuple[Route, ...] = ()
    sifts: frozenset[str] = frozenset()
    witness: Callable[[], str] | None = None

    @property
    def forwards(self) -> bool:
        """Whether the network door asks the upstream, so that the answer is not seen here."""
        return self.spec.get("forwarded") is True


@dataclass(frozen=True, slots=True, kw_only=True)
class Requires:
    """What must hold in the world, with the case's own held effects laid over it, before a write is held.

    Attributes:
        read: the read tool that is asked, as of the case.
        args: its arguments; `{argument}` of the write in its texts is filled in.
        when: JSON Schema that the answer must fulfil.
        otherwise: what the call fails with where it does not, in the live system's words.
    """

    read: str
    args: Mapping[str, Any]
    when: Mapping[str, Any]
    otherwise: str

    def filled(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """The read's arguments for one call of the write."""
        made: dict[str, Any] = _filled(dict(self.args), args)
        return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What one held write would have done to its entity.

    Attributes:
        fields: field to value, of the instance that the write's key names.
        creates: the fields of a new instance, or None.
        deletes: whether the instance that the key names would be gone.
        said: whether the template says anything of it; where it does not, what later reads show is not known.
    """

    fields: Mapping[str, Any]
    creates: Mapping[str, Any] | None
    deletes: bool
    said: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """What a held write is answered with, and what the candidate's later reads see of it.

    Attributes:
        answer: JSON data; `{held_id}` and `{argument}` in its texts are filled in.
        changes: field to value, laid over later reads of the same entity and key; filled in likewise. None:
            not said, so that later reads of the entity are marked as partial; empty: reads show nothing of it.
        creates: the fields of a new instance of the entity, which later reads see; filled in likewise.
        deletes: whether later reads find the instance gone.
        requires: what must hold before it is held.
        routes: where else it can be asked: requests on them are calls of the same tool.
    """

    answer: Any
    changes: Mapping[str, Any] | None = None
    creates: Mapping[str, Any] | None = None
    deletes: bool = False
    requires: tuple[Requires, ...] = ()
    routes: tuple[Route, ...] = ()

    @property
    def spec(self) -> dict[str, Any]:
        """Plain data, for the run's record."""
        known: dict[str, Any] = {"template": self.answer, "changes": dict(self.changes or {})}
        if self.creates is not None:
            known["creates"] = dict(self.creates)
        if self.deletes:
            known["deletes"] = True
        if self.requires:
            known["requires"] = [asdict(one) for one in self.requires]
        if self.routes:
            known["routes"] = [one.spec for one in self.routes]
        return known

    def fill(self, args: Mapping[str, Any], held_id: str) -> tuple[Any, Changes]:
        """The answer and the changes for one call."""
        values = {**args, "held_id": held_id}
        changes = Changes(
            fields=_filled(dict(self.changes or {}), values),
            creates=None if self.creates is None else _filled(dict(self.creates), values),
            deletes=self.deletes,
            said=self.changes is not None or self.creates is not None or self.deletes,
        )
        return _filled(self.answer, values), changes

    @property
    def echoes(self) -> bool:
        """Whether the answer is made of the call's arguments alone, as {"amount": "{amount}"}."""
        leaves = list(_leaves(self.answer))
        slots = [SLOT.fullmatch(leaf) if isinstance(leaf, str) else None for leaf in leaves]
        return bool(slots) and all(slot is not None and slot[1] != "held_id" for slot in slots)


Binding = Serves | Template


def _leaves(data: Any) -> Iterator[Any]:
    if not isinstance(data, Mapping | list):
        yield data
        return
    for part in data.values() if isinstance(data, Mapping) else data:
        yield from _leaves(part)


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
