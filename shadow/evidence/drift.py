"""Alarms that a rate has risen: evidence of harm that begins anew as long as nothing speaks for it."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, fsum, log

from shadow.evidence.eprocess import Prior, harm, log_e


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


def mean_log(terms: Sequence[float], weights: Sequence[float]) -> float:
    """log Σ w exp(term); the mean of e-detectors is one."""
    top = max(terms)
    return top + log(fsum(w * exp(term - top) for term, w in zip(terms, weights, strict=True)))
