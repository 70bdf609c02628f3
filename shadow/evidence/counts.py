"""Evidence as integer counts by arrival day: what is left of the cases once a verdict looks at them.

Counts add up: shards, daily increments and a recompute from nothing give the same digest. One
unit's cases of one day weigh as one piece of evidence, so a unit-day must not be split between
the counts that are merged.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from hashlib import sha256
from json import dumps, loads
from typing import Any

from shadow.evidence import distinct
from shadow.evidence.judged import Standing
from shadow.evidence.tables import STEPS, UNKNOWN, Key, Table

__all__ = ["Cells", "Counts", "Key", "Shares", "Table", "closed_days", "merged"]

Cells = Mapping[Table, Mapping[Key, int]]  # table → what tells one count from another → how many
Shares = list[tuple[float, int]]  # (badness of a unit-day, unit-days), sorted: what `log_e` takes


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Integer counts by arrival day.

    Attributes:
        days: arrival day → table → key → how many; see `Table`.
        units: marks of the units that had a compared case (`evidence.distinct`).
    """

    days: Mapping[date, Cells] = field(default_factory=dict)
    units: frozenset[int] = frozenset()
    _sums: dict[tuple[Table, tuple[date, ...]], dict[Key, int]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def merge(self, other: Counts) -> Counts:
        """Both together; the order does not matter."""
        return merged((self, other))

    def table(self, table: Table, days: Collection[date] | None = None) -> dict[Key, int]:
        """One table summed over the given days (all where None): rest of the key → how many."""
        asked = (table, tuple(self.days if days is None else days))
        if asked not in self._sums:
            self._sums[asked] = found = dict[Key, int]()
            for day in asked[1]:
                for key, often in self.days.get(day, {}).get(table, {}).items():
                    found[key] = found.get(key, 0) + often
        return dict(self._sums[asked])

    def number(self, table: Table, *rest: str | int, days: Collection[date] | None = None) -> int:
        """One count summed over the given days, 0 where it was never seen."""
        over = self.days if days is None else days
        return sum(self.days.get(day, {}).get(table, {}).get(rest, 0) for day in over)

    def cases(self, days: Collection[date] | None = None) -> int:
        """All cases that arrived on the given days, whatever became of them."""
        return sum(self.table(Table.CASES, days).values())

    def shares(self, table: Table, days: Collection[date] | None = None) -> Shares:
        """SERVED or CONFIRMED as (badness of the unit-day, unit-days), sorted: what `log_e` takes."""
        return _shares(self.table(table, days))

    def slices(self, table: Table, days: Collection[date] | None = None) -> dict[tuple[str, str], Shares]:
        """SLICES or SLICES_CONFIRMED by (slice, value), each as `shares`."""
        found: defaultdict[tuple[str, str], dict[Key, int]] = defaultdict(dict)
        for (name, value, *rest), often in self.table(table, days).items():
            found[str(name), str(value)][tuple(rest)] = often
        return {pair: _shares(cells) for pair, cells in sorted(found.items())}

    def versus(self, days: Collection[date] | None = None) -> Shares:
        """(candidate wrong - control wrong as a share of the unit-day's cases, unit-days), each in [-1, 1]."""
        unequal = self.table(Table.VERSUS, days)
        equal = sum(self.table(Table.SERVED, days).values()) - sum(unequal.values())
        return sorted([*_shares(unequal), (0.0, equal)])

    def unlike(self, days: Collection[date] | None = None) -> Shares:
        """UNLIKE as (badness of the unit-day, unit-days)."""
        return sorted((int(key[0]) / STEPS, often) for key, often in self.table(Table.UNLIKE, days).items())

    def bins(self, table: Table, days: Collection[date] | None = None) -> dict[int, int]:
        """DURATIONS, COSTS or COST_MEANS as bin → how many."""
        return {int(key[0]): often for key, often in self.table(table, days).items()}

    def took(self, side: str, days: Collection[date] | None = None) -> tuple[dict[int, int], int]:
        """One side's TOOK as bin → unit-days, and the unit-days of which it is unknown."""
        mine = {key[1]: often for key, often in self.table(Table.TOOK, days).items() if key[0] == side}
        unknown = mine.pop(UNKNOWN, 0)
        return {int(k): often for k, often in mine.items()}, unknown

    def until(self, day: date) -> Counts:
        """What arrived up to and including this day; the units are those of all days."""
        return replace(self, days={one: cells for one, cells in self.days.items() if one <= day})

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data in one canonical order; zeros are left out."""
        texts, each = _Texts(), sorted(self.days.items())
        days = {day.isoformat(): [loads(row) for row in _rows(cells, texts)] for day, cells in each}
        return {"days": days, "units": sorted(self.units)}

    def digest(self) -> str:
        """SHA-256 of the canonical JSON: equal exactly where all counts are equal."""
        texts, each = _Texts(), sorted(self.days.items())
        days = ",".join(f'"{day.isoformat()}":[{",".join(_rows(cells, texts))}]' for day, cells in each)
        text = f'{{"days":{{{days}}},"units":[{",".join(map(str, sorted(self.units)))}]}}'
        return sha256(text.encode()).hexdigest()


def _shares(cells: Mapping[Key, int]) -> Shares:
    return sorted((int(h) / int(n), often) for (n, h), often in cells.items())


def merged(parts: Iterable[Counts]) -> Counts:
    """All of them together; the order does not matter."""
    days: dict[date, dict[Table, Counter[Key]]] = {}
    units: frozenset[int] = frozenset()
    for part in parts:
        units = distinct.lowest(units | part.units)
        for day, cells in part.days.items():
            mine = days.setdefault(day, {})
            for table, found in cells.items():
                mine.setdefault(table, Counter()).update(found)
    return Counts(days=days, units=units)


class _Texts(dict[str | int, str]):
    """Each part of a key as JSON, written once."""

    def __missing__(self, part: str | int) -> str:
        self[part] = text = dumps(str(part), ensure_ascii=True) if isinstance(part, str) else str(part)
        return text


def _rows(cells: Cells, texts: _Texts) -> list[str]:
    """Each count as compact JSON, [table, …key, how many], sorted."""
    text, join = texts.__getitem__, ",".join
    rows = [
        join(map(text, (table, *key, often))) for table, found in cells.items() for key, often in found.items() if often
    ]
    return [f"[{row}]" for row in sorted(rows)]


def closed_days(counts: Counts, look: datetime) -> tuple[date, ...]:
    """The arrival days from the first on, up to the one before the first that is still open.

    A day is open while it lasts, while a case of it waits, or while a label may still come.
    Evidence taken in the order of settling would say ready falsely; this one does not.
    """
    closed: list[date] = []
    for day in sorted(counts.days):
        waits = counts.number(Table.CASES, Standing.WAITING, days=[day]) or counts.number(Table.LABEL_DUE, days=[day])
        if waits or day >= look.date():
            break
        closed.append(day)
    return tuple(closed)
