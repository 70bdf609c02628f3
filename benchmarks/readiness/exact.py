"""The promise and the price of "ready" for every cell, without Monte Carlo; and how quick the recursion is."""

from __future__ import annotations

import time
from collections.abc import Iterator

from benchmarks.readiness.rows import Row, Run, below, shown
from shadow.evidence.eprocess import READY, Prior, boundary
from tests.evidence.exact import crossing, ever_ready, firsts, mean_inputs, wald

LIMITS = (0.002, 0.005, 0.02, 0.05, 0.1)
BARS = {0.1: 1.25, 0.2: 1.15, 0.35: 1.15, 0.5: 1.15, 0.6: 1.25, 0.7: 1.35}
# the weights that the first sketch of this had, on the same bets; kept to compare with
BEFORE = Prior(
    multiples=(0.00, 0.05, 0.10, 0.20, 0.30, 0.37, 0.45, 0.55, 0.65, 0.75, 0.85, 0.93),
    weights=(0.07, 0.06, 0.06, 0.06, 0.08, 0.33, 0.09, 0.07, 0.06, 0.06, 0.04, 0.02),
)


def rows(how: Run) -> Iterator[Row]:
    """Falsely ready for each limit, alpha and volume; the ratio to Wald's bound; the time of 20,000 looks."""
    for alpha in (0.05, 0.01):
        for limit in LIMITS:
            yield from _cell(limit, alpha)
    for limit in LIMITS:
        told = [_ratio(share, limit, 0.05, BEFORE) for share in (0.0, *BARS)]
        yield shown(f"times Wald's bound, weights before, limit {limit:g}", " ".join(f"{x:.2f}" for x in told))
    edges = boundary(0.02, 20_000, READY, alpha=0.05)
    took = []
    for _ in range(3):
        began = time.process_time()
        crossing(0.02, edges)
        took.append(time.process_time() - began)
    yield below("seconds of one core for 20,000 looks, one after the other", min(took), 0.2)


def _cell(limit: float, alpha: float) -> Iterator[Row]:
    first = firsts(limit, READY, alpha=alpha, most=int(28 * 5000 * limit) + 5)
    for volume in (50, 500, 5000):
        ever = ever_ready(limit, first, horizon=28 * volume)
        yield below(f"falsely ready, limit {limit:g}, alpha {alpha:g}, 28 × {volume}", ever, alpha, ".5f")
    for share, bar in BARS.items():
        what = f"times Wald's bound at {share:g} of the limit {limit:g}, alpha {alpha:g}"
        yield below(what, _ratio(share, limit, alpha, READY), bar)
    perfect = _ratio(0.0, limit, alpha, READY)
    yield shown(f"times Wald's bound, a perfect candidate, limit {limit:g}, alpha {alpha:g}", f"{perfect:.3f}")


def _ratio(share: float, limit: float, alpha: float, prior: Prior) -> float:
    first = firsts(limit, prior, alpha=alpha, most=1200)
    return mean_inputs(share * limit, first) / wald(share * limit, limit, alpha)
