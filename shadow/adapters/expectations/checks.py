"""What is asked of a window as plain data: keys, moments, nulls, volume. Great Expectations answers it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shadow.adapters.expectations.fields import Field
from shadow.adapters.expectations.past import SLACK, Past, Z, gap, most, volume
from shadow.adapters.expectations.table import Table

Values = Sequence[Any]
NOT_NULL = "expect_column_values_to_not_be_null"
BETWEEN = "expect_column_values_to_be_between"
MEDIAN = "expect_column_median_to_be_between"
USUALLY_FILLED = 0.05  # share of nulls; a column with fewer is held to it on every weekday


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One expectation.

    Attributes:
        column: the column that a problem names; empty for the whole table.
        type: Great Expectations' name, as `expect_column_values_to_not_be_null`.
        says: the problem in plain words; {count} and {rows} are filled in.
        on: the frame's column that it looks at; empty for the whole table.
        values: that column, one value a row.
        limits: the expectation's other arguments.
        allowed: how many filled values (for nulls: rows) may fail; None for aggregates.
        rows: how many rows it looks at where that is only a part of its column; 0 where it is all.
    """

    column: str
    type: str
    says: str
    on: str = ""
    values: Values = ()
    limits: Mapping[str, Any] | None = None
    allowed: int | None = None
    rows: int = 0


def keys(data: Table, found: Past) -> Iterator[Check]:
    """An id in every row, and hardly one twice."""
    rows, known = data.rows, sum(one.rows for one in found.all)
    unnamed = max((one.unnamed for one in found.all), default=0.0)
    yield Check(
        column="id",
        type=NOT_NULL,
        says="id is null in {count} of {rows} rows",
        on="row id",
        values=data.ids,
        allowed=most(rows, share=unnamed, known=known, extra=0.02),
    )
    yield Check(
        column="id",
        type="expect_column_values_to_be_unique",
        says="{count} of {rows} rows share their id with another row",
        on="row id",
        values=data.ids,
        allowed=_doubled(rows, found),
    )


def moments(data: Table, found: Past) -> Iterator[Check]:
    """Every arrival inside the window, and no silence that sound windows do not have."""
    hours = data.hours_in()
    yield Check(
        column="arrived_at",
        type=BETWEEN,
        says="{count} of {rows} rows arrived outside the window",
        on="row hours",
        values=hours,
        limits={"min_value": 0.0, "max_value": data.hours, "strict_max": True},
        allowed=0,
    )
    last = gap(found, hours=data.hours, end=True)
    if last is not None and last < data.hours:
        silent = data.hours - max(hours)
        yield Check(
            column="arrived_at",
            type="expect_column_max_to_be_between",
            says=f"nothing arrived in the window's last {silent:.1f} h; sound windows: up to {last:.1f} h",
            on="row hours",
            values=hours,
            limits={"min_value": data.hours - last},
        )
    widest = gap(found, hours=data.hours, end=False)
    if widest is not None and widest < data.hours:
        yield Check(
            column="arrived_at",
            type=BETWEEN,
            says=f"silences of up to {max(data.gaps()):.1f} h, {{count}} longer than {widest:.1f} h",
            on="row gap",
            values=data.gaps(),
            limits={"max_value": widest},
            allowed=0,
        )


def rows(data: Table, found: Past) -> Iterator[Check]:
    """As many rows as this weekday usually has."""
    bounds = volume(found)
    if bounds is None:
        return
    low, high = bounds
    days = f"{found.same[-1].weekday}s" if found.same else "days"
    yield Check(
        column="",
        type="expect_table_row_count_to_be_between",
        says=f"{{rows}} rows arrived; earlier {days} allow {low} to {high}",
        limits={"min_value": int(low), "max_value": int(high)},
    )


def absent(data: Table) -> Iterator[Check]:
    """Columns without which a case cannot be built or judged."""
    for field in data.fields:
        if field.needed:
            yield Check(
                column=field.name,
                type="expect_column_to_exist",
                says=f"{field.name} is missing from all {{rows}} rows",
                on=f"field {field.name}",
                values=() if field.name in data.absent else data.cells[field.name],
            )


def nulls(data: Table, found: Past) -> Iterator[Check]:
    """No column emptier than it was; before there is a past, none that is required and largely empty."""
    for field in data.fields:
        allowed = _nulls_allowed(field, data, found)
        if allowed is None or (field.needed and field.name in data.absent):
            continue
        yield Check(
            column=field.name,
            type=NOT_NULL,
            says=f"{field.name} is null in {{count}} of {{rows}} rows; sound: up to {allowed}",
            on=f"field {field.name}",
            values=data.cells[field.name],
            allowed=allowed,
        )


def _nulls_allowed(field: Field, data: Table, found: Past) -> int | None:
    share, known = found.share(found.all, field.name)
    if not known:
        return most(data.rows, extra=0.2) if field.filled else None
    same, behind = found.share(found.same, field.name)
    if behind:
        known = behind if same >= share else known
        return most(data.rows, share=max(share, same), known=known, extra=0.05)
    # A weekday seen for the first time may lack whole channels, and with them the columns that these fill.
    return most(data.rows, share=share, known=known, extra=0.15) if share < USUALLY_FILLED else None


def _doubled(rows: int, found: Past) -> int:
    """Live systems double a few rows; each pair counts twice here, so 10 % of rows are 5 % too many."""
    if not found.all:
        return most(rows, extra=0.10)
    largest = max(one.doubled for one in found.all)
    chance = Z * (2 * rows * max(largest, 1 / rows)) ** 0.5
    return int(rows * max(0.04, 3 * largest) + chance + SLACK)
