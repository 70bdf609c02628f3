"""Do days differ more than chance lets them? Then a day's unit-days say less than their number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from math import fsum, sqrt
from statistics import NormalDist
from typing import NamedTuple

from shadow.evidence.eprocess import Classes
from shadow.evidence.weeks import pooled

LEAST_DAYS = 14  # with any evidence: of fewer, nothing can be said about how days differ
WORTH_SAYING = 1.5  # below it, thinning by phi changes little
RARE = 0.01  # how often equal days exceed `DayEffect.chance` at one look


class DayEffect(NamedTuple):
    """How much days differ.

    Attributes:
        phi: the variance of the days' harmful shares, as a multiple of what independent unit-days would show; ≥ 1.
        days: that were looked at, ≥ 14.
    """

    phi: float
    days: int

    @property
    def chance(self) -> float:
        """What phi exceeds by chance at one look in a hundred, 1.5 at least: 2.13 of 14 days, 1.74 of 28.

        Source: the 99th percentile of chi square with `days` - 1 degrees of freedom, divided by them; Wilson &
        Hilferty (1931), The distribution of chi-square.
        """
        spread = 2 / (9 * (self.days - 1))
        return max(WORTH_SAYING, (1 - spread + NormalDist().inv_cdf(1 - RARE) * sqrt(spread)) ** 3)

    @property
    def real(self) -> bool:
        """Whether days differ by more than chance."""
        return self.phi > self.chance


def day_effect(daily: Mapping[date, Iterable[tuple[float, int]]]) -> DayEffect | None:
    """How much the harmful share differs from day to day; None of fewer than 14 days with any evidence.

    It is a heuristic: for display, and for what may only ever keep from *ready*. It carries no guarantee, cannot tell a
    weekday from a bad day, and sees nothing where hardly any harm was seen.

    Args:
        daily: (badness, how often) by closed day.

    Source: McCullagh & Nelder (1989), Generalized linear models, 4.5: Pearson's statistic over its degrees of freedom,
    with the unit-days' own variance in place of the binomial one; readiness 2g.
    """
    days = [list(pieces) for pieces in daily.values()]
    sums = [(fsum(bad * often for bad, often in day), sum(often for _, often in day)) for day in days]
    seen = [(bad, total) for bad, total in sums if total]
    if len(seen) < LEAST_DAYS:
        return None
    mean = fsum(bad for bad, _ in seen) / sum(total for _, total in seen)
    pieces = pooled(days)
    variance = fsum(often * (bad - mean) ** 2 for bad, often in pieces) / sum(often for _, often in pieces)
    between = fsum((bad - total * mean) ** 2 / total for bad, total in seen) / (len(seen) - 1)
    return DayEffect(max(1.0, between / variance) if variance else 1.0, len(seen))


def thinned(pieces: Classes, phi: float) -> list[tuple[float, float]]:
    """The same mix, with one in phi of it left."""
    return [(bad, often / phi) for bad, often in pieces]
