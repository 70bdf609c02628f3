"""Durations and costs as integer counts in bins 1 % wide, so that they merge and never depend on order."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from itertools import accumulate
from math import inf, isfinite

from shadow.evidence.eprocess import READY, bernoulli_log_e, harm, reached

MICRO = 1_000_000  # durations are held in microseconds: from 1 ms the bins are 1 % wide
NANO = 1_000_000_000  # costs are held in billionths of a dollar: from 0.000001 USD the bins are 1 % wide
_TOP = 10**14  # beyond it (3 years, 100,000 USD) a value falls into the last bin, whose upper edge is infinite


def _edges() -> tuple[int, ...]:
    """Whole numbers only, so that every machine draws the same bins."""
    edges = [0, 1000]
    while edges[-1] < _TOP:
        edges.append(edges[-1] * 101 // 100)
    return tuple(edges)


EDGES = _edges()


def bin_of(value: float, scale: int) -> int | None:
    """The bin k with EDGES[k-1] < value · scale ≤ EDGES[k]; None for NaN, infinite or below 0."""
    if not isfinite(value) or value < 0:
        return None
    return bisect_left(EDGES, round(value * scale))


def upper_edge(k: int, scale: int) -> float:
    """The largest value that bin k may hold; infinite for the last bin."""
    return EDGES[k] / scale if k < len(EDGES) else inf


def lower_edge(k: int, scale: int) -> float:
    """The value that everything in bin k is above; 0 for the bin of zero."""
    return EDGES[k - 1] / scale if k > 0 else 0.0


def at_or_over(bins: Mapping[int, int], ceiling: float, scale: int) -> int:
    """How many values may reach the ceiling: a bin that touches it counts whole."""
    first = bisect_left(EDGES, round(ceiling * scale))
    return sum(often for k, often in bins.items() if k >= first)


def quantile_upper(bins: Mapping[int, int], quantile: float, scale: int, *, alpha: float) -> float:
    """An upper confidence limit of a quantile that holds at every look with probability ≥ 1 - alpha.

    Args:
        bins: how many values each bin holds.
        quantile: in (0, 1), as 0.95.
        alpha: in (0, 1).

    Returns:
        The smallest upper edge above which so few values lie that "the quantile is at least this"
        is rejected; infinite where there are too few.

    Source: Howard & Ramdas (2022), Sequential estimation of quantiles; here by inverting the
    Bernoulli test at each edge.
    """
    edges = sorted(bins)
    upto = list(accumulate(bins[k] for k in edges))
    total = upto[-1] if upto else 0

    def few_above(place: int) -> bool:
        return reached(bernoulli_log_e(total - upto[place], total, 1 - quantile, READY), alpha)

    # The further up, the fewer lie above: the first edge that will do is found by halving.
    first = bisect_left(range(len(edges)), True, key=few_above)
    return upper_edge(edges[first], scale) if first < len(edges) else inf


def quantile_lower(bins: Mapping[int, int], quantile: float, scale: int, *, alpha: float) -> float:
    """A lower confidence limit of a quantile that holds at every look with probability ≥ 1 - alpha.

    Args:
        bins: how many values each bin holds.
        quantile: in (0, 1), as 0.95.
        alpha: in (0, 1).

    Returns:
        The largest lower edge above which so many values lie that "the quantile is at most this" is rejected; 0
        where there are too few.

    Source: as `quantile_upper`; "the q-quantile is at most e" is "P(X > e) ≤ 1 - q", tested by the bets of harm.
    """
    edges = sorted(bins, reverse=True)
    above = list(accumulate(bins[k] for k in edges))
    prior = harm(1 - quantile)

    def many_above(place: int) -> bool:
        return reached(bernoulli_log_e(above[place], above[-1], 1 - quantile, prior), alpha)

    first = bisect_left(range(len(edges)), True, key=many_above)
    return lower_edge(edges[first], scale) if first < len(edges) else 0.0
