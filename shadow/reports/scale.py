"""Where a day and a value lie in a plot, and which of them get a tick."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WIDTH, HEIGHT = 860, 290  # of a plot, in user units
LEFT, RIGHT, TOP, BOTTOM = 58, 18, 26, 34  # margins
HUGE = 1e12  # a value beyond it stands at the plot's edge


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The plotted area: days from `first` to `last`, values from `low` to `high` (low < high)."""

    first: date
    last: date
    low: float
    high: float


def scale(days: Sequence[date], values: Sequence[float]) -> Scale:
    """A scale that holds all days (at least one) and all values below HUGE, with air above."""
    usual = [v for v in values if abs(v) < HUGE] or [0.0]
    low, high = min(usual), max(usual)
    span = high - low if high - low > 1e-9 else 1.0
    return Scale(first=min(days), last=max(days), low=low, high=high + 0.08 * span)


def x(on: Scale, day: date) -> float:
    """The day's place from left to right; a single day stands in the middle."""
    inner = WIDTH - LEFT - RIGHT
    days = (on.last - on.first).days
    share = (day - on.first).days / days if days else 0.5
    return round(LEFT + inner * min(max(share, 0.0), 1.0), 1)


def y(on: Scale, value: float) -> float:
    """The value's place from top to bottom; what lies outside stands at the edge, NaN at the bottom."""
    value = on.low if math.isnan(value) else value
    inner = HEIGHT - TOP - BOTTOM
    share = (min(max(value, on.low), on.high) - on.low) / (on.high - on.low)
    return round(TOP + inner * (1 - share), 1)


def ticks(low: float, high: float, *, about: int = 5) -> list[float]:
    """Round values from low to high, about as many as asked for.

    Example:
        >>> ticks(0, 10)
        [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    """
    rough = (high - low) / max(about, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    count = int((high - first * step) / step + 1e-9) + 1
    return [round((first + n) * step, 12) for n in range(min(count, 50))]


def day_ticks(first: date, last: date, *, about: int = 8) -> list[date]:
    """Days from first on, evenly, about as many as asked for; whole weeks once they are many."""
    days = (last - first).days
    step = max(1, math.ceil(days / max(about, 1)))
    step = step if step <= 4 else 7 * math.ceil(step / 7)
    return [first + timedelta(days=n) for n in range(0, days + 1, step)]
