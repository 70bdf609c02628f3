"""Whole weeks: what holds for the mean of a week, however good some of its weekdays are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from shadow.evidence.eprocess import Classes

_WEEK = 7  # days


def at_whole_weeks(
    daily: Mapping[date, Iterable[tuple[float, int]]], *, through: date | None
) -> tuple[int, list[tuple[float, int]]]:
    """How many whole weeks, counted from the first day, are over by `through`; and the pieces of these weeks alone.

    log E of the pieces, looked at on whole weeks only, is an e-process for "the weekly mean is at the limit or above"
    whatever the profile within the week: with a bet that is constant over the week and pieces that are independent
    given the week's volumes, Π (1 + l (m - p_t)) ≤ (1 + l (m - mean))^n ≤ 1.

    Args:
        daily: (badness, how often) by day.
        through: the last day that is closed, days without a case included; None where none is.

    Source: readiness 5, weekly-balance theorem (arithmetic and geometric mean).
    """
    first = min(daily, default=None)
    if first is None or through is None:
        return 0, []
    weeks = ((through - first).days + 1) // _WEEK
    end = first + timedelta(days=_WEEK * weeks)
    return weeks, pooled(pieces for day, pieces in daily.items() if day < end)


def pooled(parts: Iterable[Classes]) -> list[tuple[float, int]]:
    """All pieces together, sorted by badness."""
    found: dict[float, int] = {}
    for part in parts:
        for share, often in part:
            found[share] = found.get(share, 0) + int(often)
    return sorted(found.items())
