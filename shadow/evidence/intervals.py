"""Intervals that are shown and never decided on: they do not survive being looked at every day."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist


def wilson(bad: float, total: float, *, confidence: float = 0.95) -> tuple[float, float]:
    """The Wilson score interval of a share, for one look; (0, 1) where nothing was seen.

    Args:
        bad: how many of them, 0 to `total`; may be a sum of shares.
        total: how many were seen, ≥ 0.
        confidence: two-sided, in (0, 1).

    Example:
        >>> [round(x, 4) for x in wilson(0, 100)]
        [0.0, 0.037]

    Source: Wilson (1927), JASA 22:209, without continuity correction.
    """
    if total <= 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share, spread = bad / total, z * z / total
    middle = share + spread / 2
    half = z * sqrt(share * (1 - share) / total + spread / (4 * total))
    low, high = (middle - half) / (1 + spread), (middle + half) / (1 + spread)
    return (0.0 if bad <= 0 else low), (1.0 if bad >= total else high)
