"""Evidence that a change of the last weeks cannot hide behind: the weakest of all stretches up to now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from math import inf

from shadow.evidence.eprocess import Classes, Prior, log_e


def suffix_min_log_e(
    daily: Mapping[date, Iterable[tuple[float, int]]], limit: float, prior: Prior, *, days: int, through: date
) -> tuple[float, date | None]:
    """The smallest log E of all stretches that end with `through` and are at least so many calendar days long.

    Whatever the day from which the rate is at the limit or above: some stretch starts on it, so "all of them reach
    log(1/alpha) at a look `days` or more after it" has a probability of at most alpha.

    Args:
        daily: (badness, how often) by day; no day after `through`.
        days: ≥ 1; shorter stretches are not looked at.

    Returns:
        log E of the weakest stretch and its first day; -inf and None where the days do not reach back so far.

    Source: readiness 2g; Shin, Ramdas & Rinaldo (2023), E-detectors: the process started on the day of the change is
    an e-process, and the smallest of all is at most it.
    """
    last_start = through - timedelta(days=days - 1)
    if not daily or min(daily) > last_start:
        return -inf, None
    weakest: tuple[float, date | None] = (inf, None)
    seen: dict[float, float] = {}
    starts = sorted({*daily, last_start}, reverse=True)
    for start in starts:
        _pool(seen, daily.get(start, ()))
        if start <= last_start:
            weakest = min(weakest, (log_e(seen.items(), limit, prior), start), key=lambda found: found[0])
    return weakest


def _pool(seen: dict[float, float], more: Classes) -> None:
    for share, often in more:
        seen[share] = seen.get(share, 0) + often
