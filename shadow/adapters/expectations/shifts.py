"""What is asked of a window's values: units (the size of numbers) and the shares of categories."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from shadow.adapters.expectations.checks import BETWEEN, MEDIAN, Check
from shadow.adapters.expectations.fields import Field
from shadow.adapters.expectations.past import Past, divergence, most
from shadow.adapters.expectations.profile import ENOUGH, Spread
from shadow.adapters.expectations.table import Table, number, numeric, series

FACTOR = 4.0  # a median beyond the usual quartiles by more is another unit
EDGE = 2.0  # values beyond the usual extremes by more count as out of range
Sizes = tuple[float | None, ...]


def words(data: Table, found: Past) -> Iterator[Check]:
    """Numbers where numbers are expected."""
    for name in numbers(data, found):
        filled = data.filled(name)
        known = sum(round(one.rows * (1 - one.nulls[name])) for one in found.all if name in one.words)
        share = max((one.words.get(name, 0.0) for one in found.all), default=0.0)
        if filled:
            yield Check(
                column=name,
                type="expect_column_values_to_be_in_set",
                says=f"{name} is no number in {{count}} of {filled} filled rows",
                on=f"kind of {name}",
                values=tuple(_kind(cell) for cell in data.cells[name]),
                limits={"value_set": ["number"]},
                allowed=most(filled, share=share, known=known, extra=0.05 if known else 0.2),
            )


def units(data: Table, found: Past) -> Iterator[Check]:
    """Sizes as they were: no median and no tail that only another unit explains, in no group either."""
    names = numbers(data, found)
    for key, sizes in series(data, names).items():
        spreads = found.spreads(key)
        if not spreads or not any(sizes):
            continue
        column = next(name for name in names if key == name or key.startswith(f"{name} where "))
        yield from _median(column, key, sizes, spreads)
        # In a slice the median alone: the column's and the units' tails see the rest, and a check costs 5 ms.
        if not any(f" where {name} is " in key for name in data.slices):
            yield _tails(column, key, sizes, spreads)


def bounds(data: Table, found: Past) -> Iterator[Check]:
    """Before there is a past, the schema's own least and largest value."""
    for field in data.fields:
        bounded = field.low is not None or field.high is not None
        if found.spreads(field.name) or not bounded or not numeric(data, field):
            continue
        values = tuple(number(cell) for cell in data.cells[field.name])
        count = sum(value is not None for value in values)
        if count:
            yield Check(
                column=field.name,
                type=BETWEEN,
                says=f"{field.name} is beyond the contract's bounds in {{count}} of {count} rows",
                on=f"value of {field.name}",
                values=values,
                limits={"min_value": field.low, "max_value": field.high},
                allowed=most(count, extra=0.05),
            )


def shares(data: Table, found: Past) -> Iterator[Check]:
    """Categories as they were: few unknown values, and each known one about as frequent."""
    for field in data.fields:
        if not found.all or not all(field.name in one.categories for one in found.all):
            continue
        today = data.counts(field.name)
        before = found.counts(found.all, field.name)
        if today:
            yield _unknown(field, data, before, first=not found.same)
        if today and found.same:
            yield _moved(field, data, found.counts(found.same, field.name))


def numbers(data: Table, found: Past) -> list[str]:
    """The columns that hold numbers: declared so, or in earlier windows, or new in this one."""
    past = {name for one in found.all for name in one.words}
    taken = {name for one in found.all for name in one.categories} - past
    fresh = [f.name for f in data.fields if numeric(data, f)]
    wanted = past | set(fresh) - taken
    return [f.name for f in data.fields if f.name in wanted and not f.secret]


def unchecked(data: Table, found: Past) -> list[str]:
    """Numeric columns whose unit nothing tells: no past and no bounds in the schema."""
    open_ended = {f.name for f in data.fields if f.low is None and f.high is None}
    return [name for name in numbers(data, found) if name in open_ended and not found.spreads(name)]


def _median(column: str, key: str, sizes: Sizes, spreads: list[Spread]) -> Iterator[Check]:
    present = sorted(size for size in sizes if size is not None)
    if len(present) < ENOUGH:
        return
    low, high = min(s.quarter for s in spreads) / FACTOR, max(s.three_quarters for s in spreads) * FACTOR
    median = present[len(present) // 2]
    yield Check(
        column=column,
        type=MEDIAN,
        says=f"the median of {key} is {median:g}; sound windows allow {low:g} to {high:g}: another unit?",
        on=f"size of {key}",
        values=sizes,
        limits={"min_value": low, "max_value": high},
        rows=0 if key == column else len(present),
    )


def _tails(column: str, key: str, sizes: Sizes, spreads: list[Spread]) -> Check:
    count = sum(size is not None for size in sizes)
    low, high = min(s.low for s in spreads) / EDGE, max(s.high for s in spreads) * EDGE
    return Check(
        column=column,
        type=BETWEEN,
        says=f"{key} is outside {low:g} to {high:g} in {{count}} of {count} rows: another unit?",
        on=f"size of {key}",
        values=sizes,
        limits={"min_value": low, "max_value": high},
        allowed=most(count, share=0.001, known=sum(s.count for s in spreads), extra=0.02),
        rows=0 if key == column else count,
    )


def _unknown(field: Field, data: Table, before: Counter[str], *, first: bool) -> Check:
    filled, known = data.filled(field.name), before.total()
    unseen = sum(count == 1 for count in before.values()) / max(known, 1)
    return Check(
        column=field.name,
        type="expect_column_values_to_be_in_set",
        says=f"{field.name} has a value never seen before in {{count}} of {filled} filled rows",
        on=f"field {field.name}",
        values=_texts(data, field.name),
        limits={"value_set": sorted(before)},
        # Good and Turing: what was seen once tells the share of what was not seen yet.
        allowed=most(filled, share=unseen, known=known, extra=0.3 if first else 0.05),
    )


def _moved(field: Field, data: Table, before: Counter[str]) -> Check:
    today = data.counts(field.name)
    kinds, known = sorted({*before, *today}), before.total()
    smooth = known + len(before) / 2
    mover = max(kinds, key=lambda kind: abs(today[kind] / today.total() - before[kind] / known))
    was, now = before[mover] / known, today[mover] / today.total()
    return Check(
        column=field.name,
        type="expect_column_kl_divergence_to_be_less_than",
        says=f"shares of {field.name} moved: {mover[:40]!r} is {now:.1%} of rows, was {was:.1%}",
        on=f"field {field.name}",
        values=_texts(data, field.name),
        limits={
            "partition_object": {
                "values": sorted(before),
                "weights": [(before[kind] + 0.5) / smooth for kind in sorted(before)],
            },
            "threshold": divergence(len(kinds), rows=today.total(), known=known),
            "tail_weight_holdout": 0.05,
        },
    )


def _texts(data: Table, name: str) -> tuple[str | None, ...]:
    return tuple(None if cell is None else str(cell) for cell in data.cells[name])


def _kind(cell: str | float | None) -> str | None:
    if cell is None:
        return None
    return "word" if number(cell) is None else "number"
