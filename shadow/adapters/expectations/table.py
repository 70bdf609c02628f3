"""One window's arrivals as columns: one row an arrival, doubled rows and rows without an id included."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from shadow.adapters.expectations.fields import Field, fields, unit_columns
from shadow.case import Arrival
from shadow.contract.model import Contract
from shadow.errors import SourceError, UsageError

DECIMAL = re.compile(r"\s*[+-]?\d+(\.\d+)?([eE][+-]?\d+)?\s*")
NUMERIC_SHARE = 0.9  # of a column's filled values; below that, a column is text that holds some numbers
CATEGORIES = 30  # values; a text column with more has no categories
LONGEST = 40  # characters of a category
GROUPS = 12  # values; a unit or slice with more is not looked at value by value
NESTED = "(nested)"

Cell = str | float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A window's rows by column.

    Attributes:
        start, end: the window `[start, end)`, aware UTC.
        ids: one an arrival, None where the row has none.
        moments: when each row arrived, aware UTC, in the order given.
        fields: the contract's columns.
        cells: column to one value a row: text, number, or None for null, NaN and blank text.
        absent: the columns whose key is in no row at all.
        units, slices: the columns by whose values numbers are also looked at.
    """

    start: datetime
    end: datetime
    ids: tuple[str | None, ...]
    moments: tuple[datetime, ...]
    fields: tuple[Field, ...]
    cells: Mapping[str, tuple[Cell, ...]]
    absent: frozenset[str]
    units: tuple[str, ...]
    slices: tuple[str, ...]

    @property
    def rows(self) -> int:
        """Number of arrivals, ≥ 0."""
        return len(self.ids)

    @property
    def hours(self) -> float:
        """The window's length in hours, > 0."""
        return (self.end - self.start) / timedelta(hours=1)

    def filled(self, name: str) -> int:
        """Rows in which the column is not null."""
        return sum(cell is not None for cell in self.cells[name])

    def counts(self, name: str) -> Counter[str]:
        """How often each value of a column occurs, as text, nulls left out."""
        return Counter(str(cell) for cell in self.cells[name] if cell is not None)

    def hours_in(self) -> tuple[float, ...]:
        """Per row, hours from the window's start to its arrival."""
        return tuple((moment - self.start) / timedelta(hours=1) for moment in self.moments)

    def gaps(self) -> tuple[float, ...]:
        """Hours without an arrival before the first row, then between rows in order of arrival."""
        return tuple(later - sooner for sooner, later in pairwise([0.0, *sorted(self.hours_in())]))


def table(arrivals: Iterable[Arrival], *, contract: Contract, window: tuple[datetime, datetime]) -> Table:
    """The window's table.

    Raises:
        UsageError: the window is empty or its moments have no timezone.
        SourceError: an arrival's moment has no timezone.
    """
    start, end = window
    if start.tzinfo is None or end.tzinfo is None or start >= end:
        raise UsageError(
            "a window is a half-open span of aware moments",
            where=contract.workflow,
            seen=f"[{start.isoformat()}, {end.isoformat()})",
            allowed="start before end, both with a timezone",
        )
    rows = list(arrivals)
    columns = fields(contract)
    _aware(rows, contract.workflow)
    units = unit_columns(contract)
    return Table(
        start=start.astimezone(UTC),  # two moments of one local zone would be subtracted by the wall clock
        end=end.astimezone(UTC),
        ids=tuple(row.id or None for row in rows),
        moments=tuple(row.arrived_at.astimezone(UTC) for row in rows),
        fields=columns,
        cells={f.name: tuple(_cell(_at(row.input, f.path)) for row in rows) for f in columns},
        absent=frozenset(f.name for f in columns if not any(_has(row.input, f.path) for row in rows)),
        units=units,
        slices=tuple(name for name in contract.slices if name not in units),
    )


def numeric(data: Table, field: Field) -> bool:
    """Whether a column holds numbers: declared so, or nearly all its values are, some of them not whole text.

    Text of digits alone (an order number, a postal code) is no number.
    """
    if field.key or field.secret:
        return False
    return field.number or _looks_numeric([cell for cell in data.cells[field.name] if cell is not None])


def categories(data: Table, field: Field) -> Counter[str]:
    """Each value of a text column with its count; empty where they are many, long or hardly repeated.

    A sentence is no category even where everybody writes the same one: it is a customer's own words.
    """
    if field.key or field.secret or numeric(data, field):
        return Counter()
    counts = data.counts(field.name)
    few = len(counts) <= CATEGORIES and 5 * len(counts) <= counts.total()
    short = NESTED not in counts and max(map(len, counts), default=0) <= LONGEST
    return counts if few and short else Counter()


def number(cell: Cell) -> float | None:
    """The finite number in a cell, decimal text included; None for a null or a word."""
    if isinstance(cell, str):
        cell = float(cell) if DECIMAL.fullmatch(cell) else None
    return cell if cell is not None and math.isfinite(cell) else None


def series(data: Table, names: Iterable[str]) -> dict[str, tuple[float | None, ...]]:
    """Sizes (absolute values) of each numeric column, for all rows and for each value of a unit or slice.

    Zeros are left out: a changed unit leaves them as they are. One value a row, None where there is none.
    Keys: `amount`, `amount where currency is EUR`.
    """
    found: dict[str, tuple[float | None, ...]] = {}
    groups = _groups(data)
    for name in names:
        sizes = tuple(_size(cell) for cell in data.cells[name])
        found[name] = sizes
        for column, value in groups:
            mask = data.cells[column]
            found[f"{name} where {column} is {value}"] = tuple(
                size if str(cell) == value else None for size, cell in zip(sizes, mask, strict=True)
            )
    return found


def _groups(data: Table) -> list[tuple[str, str]]:
    by_name = {field.name: field for field in data.fields}
    found = []
    for column in (*data.units, *data.slices):
        counts = categories(data, by_name[column]) if column in by_name else {}
        found += [(column, value) for value in sorted(counts)] if len(counts) <= GROUPS else []
    return found


def _looks_numeric(cells: list[str | float]) -> bool:
    numbers = [cell for cell in cells if number(cell) is not None]
    broken = any(not isinstance(cell, str) or "." in cell for cell in numbers)
    return broken and len(numbers) >= NUMERIC_SHARE * len(cells)


def _size(cell: Cell) -> float | None:
    found = number(cell)
    return abs(found) if found else None


def _cell(value: Any) -> Cell:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return None if math.isnan(value) else float(value)
    if isinstance(value, Mapping | list | tuple):
        return NESTED if value else None
    return None if value is None or not str(value).strip() else str(value)


def _at(row: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    place: Any = row
    for step in path:
        place = place.get(step) if isinstance(place, Mapping) else None
    return place


def _has(row: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    place = row if len(path) == 1 else row.get(path[0])
    return isinstance(place, Mapping) and path[-1] in place


def _aware(rows: list[Arrival], workflow: str) -> None:
    naive = sum(row.arrived_at.tzinfo is None for row in rows)
    if naive:
        raise SourceError(
            f"the moment of {naive} of {len(rows)} arrivals has no timezone",
            where=f"{workflow}: arrived_at",
            allowed="aware moments, in UTC",
            todo="declare the source's timezone",
        )
