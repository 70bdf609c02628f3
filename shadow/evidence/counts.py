"""Evidence as integer counts by arrival day: what is left of the cases once a verdict looks at them.

Counts add up: shards, daily increments and a recompute from nothing give the same digest. One
unit's cases of one day weigh as one piece of evidence, so a unit-day must not be split between
the counts that are merged.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from itertools import groupby
from json import dumps
from typing import Any

from shadow.contract.model import Severity
from shadow.errors import UsageError
from shadow.evidence import distinct
from shadow.evidence.histogram import MICRO, NANO, bin_of
from shadow.evidence.judged import Judged, Standing

Key = tuple[str | int, ...]


class Table(StrEnum):
    """What is counted, each per arrival day; in brackets what tells one count of a table from another."""

    CASES = "cases"  # (standing): cases
    STALE = "stale"  # (): cases that a stale read made incomparable
    LABEL_DUE = "label due"  # (): compared cases whose label may still come
    UNLABELLED = "unlabelled"  # (grade): compared cases, major or critical, that no label stands on
    DISCREPANCIES = "discrepancies"  # (): compared cases with a discrepancy, whatever labels say
    GRADES = "grades"  # (grade): compared cases by the grade that is left after labels
    SERVED = "served"  # (n, h): unit-days with n compared cases of which h are harmful
    CONFIRMED = "confirmed"  # (n, h): unit-days with n cases compared or waiting, h confirmed harmful
    CRITICAL = "critical"  # (): unit-days with a compared case graded critical
    CRITICAL_CASES = "critical cases"  # (case id): compared cases that a label confirmed as critical
    SLICES = "slices"  # (slice, value, n, h): as SERVED, within one value of one slice
    DURATIONS = "durations"  # (bin): replayed cases by how long the candidate took
    COSTS = "costs"  # (bin): replayed cases by what the candidate cost
    UNKNOWN = "unknown"  # ("duration" or "cost"): replayed cases without it
    UNSOUND = "unsound"  # ("duration" or "cost"): replayed cases where it is NaN, infinite or negative
    SPENT = "spent"  # (): what the replayed cases cost together, in billionths of a dollar


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Integer counts by arrival day.

    Attributes:
        days: arrival day → (table, …) → how many; see `Table`.
        units: marks of the units that had a compared case (`evidence.distinct`).
    """

    days: Mapping[date, Mapping[Key, int]] = field(default_factory=dict)
    units: frozenset[int] = frozenset()

    def merge(self, other: Counts) -> Counts:
        """Both together; the order does not matter."""
        days = {day: Counter(cells) for day, cells in self.days.items()}
        for day, cells in other.days.items():
            days.setdefault(day, Counter()).update(cells)
        return Counts(days=days, units=distinct.lowest(self.units | other.units))

    def table(self, table: Table, days: Collection[date] | None = None) -> dict[Key, int]:
        """One table summed over the given days (all where None): rest of the key → how many."""
        found: Counter[Key] = Counter()
        for day in self.days if days is None else days:
            for key, often in self.days.get(day, {}).items():
                if key[0] == table:
                    found[key[1:]] += often
        return dict(found)

    def number(self, table: Table, *rest: str | int, days: Collection[date] | None = None) -> int:
        """One count summed over the given days, 0 where it was never seen."""
        over = self.days if days is None else days
        return sum(self.days.get(day, {}).get((table, *rest), 0) for day in over)

    def cases(self, days: Collection[date] | None = None) -> int:
        """All cases that arrived on the given days, whatever became of them."""
        return sum(self.table(Table.CASES, days).values())

    def shares(self, table: Table, days: Collection[date] | None = None) -> list[tuple[float, int]]:
        """SERVED or CONFIRMED as (badness of the unit-day, unit-days), sorted: what `log_e` takes."""
        found = self.table(table, days)
        return sorted((int(h) / int(n), often) for (n, h), often in found.items())

    def bins(self, table: Table, days: Collection[date] | None = None) -> dict[int, int]:
        """DURATIONS or COSTS as bin → how many."""
        return {int(key[0]): often for key, often in self.table(table, days).items()}

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data in one canonical order; zeros are left out."""
        days = {
            day.isoformat(): sorted(([*map(_plain, key), often] for key, often in cells.items() if often), key=dumps)
            for day, cells in sorted(self.days.items())
        }
        return {"days": days, "units": sorted(self.units)}

    def digest(self) -> str:
        """SHA-256 of the canonical JSON: equal exactly where all counts are equal."""
        text = dumps(self.to_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return sha256(text.encode()).hexdigest()


def _plain(part: str | int) -> str | int:
    return str(part) if isinstance(part, str) else part


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
        _add(days[day], cases)
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


def _add(cells: Counter[Key], cases: list[Judged]) -> None:
    """Count one unit-day."""
    for case in cases:
        cells[Table.CASES, case.standing] += 1
        _add_measures(cells, case)
        if case.standing is Standing.INCOMPARABLE and case.stale:
            cells[(Table.STALE,)] += 1
    compared = [case for case in cases if case.standing is Standing.COMPARED]
    waiting = sum(case.standing is Standing.WAITING for case in cases)
    confirmed = sum(case.confirmed is not None and case.confirmed.harmful for case in compared)
    if compared or waiting:
        # A waiting case counts as harmless here, so that the evidence of harm can only rise once it
        # settles: the order of settling cannot make a candidate look worse than it is.
        cells[Table.CONFIRMED, len(compared) + waiting, confirmed] += 1
    if compared:
        _add_compared(cells, compared)


def _add_compared(cells: Counter[Key], compared: list[Judged]) -> None:
    cells[Table.SERVED, len(compared), sum(_harmful(case) for case in compared)] += 1
    cells[(Table.CRITICAL,)] += any(case.grade is Severity.CRITICAL for case in compared)
    for case in compared:
        cells[(Table.DISCREPANCIES,)] += not case.agreement
        cells[(Table.LABEL_DUE,)] += case.label_due
        if case.grade is not None:
            cells[Table.GRADES, case.grade] += 1
        if case.grade is not None and case.grade.harmful and not case.labelled:
            cells[Table.UNLABELLED, case.grade] += 1
        if case.confirmed is Severity.CRITICAL:
            cells[Table.CRITICAL_CASES, case.case_id] += 1
    for (name, value), (n, h) in _by_slice(compared).items():
        cells[Table.SLICES, name, value, n, h] += 1


def _by_slice(compared: list[Judged]) -> dict[tuple[str, str], tuple[int, int]]:
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for case in compared:
        for pair in case.slices.items():
            n, h = found.get(pair, (0, 0))
            found[pair] = (n + 1, h + _harmful(case))
    return found


def _harmful(case: Judged) -> bool:
    return case.grade is not None and case.grade.harmful


def _add_measures(cells: Counter[Key], case: Judged) -> None:
    """Durations and costs of what was replayed; a case that never was adds none."""
    if case.standing is Standing.WAITING:
        return
    if case.standing is Standing.SET_ASIDE and case.duration_s is None:
        return
    _measure(cells, Table.DURATIONS, case.duration_s)
    _measure(cells, Table.COSTS, case.cost_usd)


def _measure(cells: Counter[Key], table: Table, value: float | None) -> None:
    name, scale = ("duration", MICRO) if table is Table.DURATIONS else ("cost", NANO)
    if value is None:
        cells[Table.UNKNOWN, name] += 1
        return
    k = bin_of(value, scale)
    if k is None:
        cells[Table.UNSOUND, name] += 1
        return
    cells[table, k] += 1
    if table is Table.COSTS:
        cells[(Table.SPENT,)] += round(value * NANO)
