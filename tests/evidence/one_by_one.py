"""The counts again, unit-day by unit-day and in plain Python: what counting by columns is held against."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from itertools import groupby
from math import ceil

from shadow.contract.model import Severity
from shadow.evidence import distinct
from shadow.evidence.counts import Counts
from shadow.evidence.histogram import EDGES, MICRO, NANO, bin_of
from shadow.evidence.judged import Judged, Standing
from shadow.evidence.tables import CANDIDATE, CONTROL, STEPS, UNKNOWN, Key, Table

_HAIR = 1e-9  # so that 1 - 0.9 is a hundred steps and not a hundred and one

Cells = Counter[Key]
_MOST = 2**53


def one_by_one(rows: Iterable[Judged]) -> Counts:
    """The counts of rows that are ordered by day and unit."""
    days: defaultdict[date, Cells] = defaultdict(Counter)
    units = set()
    for (day, unit), group in groupby(rows, key=lambda case: (case.day, case.unit)):
        cases = list(group)
        add(days[day], cases)
        if any(case.standing is Standing.COMPARED for case in cases):
            units.add(distinct.mark(unit))
    return Counts(days={day: _by_table(cells) for day, cells in days.items()}, units=distinct.lowest(units))


def _by_table(cells: Cells) -> dict[Table, dict[Key, int]]:
    found: dict[Table, dict[Key, int]] = {}
    for (table, *key), often in cells.items():
        found.setdefault(Table(str(table)), {})[tuple(key)] = often
    return found


def add(cells: Cells, cases: Sequence[Judged]) -> None:
    """Count one unit's cases of one day."""
    for case in cases:
        cells[Table.CASES, case.standing] += 1
        if case.standing is Standing.INCOMPARABLE and case.stale:
            cells[(Table.STALE,)] += 1
    compared = [case for case in cases if case.standing is Standing.COMPARED]
    # A waiting case counts as harmless in what is confirmed, so that the evidence of harm can only rise once it
    # settles: the order of settling cannot make a candidate look worse than it is.
    known = [case for case in cases if case.standing in (Standing.COMPARED, Standing.WAITING)]
    if known:
        cells[Table.CONFIRMED, len(known), sum(map(_confirmed, known))] += 1
        _add_slices(cells, Table.SLICES_CONFIRMED, known, _confirmed)
    if compared:
        _add_compared(cells, compared)
    _add_measures(cells, [case for case in cases if _replayed(case)])


def _add_compared(cells: Cells, compared: Sequence[Judged]) -> None:
    cells[Table.SERVED, len(compared), sum(map(_harmful, compared))] += 1
    cells[(Table.CRITICAL,)] += any(case.grade is Severity.CRITICAL for case in compared)
    for case in compared:
        _add_labels(cells, case)
        if case.hour is not None:
            cells[Table.HOURS, case.hour] += 1
    for kind in {case.kind for case in compared}:
        cells[Table.KINDS, kind] += 1
    _add_slices(cells, Table.SLICES, compared, _harmful)
    net = sum(case.versus for case in compared)
    if net:
        cells[Table.VERSUS, len(compared), net] += 1
    _add_unlike(cells, compared)
    _add_took(cells, CONTROL, [(case.case_id, case.control_duration_s) for case in compared])


def _add_labels(cells: Cells, case: Judged) -> None:
    cells[(Table.DISCREPANCIES,)] += not case.agreement
    cells[(Table.LABEL_DUE,)] += case.label_due
    if case.grade is not None:
        cells[Table.GRADES, case.grade] += 1
    if _harmful(case) and not case.labelled:
        cells[Table.UNLABELLED, str(case.grade)] += 1
    if case.confirmed is Severity.CRITICAL:
        cells[Table.CRITICAL_CASES, case.case_id] += 1


def _add_slices(cells: Cells, table: Table, cases: Sequence[Judged], bad: Callable[[Judged], bool]) -> None:
    """The share within the slice: of a unit-day, each value's cases alone."""
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for case in cases:
        for pair in case.slices.items():
            n, h = found.get(pair, (0, 0))
            found[pair] = (n + 1, h + bad(case))
    for (name, value), (n, h) in found.items():
        cells[table, name, value, n, h] += 1


def _add_unlike(cells: Cells, compared: Sequence[Judged]) -> None:
    """A unit-day with a case whose similarity is unknown is left out, and missed where this table is read."""
    steps = [ceil((1 - s) * STEPS - _HAIR) for case in compared if (s := case.similarity) is not None and 0 <= s <= 1]
    if len(steps) == len(compared):
        cells[Table.UNLIKE, -(-sum(steps) // len(steps))] += 1


def _harmful(case: Judged) -> bool:
    return case.grade is not None and case.grade.harmful


def _confirmed(case: Judged) -> bool:
    return case.standing is Standing.COMPARED and case.confirmed is not None and case.confirmed.harmful


def _replayed(case: Judged) -> bool:
    """Whether the candidate's work on it counts; a case that never was replayed adds none."""
    if case.standing is Standing.WAITING:
        return False
    return case.standing is not Standing.SET_ASIDE or case.duration_s is not None


def _add_measures(cells: Cells, replayed: Sequence[Judged]) -> None:
    for case in replayed:
        _measure(cells, Table.DURATIONS, case.duration_s)
        _measure(cells, Table.COSTS, case.cost_usd)
    _add_took(cells, CANDIDATE, [(case.case_id, case.duration_s) for case in replayed])
    costs = [
        min(round(usd * NANO), _MOST)
        for case in replayed
        if (usd := case.cost_usd) is not None and bin_of(usd, NANO) is not None
    ]
    if costs and len(costs) == len(replayed):
        cells[Table.COST_MEANS, bisect_left(EDGES, -(-sum(costs) // len(costs)))] += 1


def _measure(cells: Cells, table: Table, value: float | None) -> None:
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
        cells[(Table.SPENT,)] += min(round(value * NANO), _MOST)


def _add_took(cells: Cells, side: str, durations: Sequence[tuple[str, float | None]]) -> None:
    """One case stands for its unit-day: the one of the lowest mark, whatever the order and however long it took."""
    if not durations:
        return
    _, seconds = (
        durations[0] if len(durations) == 1 else min(durations, key=lambda pair: (distinct.mark(pair[0]), pair[0]))
    )
    k = None if seconds is None else bin_of(seconds, MICRO)
    cells[Table.TOOK, side, UNKNOWN if k is None else k] += 1
