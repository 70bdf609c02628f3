"""What cases add to the counts, for whole columns of them: a million at once. Nothing is approximated.

One unit's cases of one day are one unit-day. Units in rows that are ordered by day and unit lie side by side, so that
the row's unit-day is a number that rises by one wherever day or unit changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from shadow.contract.model import Severity
from shadow.errors import UsageError
from shadow.evidence import distinct
from shadow.evidence.columns import GRADES, NONE, STANDINGS, Coded, Columns, Flags, Measured, Whole
from shadow.evidence.counts import Counts
from shadow.evidence.grouping import distinct_of, grouped
from shadow.evidence.histogram import EDGES, MICRO, NANO
from shadow.evidence.judged import Standing, kind_of
from shadow.evidence.tables import CANDIDATE, CONTROL, STEPS, UNKNOWN, Key, Table

Name = Callable[[tuple[int, ...]], Key]

_EDGES = np.array(EDGES, np.int64)
_HAIR = 1e-9  # so that 1 - 0.9 is a hundred steps and not a hundred and one
_MOST = 2**53  # what a measure is held as at most: 9 million USD, 285 years
_ROOM = 2**62  # what a code made of several may reach


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """The columns with what every table needs: which rows are one unit-day, and what they are."""

    of: Columns
    group: Whole  # the row's unit-day, from 0
    group_day: Whole  # the unit-day's day
    compared: Flags
    known: Flags  # compared or waiting
    replayed: Flags
    harmful: Flags
    confirmed: Flags
    marks: dict[int, int] = field(default_factory=dict)  # of the rows that share their unit-day and were asked for
    cells: dict[int, dict[Table, Counter[Key]]] = field(default_factory=dict)

    def per_group(self, rows: Flags) -> Whole:
        """How many of these rows each unit-day has."""
        return np.bincount(self.group[rows], minlength=len(self.group_day))

    def count(self, table: Table, days: Whole, parts: Sequence[Whole], key: Name | None = None) -> None:
        """Add one for each row of (day, part…): under the parts, or under what `key` makes of them."""
        for day, values, often in grouped(days, parts):
            self.add(table, day, values if key is None else key(values), often)

    def add(self, table: Table, day: int, key: Key, often: int) -> None:
        """Add so many."""
        self.cells.setdefault(day, {}).setdefault(table, Counter())[key] += often


def tally_columns(columns: Columns) -> Counts:
    """The counts of these rows; see `Table` for what each is.

    A waiting case counts as harmless in what is confirmed, so that the evidence of harm can only rise once it settles:
    the order of settling cannot make a candidate look worse than it is.

    Raises:
        UsageError: rows out of order, or a case twice in its unit-day.
    """
    frame = _frame(columns)
    _add_cases(frame)
    _add_units(frame)
    _add_slices(frame)
    _add_kinds(frame)
    for table, measured, scale in (
        (Table.DURATIONS, columns.duration_s, MICRO),
        (Table.COSTS, columns.cost_usd, NANO),
    ):
        _add_measure(frame, table, measured, scale)
    _add_cost_means(frame)
    _add_took(frame, CANDIDATE, frame.replayed, columns.duration_s)
    _add_took(frame, CONTROL, frame.compared, columns.control_duration_s)
    served = np.zeros(len(columns.unit.names), bool)
    served[columns.unit.codes[frame.compared]] = True
    marks = distinct.lowest(distinct.mark(columns.unit.names[k]) for k in np.flatnonzero(served).tolist())
    return Counts(days={date.fromordinal(day): cells for day, cells in frame.cells.items()}, units=marks)


def _frame(columns: Columns) -> _Frame:
    day, unit = columns.day, columns.unit.codes
    later = (day[1:] > day[:-1]) | ((day[1:] == day[:-1]) & (unit[1:] >= unit[:-1]))
    if not later.all() or list(columns.unit.names) != sorted(columns.unit.names):
        raise UsageError("rows are not ordered by day and unit", where="evidence", todo="order them (code points)")
    first = np.concatenate([[True], (day[1:] != day[:-1]) | (unit[1:] != unit[:-1])]) if len(day) else np.ones(0, bool)
    group = np.cumsum(first) - 1
    _no_doubles(columns, group)
    compared = columns.standing == STANDINGS.index(Standing.COMPARED)
    waiting = columns.standing == STANDINGS.index(Standing.WAITING)
    aside = columns.standing == STANDINGS.index(Standing.SET_ASIDE)
    least = Severity.MAJOR.rank
    return _Frame(
        of=columns,
        group=group,
        group_day=day[first],
        compared=compared,
        known=compared | waiting,
        replayed=~waiting & (~aside | columns.duration_s.known),
        harmful=compared & (columns.grade >= least),
        confirmed=compared & (columns.confirmed >= least),
    )


def _no_doubles(columns: Columns, group: Whole) -> None:
    """Raises UsageError where a case is there twice in its unit-day."""
    size = np.bincount(group) if len(group) else group
    rows = np.flatnonzero(size[group] > 1)
    met = set[tuple[int, str]]()
    for pair in ((g, columns.case_id[i]) for g, i in zip(group[rows].tolist(), rows.tolist(), strict=True)):
        if pair in met:
            raise UsageError("a case is there twice", where="evidence", seen=pair[1], todo="give each case one row")
        met.add(pair)


def _add_cases(frame: _Frame) -> None:
    """What each row adds by itself."""
    one, day, compared = frame.of, frame.of.day, frame.compared
    incomparable = one.standing == STANDINGS.index(Standing.INCOMPARABLE)
    graded, unlabelled = compared & (one.grade != NONE), frame.harmful & ~one.labelled
    hours, critical = compared & (one.hour != NONE), compared & (one.confirmed == Severity.CRITICAL.rank)
    frame.count(Table.CASES, day, [one.standing], lambda v: (STANDINGS[v[0]],))
    for table, rows in (
        (Table.STALE, incomparable & one.stale),
        (Table.DISCREPANCIES, compared & ~one.agreement),
        (Table.LABEL_DUE, compared & one.label_due),
    ):
        frame.count(table, day[rows], [])
    frame.count(Table.GRADES, day[graded], [one.grade[graded]], lambda v: (GRADES[v[0]],))
    frame.count(Table.UNLABELLED, day[unlabelled], [one.grade[unlabelled]], lambda v: (str(GRADES[v[0]]),))
    frame.count(Table.HOURS, day[hours], [one.hour[hours]])
    for row in np.flatnonzero(critical).tolist():
        frame.add(Table.CRITICAL_CASES, int(day[row]), (one.case_id[row],), 1)


def _add_units(frame: _Frame) -> None:
    """What a unit-day's rows add together."""
    one, compared = frame.of, frame.compared
    served, known = frame.per_group(compared), frame.per_group(frame.known)
    harmful, confirmed = frame.per_group(frame.harmful), frame.per_group(frame.confirmed)
    critical = frame.per_group(compared & (one.grade == Severity.CRITICAL.rank)) > 0
    net = np.bincount(frame.group, weights=one.versus * compared, minlength=len(served)).astype(np.int64)
    days, has, unequal = frame.group_day, served > 0, net != 0
    frame.count(Table.SERVED, days[has], [served[has], harmful[has]])
    some = known > 0
    frame.count(Table.CONFIRMED, days[some], [known[some], confirmed[some]])
    frame.count(Table.CRITICAL, days[critical], [])
    frame.count(Table.VERSUS, days[unequal], [served[unequal], net[unequal]])
    values, there = one.similarity.values, one.similarity.known
    sound = compared & there & (values >= 0) & (values <= 1)
    steps = np.ceil((1 - np.where(sound, values, 1.0)) * STEPS - _HAIR) * sound
    total = np.bincount(frame.group, weights=steps, minlength=len(served)).astype(np.int64)
    whole = has & (frame.per_group(sound) == served)
    frame.count(Table.UNLIKE, days[whole], [-(-total[whole] // served[whole])])


def _add_slices(frame: _Frame) -> None:
    """The share within the slice: of a unit-day, each value's cases alone; a row without a value adds to none."""
    for name, column in frame.of.slices.items():
        rows, size = frame.known & (column.codes != NONE), len(column.names)
        pairs, where = distinct_of(frame.group[rows] * size + column.codes[rows])
        days, value = frame.group_day[pairs // size], pairs % size
        known = np.bincount(where, minlength=len(pairs))
        served, harmful, confirmed = (
            np.bincount(where[flags[rows]], minlength=len(pairs))
            for flags in (frame.compared, frame.harmful, frame.confirmed)
        )
        has = served > 0
        _count_slices(frame, Table.SLICES_CONFIRMED, (name, column.names), days, [value, known, confirmed])
        _count_slices(frame, Table.SLICES, (name, column.names), days[has], [value[has], served[has], harmful[has]])


def _count_slices(
    frame: _Frame, table: Table, named: tuple[str, Sequence[str]], days: Whole, parts: Sequence[Whole]
) -> None:
    name, values = named
    frame.count(table, days, parts, lambda v: (name, values[v[0]], v[1], v[2]))


def _add_kinds(frame: _Frame) -> None:
    """Each kind of case that a unit-day has counts once; what a kind is called, any row of it tells."""
    rows = np.flatnonzero(frame.compared)
    codes, room = np.zeros(len(rows), np.int64), 1
    for column in frame.of.slices.values():
        size = len(column.names) + 1
        if room * size > _ROOM:
            _, codes = distinct_of(codes)
            room = len(rows) + 1
        codes, room = codes * size + column.codes[rows] + 1, room * size
    met, codes = distinct_of(codes)
    told = np.zeros(len(met), np.int64)
    told[codes] = rows
    names = [kind_of(_values(row, frame.of.slices)) for row in told.tolist()]
    seen, _ = distinct_of(frame.group[rows] * max(1, len(met)) + codes)
    group, code = np.divmod(seen, max(1, len(met)))
    frame.count(Table.KINDS, frame.group_day[group], [code], lambda v: (names[v[0]],))


def _values(row: int, slices: Mapping[str, Coded]) -> dict[str, str]:
    codes = {name: int(column.codes[row]) for name, column in slices.items()}
    return {name: slices[name].names[code] for name, code in codes.items() if code != NONE}


def _sound(measured: Measured) -> Flags:
    with np.errstate(invalid="ignore"):
        return np.asarray(measured.known & np.isfinite(measured.values) & (measured.values >= 0))


def _scaled(measured: Measured, rows: Flags, scale: int) -> Whole:
    return np.minimum(np.rint(measured.values[rows] * scale), _MOST).astype(np.int64)


def _add_measure(frame: _Frame, table: Table, measured: Measured, scale: int) -> None:
    name = "duration" if table is Table.DURATIONS else "cost"
    day, sound = frame.of.day, frame.replayed & _sound(measured)
    unknown, odd = frame.replayed & ~measured.known, frame.replayed & measured.known & ~_sound(measured)
    frame.count(Table.UNKNOWN, day[unknown], [], lambda v: (name,))
    frame.count(Table.UNSOUND, day[odd], [], lambda v: (name,))
    whole = _scaled(measured, sound, scale)
    frame.count(table, day[sound], [np.searchsorted(_EDGES, whole)])
    if table is Table.COSTS and len(whole):
        days, where = distinct_of(day[sound])
        spent = np.zeros(len(days), np.int64)
        np.add.at(spent, where, whole)
        for one, often in zip(days.tolist(), spent.tolist(), strict=True):
            frame.add(Table.SPENT, one, (), often)


def _add_cost_means(frame: _Frame) -> None:
    sound = frame.replayed & _sound(frame.of.cost_usd)
    total = np.zeros(len(frame.group_day), np.int64)
    np.add.at(total, frame.group[sound], _scaled(frame.of.cost_usd, sound, NANO))
    of, priced = frame.per_group(frame.replayed), frame.per_group(sound)
    whole = (of > 0) & (of == priced)
    means = np.searchsorted(_EDGES, -(-total[whole] // priced[whole]))
    frame.count(Table.COST_MEANS, frame.group_day[whole], [means])


def _add_took(frame: _Frame, side: str, rows: Flags, measured: Measured) -> None:
    """One row a unit-day: the only one, or that of the lowest mark."""
    chosen = np.flatnonzero(rows)
    size = np.bincount(frame.group[chosen], minlength=len(frame.group_day))
    alone = size[frame.group[chosen]] == 1
    lowest: dict[int, tuple[int, str, int]] = {}
    crowd = chosen[~alone]
    for group, row in zip(frame.group[crowd].tolist(), crowd.tolist(), strict=True):
        case = frame.of.case_id[row]
        mark = frame.marks[row] = frame.marks.get(row) or distinct.mark(case)
        lowest[group] = min(lowest.get(group, (2**64, "", row)), (mark, case, row))
    picked = np.concatenate([chosen[alone], np.array([row for _, _, row in lowest.values()], np.int64)])
    sound = np.zeros(len(rows), bool)
    sound[picked] = _sound(measured)[picked]
    days, unknown = frame.of.day, picked[~sound[picked]]
    frame.count(Table.TOOK, days[unknown], [], lambda v: (side, UNKNOWN))
    bins = np.searchsorted(_EDGES, _scaled(measured, sound, MICRO))
    frame.count(Table.TOOK, days[sound], [bins], lambda v: (side, v[0]))
