"""The same counts as `counts.tally`, from columns: a million cases at once.

What one row adds is said in `unit_days`; here it is said again for whole arrays, and a test holds that both agree to
the last count. Nothing is approximated.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from shadow.contract.model import Severity
from shadow.errors import UsageError
from shadow.evidence import distinct
from shadow.evidence.columns import GRADES, NONE, STANDINGS, Coded, Columns, Flags, Measured, Whole
from shadow.evidence.counts import Counts
from shadow.evidence.histogram import EDGES, MICRO, NANO
from shadow.evidence.judged import Standing, kind_of
from shadow.evidence.tables import Key, Table
from shadow.evidence.unit_days import CANDIDATE, CONTROL, STEPS, UNKNOWN

_EDGES = np.array(EDGES, np.int64)
_HAIR = 1e-9  # as in `unit_days`
_DENSE = 8  # cells a row up to which counting into an array is quicker than sorting


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
    cells: defaultdict[int, Counter[Key]] = field(default_factory=lambda: defaultdict(Counter))

    def per_group(self, rows: Flags) -> Whole:
        """How many of these rows each unit-day has."""
        return np.bincount(self.group[rows], minlength=len(self.group_day))

    def count(self, days: Whole, parts: Sequence[Whole], key: Callable[[tuple[int, ...]], Key]) -> None:
        """Add one for each row of (day, parts…), under what `key` makes of the parts."""
        for day, values, often in _grouped(days, parts):
            self.cells[day][key(values)] += often


def tally_columns(columns: Columns) -> Counts:
    """The counts that `tally` makes of the same rows.

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
    pairs = {(g, columns.case_id[i]) for g, i in zip(group[rows].tolist(), rows.tolist(), strict=True)}
    if len(pairs) < len(rows):
        raise UsageError("a case is there twice", where="evidence", todo="give each case one row")


def _grouped(days: Whole, parts: Sequence[Whole]) -> Iterator[tuple[int, tuple[int, ...], int]]:
    """(day, parts, how often) for each combination that is there."""
    if not len(days):
        return
    lows = [int(part.min()) for part in parts]
    sizes = [int(part.max()) - low + 1 for part, low in zip(parts, lows, strict=True)]
    start = int(days.min())
    key, cells = days - start, int(days.max()) - start + 1
    for part, low, size in zip(parts, lows, sizes, strict=True):
        key, cells = key * size + (part - low), cells * size
    if cells <= _DENSE * len(days) + 1024:
        dense = np.bincount(key, minlength=cells)
        found = np.flatnonzero(dense)
        often = dense[found]
    else:
        found, where = _distinct(key)
        often = np.bincount(where)
    decoded: list[list[int]] = []
    for low, size in zip(reversed(lows), reversed(sizes), strict=True):
        found, rest = np.divmod(found, size)
        decoded.append((rest + low).tolist())
    values = list(zip(*reversed(decoded), strict=True)) if decoded else [()] * len(found)
    yield from zip((found + start).tolist(), values, often.tolist(), strict=True)


def _distinct(keys: Whole) -> tuple[Whole, Whole]:
    """The different keys in order, and for each row which of them it has; keys that nearly are in order sort fast."""
    order = np.argsort(keys, kind="stable")
    inorder = keys[order]
    new = np.concatenate([[True], inorder[1:] != inorder[:-1]]) if len(keys) else np.ones(0, bool)
    where = np.empty(len(keys), np.int64)
    where[order] = np.cumsum(new) - 1
    return inorder[new], where


def _add_cases(frame: _Frame) -> None:
    """What each row adds by itself."""
    one, day, compared = frame.of, frame.of.day, frame.compared
    incomparable = one.standing == STANDINGS.index(Standing.INCOMPARABLE)
    graded, unlabelled = compared & (one.grade != NONE), frame.harmful & ~one.labelled
    hours, critical = compared & (one.hour != NONE), compared & (one.confirmed == Severity.CRITICAL.rank)
    frame.count(day, [one.standing], lambda v: (Table.CASES, STANDINGS[v[0]]))
    for table, rows in (
        (Table.STALE, incomparable & one.stale),
        (Table.DISCREPANCIES, compared & ~one.agreement),
        (Table.LABEL_DUE, compared & one.label_due),
    ):
        frame.count(day[rows], [], lambda v, table=table: (table,))  # type: ignore[misc]
    frame.count(day[graded], [one.grade[graded]], lambda v: (Table.GRADES, GRADES[v[0]]))
    frame.count(day[unlabelled], [one.grade[unlabelled]], lambda v: (Table.UNLABELLED, str(GRADES[v[0]])))
    frame.count(day[hours], [one.hour[hours]], lambda v: (Table.HOURS, v[0]))
    for row in np.flatnonzero(critical).tolist():
        frame.cells[int(day[row])][Table.CRITICAL_CASES, one.case_id[row]] += 1


