"""What arrived before the experiment: what its traffic is held against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from shadow.evidence.judged import kind_of

WEEKS = 8  # how far before the experiment the source is asked


class Arrived(NamedTuple):
    """One arrival: UTC day and hour (0 to 23), whose it is, and its slices' values."""

    day: date
    hour: int
    unit: str
    slices: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Integer counts of the arrivals of `[since, until)`.

    Attributes:
        cases, unit_days: how many, ≥ 0.
        cells: (weekday from Monday = 0, UTC hour) → cases.
        values: (slice, value) → unit-days with a case of it.
        kinds: (kind) → unit-days with a case of it; see `judged.kind_of`.
    """

    since: date
    until: date
    cases: int = 0
    unit_days: int = 0
    cells: Mapping[tuple[int, int], int] = field(default_factory=dict)
    values: Mapping[tuple[str, str], int] = field(default_factory=dict)
    kinds: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data in one canonical order."""
        return {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "cases": self.cases,
            "unit_days": self.unit_days,
            "cells": [[*cell, often] for cell, often in sorted(self.cells.items())],
            "values": [[*pair, often] for pair, often in sorted(self.values.items())],
            "kinds": [[kind, often] for kind, often in sorted(self.kinds.items())],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Reference:
        """The reference that `to_json` wrote."""
        return cls(
            since=date.fromisoformat(data["since"]),
            until=date.fromisoformat(data["until"]),
            cases=data["cases"],
            unit_days=data["unit_days"],
            cells={(weekday, hour): often for weekday, hour, often in data["cells"]},
            values={(name, value): often for name, value, often in data["values"]},
            kinds=dict(data["kinds"]),
        )


def refer(rows: Iterable[Arrived], *, since: date, until: date) -> Reference:
    """Count arrivals; those of a day must come together, in any order of days. Memory grows with one day's units."""
    cells: Counter[tuple[int, int]] = Counter()
    values: Counter[tuple[str, str]] = Counter()
    kinds: Counter[str] = Counter()
    unit_days, today, met = 0, since, set[tuple[str, ...]]()
    for row in rows:
        if row.day != today:
            unit_days, today, met = unit_days + _units(met), row.day, set()
        cells[row.day.weekday(), row.hour] += 1
        for pair in row.slices.items():
            values[pair] += _first((row.unit, *pair), met)
        kind = kind_of(row.slices)
        kinds[kind] += _first((row.unit, kind), met)
        met.add((row.unit,))
    return Reference(
        since=since,
        until=until,
        cases=sum(cells.values()),
        unit_days=unit_days + _units(met),
        cells=cells,
        values=values,
        kinds=kinds,
    )


def _first(mark: tuple[str, ...], met: set[tuple[str, ...]]) -> bool:
    if mark in met:
        return False
    met.add(mark)
    return True


def _units(met: set[tuple[str, ...]]) -> int:
    return sum(len(mark) == 1 for mark in met)
