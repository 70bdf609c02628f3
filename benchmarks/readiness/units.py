"""Cases that come in bursts of one unit: a unit-day weighs as one, and the promise holds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.readiness.rows import Row, Run, at_most, shown
from benchmarks.readiness.streams import DAYS, Whole, ready
from shadow.evidence.eprocess import READY, log_e, reached

LIMIT, ALPHA, CASES = 0.02, 0.05, 500
Pieces = dict[float, int]


def rows(how: Run) -> Iterator[Row]:
    """At the limit, units of 5 and 20 cases and of 1 to 20, within-unit correlation 0.2 and 0.5."""
    draw = np.random.default_rng(how.seed)
    for most, same in ((5, True), (20, True), (20, False)):
        for rho in (0.2, 0.5):
            yield from _cell(draw, how, (most, same), rho)


def _cell(draw: np.random.Generator, how: Run, size: tuple[int, bool], rho: float) -> Iterator[Row]:
    most, same = size
    trials = how.trials(1000)
    what = f"{'' if same else '1 to '}{most} cases a unit-day, correlation {rho:g}"
    unit = naive = 0
    for _ in range(trials):
        sizes, harmful = _stream(draw, most, same, rho)
        unit += _ever([_pieces(n, h) for n, h in zip(sizes, harmful, strict=True)])
        bad = np.array([int(h.sum()) for h in harmful]).cumsum()
        total = np.array([int(n.sum()) for n in sizes]).cumsum()
        naive += bool(ready(bad, total, LIMIT, READY, ALPHA).any())
    yield at_most(f"falsely ready: {what}", unit, trials, ALPHA)
    yield shown(f"  had each case counted by itself: {what}", f"{naive / trials:.3f}")


def _stream(draw: np.random.Generator, most: int, same: bool, rho: float) -> tuple[list[Whole], list[Whole]]:
    """Sizes and harmful cases of each day's unit-days; a unit-day's rate is drawn from a beta of mean LIMIT."""
    mean = most if same else (1 + most) / 2
    units = round(CASES / mean)
    sizes = [np.full(units, most) if same else draw.integers(1, most + 1, units) for _ in range(DAYS)]
    weight = (1 - rho) / rho
    rates = [draw.beta(LIMIT * weight, (1 - LIMIT) * weight, units) for _ in range(DAYS)]
    return sizes, [draw.binomial(n, p) for n, p in zip(sizes, rates, strict=True)]


def _pieces(sizes: Whole, harmful: Whole) -> Pieces:
    shares, often = np.unique(harmful / sizes, return_counts=True)
    return dict(zip(shares.tolist(), often.tolist(), strict=True))


def _ever(days: list[Pieces]) -> bool:
    seen: Pieces = {}
    for pieces in days:
        for share, often in pieces.items():
            seen[share] = seen.get(share, 0) + often
        if reached(log_e(seen.items(), LIMIT, READY), ALPHA):
            return True
    return False
