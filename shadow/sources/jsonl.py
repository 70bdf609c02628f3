"""Cases and outcomes in files of one JSON object a line.

A case: `{"id": "c1", "arrived_at": "2026-11-01T09:30:00+00:00", "input": {…}}`; `began_at` may be
there too, and `settled`: the control's outcome, or a list of its revisions. An outcome:
`{"settled_at": "…", "value": {…}, "effects": [{"tool": "refund.issue", "args": {…}, "at": "…"}]}`;
in a file of its own it also has the case's `id`. Effects are given as they stood at that outcome,
and may be left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import Any

from shadow.case import Arrival, Settlement
from shadow.errors import SourceError
from shadow.observation import Effect, Ending, Observation
from shadow.sources import values

Item = Mapping[str, Any]
Place = tuple[datetime, str, int, int]  # moment, id, byte offset of its line, number within the line

_CASE = ("id", "arrived_at", "began_at", "input", "settled")
_OUTCOME = ("id", "settled_at", "value", "effects")
_EFFECT = ("tool", "args", "at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Jsonl:
    """A source in files; `jsonl(...)` makes it."""

    path: Path
    settled_path: Path | None
    timezone: str

    def arrivals(self, start: datetime, end: datetime) -> Iterator[Arrival]:
        """What arrived in `[start, end)`; of the file only the window's moments and ids are held."""
        found: list[Place] = []
        for offset, where, item in _lines(self.path, _CASE):
            at = self._moment(item, "arrived_at", where)
            if start <= at < end:
                found.append((at, _id(item, where) or "", offset, 0))
        for at, name, offset, _ in sorted(found):
            where, item = _line(self.path, offset)
            began = self._moment(item, "began_at", where) if item.get("began_at") is not None else at
            yield Arrival(id=name or None, arrived_at=at, began_at=began, input=_object(item, "input", where))

    def settled(self, start: datetime, end: datetime) -> Iterator[Settlement]:
        """What settled in `[start, end)`; of the file only the window's moments and ids are held."""
        path = self.settled_path or self.path
        found: list[Place] = []
        for offset, where, item in _lines(path, _OUTCOME if self.settled_path else _CASE):
            for number, outcome in enumerate(self._outcomes(item, where)):
                at = self._moment(outcome, "settled_at", where)
                if start <= at < end:
                    found.append((at, _settled_id(item, where), offset, number))
        for at, name, offset, number in sorted(found):
            where, item = _line(path, offset)
            outcome = self._outcomes(item, where)[number]
            yield Settlement(case_id=name, settled_at=at, observation=self._observation(outcome, where))

    def spec(self) -> dict[str, Any]:
        """`{"source": "jsonl", "path": …, "settled": … or None, "timezone": …}`."""
        settled = str(self.settled_path) if self.settled_path else None
        return {"source": "jsonl", "path": str(self.path), "settled": settled, "timezone": self.timezone}

    def _outcomes(self, item: Item, where: str) -> list[Item]:
        if self.settled_path:
            return [item]
        given = item.get("settled") or []
        outcomes = given if isinstance(given, list) else [given]
        for outcome in outcomes:
            if not isinstance(outcome, Mapping):
                raise SourceError("settled is no object", where=where, seen=repr(outcome)[:80])
            _known(outcome, _OUTCOME[1:], where)
        return outcomes

    def _observation(self, outcome: Item, where: str) -> Observation:
        given = outcome.get("effects") or []
        if not isinstance(given, list) or not all(isinstance(effect, Mapping) for effect in given):
            raise SourceError("effects is no list of objects", where=where, seen=repr(given)[:80])
        return Observation(
            ending=Ending.FINISHED,
            value=_object(outcome, "value", where),
            effects=tuple(self._effect(effect, where) for effect in given),
        )

    def _effect(self, effect: Item, where: str) -> Effect:
        _known(effect, _EFFECT, where)
        if not isinstance(effect.get("tool"), str):
            raise SourceError("an effect has no tool", where=where, seen=repr(effect)[:80])
        at = self._moment(effect, "at", where) if effect.get("at") is not None else None
        return Effect(tool=effect["tool"], args=_object(effect, "args", where), at=at)

    def _moment(self, item: Item, column: str, where: str) -> datetime:
        naive = values.zone(self.timezone, where=where)
        return values.moment(item.get(column), naive=naive, where=where, column=column)


def jsonl(path: str | PathLike[str], *, settled: str | PathLike[str] | None = None, timezone: str = "UTC") -> Jsonl:
    """A source in a file of one JSON object a line; the module says what a line holds.

    Args:
        path: the cases.
        settled: the outcomes, where they are in a file of their own.
        timezone: how moments without a zone are read, an IANA name.

    Raises:
        SourceError: there is no such time zone. A file that is not there, and a line that cannot be
            read, are named with file and line when they are met.

    Example:
        >>> jsonl("cases.jsonl").spec()["path"]
        'cases.jsonl'
    """
    values.zone(timezone, where=f"source {path}")
    return Jsonl(path=Path(path), settled_path=Path(settled) if settled else None, timezone=timezone)


def _lines(path: Path, known: tuple[str, ...]) -> Iterator[tuple[int, str, Item]]:
    """Each line that is not blank: its byte offset, `file:line`, its object."""
    try:
        with path.open("rb") as file:
            yield from _items(file, path, known)
    except OSError as error:
        raise SourceError("the file cannot be read", where=str(path), seen=str(error)) from error


def _items(file: Iterable[bytes], path: Path, known: tuple[str, ...]) -> Iterator[tuple[int, str, Item]]:
    offset = 0
    for number, line in enumerate(file, start=1):
        if line.strip():
            where = f"{path}:{number}"
            item = _parsed(line, where)
            _known(item, known, where)
            yield offset, where, item
        offset += len(line)


def _line(path: Path, offset: int) -> tuple[str, Item]:
    where = f"{path}, byte {offset}"
    with path.open("rb") as file:
        file.seek(offset)
        return where, _parsed(file.readline(), where)


def _parsed(line: bytes, where: str) -> Item:
    try:
        item = json.loads(line, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise SourceError("the line is not JSON", where=where, seen=f"{str(error)[:80]}: {line[:60]!r}") from error
    if not isinstance(item, Mapping):
        raise SourceError("the line is no JSON object", where=where, seen=repr(item)[:80])
    return item


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _known(item: Item, known: tuple[str, ...], where: str) -> None:
    strange = sorted(set(item) - set(known))
    if strange:
        raise SourceError(f"unknown field {strange[0]}", where=where, allowed=", ".join(known))


def _object(item: Item, field: str, where: str) -> dict[str, Any]:
    found = item.get(field)
    if not isinstance(found, Mapping):
        raise SourceError(f"{field} is no object", where=where, seen=repr(found)[:80])
    return dict(found)


def _id(item: Item, where: str) -> str | None:
    found = item.get("id")
    if found is None or (isinstance(found, str) and not found.strip()):
        return None
    if isinstance(found, bool) or not isinstance(found, int | str):
        raise SourceError("id is no text", where=where, seen=repr(found)[:80])
    return str(found)


def _settled_id(item: Item, where: str) -> str:
    found = _id(item, where)
    if found is None:
        raise SourceError("an outcome has no id", where=where, todo="it cannot be told whose it is: take it out")
    return found