def _add_units(frame: _Frame) -> None:
    """What a unit-day's rows add together."""
    one, compared = frame.of, frame.compared
    served, known = frame.per_group(compared), frame.per_group(frame.known)
    harmful, confirmed = frame.per_group(frame.harmful), frame.per_group(frame.confirmed)
    critical = frame.per_group(compared & (one.grade == Severity.CRITICAL.rank)) > 0
    net = np.bincount(frame.group, weights=one.versus * compared, minlength=len(served)).astype(np.int64)
    days, has, unequal = frame.group_day, served > 0, net != 0
    frame.count(days[has], [served[has], harmful[has]], lambda v: (Table.SERVED, *v))
    some = known > 0
    frame.count(days[some], [known[some], confirmed[some]], lambda v: (Table.CONFIRMED, *v))
    frame.count(days[critical], [], lambda v: (Table.CRITICAL,))
    frame.count(days[unequal], [served[unequal], net[unequal]], lambda v: (Table.VERSUS, *v))
    values, there = one.similarity.values, one.similarity.known
    sound = compared & there & (values >= 0) & (values <= 1)
    steps = np.ceil((1 - np.where(sound, values, 1.0)) * STEPS - _HAIR) * sound
    total = np.bincount(frame.group, weights=steps, minlength=len(served)).astype(np.int64)
    whole = has & (frame.per_group(sound) == served)
    frame.count(days[whole], [-(-total[whole] // served[whole])], lambda v: (Table.UNLIKE, *v))


def _add_slices(frame: _Frame) -> None:
    """Of a unit-day each value's cases alone."""
    rows = frame.known
    for name, column in frame.of.slices.items():
        size = len(column.names)
        pairs, where = _distinct(frame.group[rows] * size + column.codes[rows])
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
    frame.count(days, parts, lambda v: (table, name, values[v[0]], v[1], v[2]))


def _add_kinds(frame: _Frame) -> None:
    rows, kinds, slices = frame.compared, np.zeros(len(frame.group), np.int64), frame.of.slices
    sizes = [len(column.names) for column in slices.values()]
    for column, size in zip(slices.values(), sizes, strict=True):
        kinds = kinds * size + column.codes
    met, codes = _distinct(kinds[rows])
    seen, _ = _distinct(frame.group[rows] * max(1, len(met)) + codes)
    names = [kind_of(_values(int(kind), slices)) for kind in met]
    group, code = np.divmod(seen, max(1, len(met)))
    frame.count(frame.group_day[group], [code], lambda v: (Table.KINDS, names[v[0]]))


def _values(kind: int, slices: Mapping[str, Coded]) -> dict[str, str]:
    found = {}
    for name, column in reversed(list(slices.items())):
        kind, code = divmod(kind, len(column.names))
        found[name] = column.names[code]
    return found


def _sound(measured: Measured) -> Flags:
    with np.errstate(invalid="ignore"):
        return np.asarray(measured.known & np.isfinite(measured.values) & (measured.values >= 0))


def _scaled(measured: Measured, rows: Flags, scale: int) -> Whole:
    return np.rint(measured.values[rows] * scale).astype(np.int64)


def _add_measure(frame: _Frame, table: Table, measured: Measured, scale: int) -> None:
    name = "duration" if table is Table.DURATIONS else "cost"
    day, sound = frame.of.day, frame.replayed & _sound(measured)
    unknown, odd = frame.replayed & ~measured.known, frame.replayed & measured.known & ~_sound(measured)
    frame.count(day[unknown], [], lambda v: (Table.UNKNOWN, name))
    frame.count(day[odd], [], lambda v: (Table.UNSOUND, name))
    whole = _scaled(measured, sound, scale)
    frame.count(day[sound], [np.searchsorted(_EDGES, whole)], lambda v: (table, v[0]))
    if table is Table.COSTS and len(whole):
        days, where = _distinct(day[sound])
        spent = np.zeros(len(days), np.int64)
        np.add.at(spent, where, whole)
        for one, often in zip(days.tolist(), spent.tolist(), strict=True):
            frame.cells[one][(Table.SPENT,)] += often


def _add_cost_means(frame: _Frame) -> None:
    sound = frame.replayed & _sound(frame.of.cost_usd)
    total = np.zeros(len(frame.group_day), np.int64)
    np.add.at(total, frame.group[sound], _scaled(frame.of.cost_usd, sound, NANO))
    of, priced = frame.per_group(frame.replayed), frame.per_group(sound)
    whole = (of > 0) & (of == priced)
    means = np.searchsorted(_EDGES, -(-total[whole] // priced[whole]))
    frame.count(frame.group_day[whole], [means], lambda v: (Table.COST_MEANS, v[0]))


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
    frame.count(days[unknown], [], lambda v: (Table.TOOK, side, UNKNOWN))
    bins = np.searchsorted(_EDGES, _scaled(measured, sound, MICRO))
    frame.count(days[sound], [bins], lambda v: (Table.TOOK, side, v[0]))
