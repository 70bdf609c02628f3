"""What a sound window looked like, as plain JSON data: what later windows are held to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shadow.adapters.expectations.table import Table, categories, number, numeric, series

ENOUGH = 20  # values; fewer say little about a column's scale
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The sizes (absolute values, zeros left out) of one numeric column, in the column's own unit.

    Attributes:
        count: values, ≥ 20.
        mean: for readers; no check uses it, because one mistyped value moves it.
        low, quarter, median, three_quarters, high: quantiles 0.001, 0.25, 0.5, 0.75, 0.999 (nearest rank).
    """

    count: int
    mean: float
    low: float
    quarter: float
    median: float
    three_quarters: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One window in numbers.

    Attributes:
        start, end: the window `[start, end)`, aware UTC.
        rows: arrivals, doubled ones included, ≥ 0.
        unnamed: share of rows without an id, 0 to 1.
        doubled: share of rows whose id another row has too, 0 to 1.
        nulls: column to its share of nulls, 0 to 1.
        words: numeric column to the share of its filled values that are no numbers, 0 to 1.
        categories: column to value to its share of the filled rows; columns with at most 30 values.
        numbers: series (`amount`, `amount where currency is EUR`) to its spread.
        newest: the latest arrival, aware UTC; None where there is none.
        end_gap_h, widest_gap_h: hours without an arrival at the window's end, and at most before one.
    """

    start: datetime
    end: datetime
    rows: int
    unnamed: float = 0.0
    doubled: float = 0.0
    nulls: Mapping[str, float] = field(default_factory=dict)
    words: Mapping[str, float] = field(default_factory=dict)
    categories: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    numbers: Mapping[str, Spread] = field(default_factory=dict)
    newest: datetime | None = None
    end_gap_h: float = 0.0
    widest_gap_h: float = 0.0

    @property
    def hours(self) -> float:
        """The window's length in hours, > 0."""
        return (self.end - self.start) / timedelta(hours=1)

    @property
    def weekday(self) -> str:
        """The day in whose UTC span the window's middle lies, as `Sunday`."""
        return WEEKDAYS[(self.start + (self.end - self.start) / 2).weekday()]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data; moments as ISO 8601 text."""
        data = asdict(self)
        for name in ("start", "end", "newest"):
            data[name] = data[name].isoformat() if data[name] else None
        return {**data, "weekday": self.weekday}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Profile:
        """The profile that `to_json` wrote."""
        plain = {name: value for name, value in data.items() if name != "weekday"}
        moments = {name: _moment(data[name]) for name in ("start", "end", "newest")}
        numbers = {name: Spread(**spread) for name, spread in data["numbers"].items()}
        return cls(**{**plain, **moments, "numbers": numbers})


def profile_of(data: Table) -> Profile:
    """The window's profile; values of redacted columns are not in it."""
    rows = max(data.rows, 1)
    named = Counter(one for one in data.ids if one is not None)
    hours = data.hours_in()
    numbers = [f.name for f in data.fields if numeric(data, f)]
    counts = {f.name: categories(data, f) for f in data.fields}
    return Profile(
        start=data.start,
        end=data.end,
        rows=data.rows,
        unnamed=sum(one is None for one in data.ids) / rows,
        doubled=sum(count for count in named.values() if count > 1) / rows,
        nulls={f.name: 1 - data.filled(f.name) / rows for f in data.fields},
        words={name: _words(data, name) for name in numbers},
        categories={name: _shares(found) for name, found in counts.items() if found},
        numbers=_spreads(series(data, numbers)),
        newest=max(data.moments, default=None),
        end_gap_h=data.hours - max(hours, default=0.0),
        widest_gap_h=max(data.gaps(), default=data.hours),
    )


def _spreads(found: Mapping[str, Iterable[float | None]]) -> dict[str, Spread]:
    sizes = {name: sorted(size for size in sizes if size is not None) for name, sizes in found.items()}
    return {name: _spread(values) for name, values in sizes.items() if len(values) >= ENOUGH}


def _spread(ordered: list[float]) -> Spread:
    last = len(ordered) - 1

    def at(share: float) -> float:
        return ordered[round(share * last)]

    return Spread(
        count=len(ordered),
        mean=sum(ordered) / len(ordered),
        low=at(0.001),
        quarter=at(0.25),
        median=at(0.5),
        three_quarters=at(0.75),
        high=at(0.999),
    )


def _words(data: Table, name: str) -> float:
    filled = [cell for cell in data.cells[name] if cell is not None]
    return sum(number(cell) is None for cell in filled) / max(len(filled), 1)


def _shares(counts: Counter[str]) -> dict[str, float]:
    return {value: count / counts.total() for value, count in sorted(counts.items())}


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
