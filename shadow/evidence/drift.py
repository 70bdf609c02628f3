"""Alarms that a rate has risen: evidence of harm that begins anew as long as nothing speaks for it."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, fsum, log

from shadow.evidence.eprocess import Prior, harm, log_e

WEEK = 7  # days


def ecusum(daily: Sequence[tuple[int, int]], limit: float) -> list[float]:
    """log M after each day against "the rate is at most `limit`"; an alarm is raised where M reaches a number h.

    As long as the rate keeps to the limit it takes h days or more in the mean until M reaches h. A day is taken as
    one block: within it no order counts, so daily counts are all that is kept.

    Args:
        daily: (bad, total) of each day, in order; 0 ≤ bad ≤ total.
        limit: in (0, 1).

    Source: Shin, Ramdas & Rinaldo (2023), e-CUSUM: M = max(M, 1) · E of the block, mixed over bets.
    """
    prior = harm(limit)
    bets = [Prior(multiples=(r,), weights=(1.0,)) for r in prior.multiples]
    running = [0.0] * len(bets)
    found: list[float] = []
    for bad, total in daily:
        block = ((0.0, total - bad), (1.0, bad))
        running = [max(m, 0.0) + log_e(block, limit, bet) for m, bet in zip(running, bets, strict=True)]
        found.append(mean_log(running, prior.weights))
    return found


def weekly_ecusum(daily: Sequence[tuple[int, int]], limit: float) -> list[float]:
    """log M after each day from the seventh on, against "the week's mean rate is at most `limit`".

    A workflow has other traffic on Sundays than on Mondays, and no day alone can tell that from a change. So a week is
    one block, of which neither order nor profile counts; seven sequences of weeks, each beginning on another of the
    first seven days, take turns, so that every day ends a week.

    Args:
        daily: (bad, total) of each calendar day, in order; (0, 0) where nothing came.
        limit: in (0, 1).

    Returns:
        One level a day from the seventh on; as long as the weekly mean keeps to the limit, any of the first n of them
        reaches h with probability ≤ n / h, also of a mean over several things that are watched.

    Source: `shadow.evidence.weeks`, weekly-balance theorem, for one block; for each sequence M after k blocks is at
    most the Shiryaev-Roberts sum R, of which R - k is a martingale at best, so P(max M ≥ h) ≤ k / h; then Boole.
    """
    found = [0.0] * max(0, len(daily) - WEEK + 1)
    for first in range(WEEK):
        starts = range(first, len(found), WEEK)
        blocks = [_sum(daily[start : start + WEEK]) for start in starts]
        for start, level in zip(starts, ecusum(blocks, limit), strict=True):
            found[start] = level
    return found


def _sum(daily: Sequence[tuple[int, int]]) -> tuple[int, int]:
    return sum(bad for bad, _ in daily), sum(total for _, total in daily)


def mean_log(terms: Sequence[float], weights: Sequence[float]) -> float:
    """log Σ w exp(term); the mean of e-detectors is one."""
    top = max(terms)
    return top + log(fsum(w * exp(term - top) for term, w in zip(terms, weights, strict=True)))
