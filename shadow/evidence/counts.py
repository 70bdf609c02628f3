"""Evidence as integer counts by arrival day: what is left of the cases once a verdict looks at them.

Counts add up: shards, daily increments and a recompute from nothing give the same digest. One
unit's cases of one day weigh as one piece of evidence, so a unit-day must not be split between
the counts that are merged.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import groupby
from json import dumps, loads
from typing import Any

from shadow.errors import UsageError
from shadow.evidence import distinct
from shadow.evidence.judged import Judged, Standing
from shadow.evidence.tables import Key, Table
from shadow.evidence.unit_days import STEPS, UNKNOWN, add

__all__ = ["Counts", "Key", "Shares", "Table", "closed_days", "tally"]

Shares = list[tuple[float, int]]  # (badness of a unit-day, unit-days), sorted: what `log_e` takes


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Integer counts by arrival day.

    Attributes:
        days: arrival day → (table, …) → how many; see `Table`.
        units: marks of the units that had a compared case (`evidence.distinct`).
    """

    days: Mapping[date, Mapping[Key, int]] = field(default_factory=dict)
    units: frozenset[int] = frozenset()
    _by: dict[date, Mapping[str | int, list[tuple[Key, int]]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _sums: dict[tuple[Table, tuple[date, ...]], dict[Key, int]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def merge(self, other: Counts) -> Counts:
        """Both together; the order does not matter."""
        days = {day: Counter(cells) for day, cells in self.days.items()}
        for day, cells in other.days.items():
            days.setdefault(day, Counter()).update(cells)
        return Counts(days=days, units=distinct.lowest(self.units | other.units))

    def table(self, table: Table, days: Collection[date] | None = None) -> dict[Key, int]:
        """One table summed over the given days (all where None): rest of the key → how many."""
        asked = (table, tuple(self.days if days is None else days))
        if asked not in self._sums:
            self._sums[asked] = found = dict[Key, int]()
            for day in asked[1]:
                for key, often in self._cells(day, table):
                    found[key] = found.get(key, 0) + often
        return dict(self._sums[asked])

    def number(self, table: Table, *rest: str | int, days: Collection[date] | None = None) -> int:
        """One count summed over the given days, 0 where it was never seen."""
        over = self.days if days is None else days
        return sum(self.days.get(day, {}).get((table, *rest), 0) for day in over)

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
        kept = replace(self, days={one: cells for one, cells in self.days.items() if one <= day})
        kept._by.update((one, cells) for one, cells in self._by.items() if one <= day)  # not sorted out twice
        return kept

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

    def _cells(self, day: date, table: Table) -> list[tuple[Key, int]]:
        """One day's counts of one table; a day is sorted out by tables when the first of them is asked for."""
        if day not in self._by:
            sorted_out: defaultdict[str | int, list[tuple[Key, int]]] = defaultdict(list)
            for key, often in self.days.get(day, {}).items():
                sorted_out[key[0]].append((key[1:], often))
            self._by[day] = sorted_out
        return self._by[day].get(table, [])


def _shares(cells: Mapping[Key, int]) -> Shares:
    return sorted((int(h) / int(n), often) for (n, h), often in cells.items())


class _Texts(dict[str | int, str]):
    """Each part of a key as JSON, written once."""

    def __missing__(self, part: str | int) -> str:
        self[part] = text = dumps(str(part), ensure_ascii=True) if isinstance(part, str) else str(part)
        return text


def _rows(cells: Mapping[Key, int], texts: _Texts) -> list[str]:
    """Each count as compact JSON, sorted."""
    text = texts.__getitem__
    rows = [list(map(text, (*key, often))) for key, often in cells.items() if often]
    return [f"[{','.join(row)}]" for row in sorted(rows, key=", ".join)]


def tally(rows: Iterable[Judged], look: datetime) -> Counts:
    """Counts of the cases that had arrived by the look.

    Memory grows with days, slice values and the cases of one unit-day, not with the cases.

    Args:
        rows: one row a case, ordered by (day, unit), units in code point order.
        look: aware UTC moment at which the rows stand as they are.

    Raises:
        UsageError: rows out of order, a case twice in its unit-day, or a case from after the look.
    """
    if look.utcoffset() != timedelta(0):
        raise UsageError("a look needs a moment in UTC", where="evidence", seen=str(look))
    days: defaultdict[date, Counter[Key]] = defaultdict(Counter)
    marks: set[int] = set()
    for day, unit, cases in _unit_days(rows, look.astimezone(UTC).date()):
        add(days[day], cases)
        if any(case.standing is Standing.COMPARED for case in cases):
            marks.add(distinct.mark(unit))
        if len(marks) > 2 * distinct.KEPT:
            marks = set(distinct.lowest(marks))
    return Counts(days=dict(days), units=distinct.lowest(marks))


def closed_days(counts: Counts, look: datetime) -> tuple[date, ...]:
    """The arrival days from the first on, up to the one before the first that is still open.

    A day is open while it lasts, while a case of it waits, or while a label may still come.
    Evidence taken in the order of settling would say ready falsely; this one does not.
    """
    closed: list[date] = []
    for day in sorted(counts.days):
        cells = counts.days[day]
        waits = cells.get((Table.CASES, Standing.WAITING), 0) or cells.get((Table.LABEL_DUE,), 0)
        if waits or day >= look.date():
            break
        closed.append(day)
    return tuple(closed)


def _unit_days(rows: Iterable[Judged], last: date) -> Iterator[tuple[date, str, list[Judged]]]:
    before: tuple[date, str] | None = None
    for (day, unit), group in groupby(rows, key=lambda row: (row.day, row.unit)):
        if before is not None and (day, unit) <= before:
            raise _refused("rows are not ordered by day and unit", day, unit)
        if day > last:
            raise _refused("a case arrived after the look", day, unit)
        cases = list(group)
        if len({case.case_id for case in cases}) < len(cases):
            raise _refused("a case is there twice", day, unit)
        before = (day, unit)
        yield day, unit, cases


def _refused(what: str, day: date, unit: str) -> UsageError:
    todo = "order the rows by day and unit (code points), one row a case, none from after the look"
    return UsageError(what, where="evidence", seen=f"day {day}, unit {unit!r}", todo=todo)
