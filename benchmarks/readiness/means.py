"""Bounded means (similarity, capped cost): falsely passed, and the price against the least possible."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.readiness.betting import Truth, bound, ends
from benchmarks.readiness.rows import Row, Run, at_most, below
from shadow.evidence.eprocess import COST, READY, Prior

ALPHA = 0.05
SPREAD = 4.0  # of the beta distribution that dissimilarity is drawn from: a + b
OFF_PLAN = 1.45


def rows(how: Run) -> Iterator[Row]:
    """Dissimilarity that is spread and that is all or nothing; costs as shares of three times the limit."""
    draw = np.random.default_rng(how.seed)
    graded = [(mean, _beta(mean, 0.1)) for mean in (0.1, 0.05, 0.02, 0.08)]
    yield from _family(draw, how, ("dissimilarity, spread", 0.1, READY), graded)
    whole = [(mean, Truth(values=(0.0, 1.0), chances=(1 - mean, mean))) for mean in (0.1, 0.05, 0.02)]
    yield from _family(draw, how, ("dissimilarity, all or nothing", 0.1, READY), whole)
    costs = [(share, _beta(share / 3, 1 / 3)) for share in (1.0, 0.9, 0.75, 0.95)]
    yield from _family(draw, how, ("cost as a share of its limit", 1 / 3, COST), costs)


def _family(
    draw: np.random.Generator, how: Run, test: tuple[str, float, Prior], truths: list[tuple[float, Truth]]
) -> Iterator[Row]:
    """The first truth is at the limit."""
    name, limit, prior = test
    (_, worst), *good = truths
    trials = how.trials(2000)
    hits = ends(draw, worst, limit=limit, prior=prior, most=int(150 / limit), trials=trials)
    yield at_most(f"falsely passed at the limit: {name}", int((hits > 0).sum()), trials, ALPHA)
    for mean, truth in good:
        least, few = bound(truth, limit, ALPHA), how.trials(400)
        most = int(12 * least)
        found = ends(draw, truth, limit=limit, prior=prior, most=most, trials=few)
        ratio = np.where(found > 0, found, most).mean() / least
        yield below(f"times the least, {name}, {mean:g} (least {least:,.0f})", ratio, OFF_PLAN)


def _beta(mean: float, limit: float) -> Truth:
    """A beta distribution of that mean in thousandths, rounded up; its spread fits that of the limit."""
    a, b = SPREAD * mean, SPREAD * (1 - mean)
    x = (np.arange(1, 1001) - 0.5) / 1000
    weights = x ** (a - 1) * (1 - x) ** (b - 1)
    chances = weights / weights.sum()
    shift = float(chances @ (np.arange(1, 1001) / 1000)) / mean
    values = np.arange(1, 1001) / 1000 / shift  # so that the mean is what it says, rounding included
    kept = np.minimum(values, 1.0)
    return Truth(values=tuple(kept.tolist()), chances=tuple(chances.tolist()))
