"""Non-inferiority by a margin: falsely passed, and its price at the plan and off it, against the least possible."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.readiness.betting import Truth, bound, ends
from benchmarks.readiness.rows import Row, Run, at_most, below, shown
from shadow.evidence.eprocess import Prior, growth
from shadow.evidence.paired import badness, limit_of, paired_plan

ALPHA = 0.05
CELLS = ((0.01, 0.02), (0.01, 0.06), (0.01, 0.20), (0.02, 0.06), (0.02, 0.20))  # margin, discordant share
AT_PLAN, OFF_PLAN = 1.20, 1.45
BEFORE = (0.005, 0.01, 0.02, 0.03, 0.045, 0.065, 0.09, 0.13, 0.18, 0.25, 0.35, 0.5, 0.7, 0.9)  # of the largest bet


def rows(how: Run) -> Iterator[Row]:
    """Each margin and share of discordance: at the margin, as planned, better than planned, planned wrongly."""
    draw = np.random.default_rng(how.seed)
    for by, q in CELLS:
        truth, trials, most = _truth(q, by), how.trials(2000), int(3 * 6.7 * q / by**2)
        prior, limit = paired_plan(by, q), limit_of(by)
        hits = ends(draw, truth, limit=limit, prior=prior, most=most, trials=trials)
        yield at_most(
            f"falsely passed, net at the margin {by:g}, discordant {q:g}", int((hits > 0).sum()), trials, ALPHA
        )
        for name, net, bar in (("as planned", 0.0, AT_PLAN), ("better by the margin", -by, OFF_PLAN)):
            yield _price(how, (by, q, net), (paired_plan(by, q), name, bar))
            yield _price(how, (by, q, net), (half_planned(by, q), f"{name}, bets before", 0.0))
    for by, q, believed in ((0.02, 0.06, 0.18), (0.02, 0.06, 0.02), (0.02, 0.20, 0.04)):
        for prior, name in ((paired_plan(by, believed), ""), (half_planned(by, believed), ", bets before")):
            yield _price(how, (by, q, 0.0), (prior, f"{believed:g} discordant planned{name}", 0.0))


def _truth(q: float, net: float) -> Truth:
    return Truth(values=(0.0, 0.5, 1.0), chances=((q - net) / 2, 1 - q, (q + net) / 2))


def half_planned(by: float, q: float) -> Prior:
    """The bets that the first sketch of this had, kept to compare with: half on a fixed grid, half on two of it."""
    plan = badness(((-1.0, q / 2), (0.0, 1 - q), (1.0, q / 2)))
    grid = [1 - c for c in BEFORE]
    pace = [growth(plan, limit_of(by), Prior(multiples=(r,), weights=(1.0,))) for r in grid]
    best = max(range(len(grid)), key=pace.__getitem__)
    beside = max((k for k in (best - 1, best + 1) if 0 <= k < len(grid)), key=pace.__getitem__)
    weights = [0.5 / len(grid) + 0.25 * (k in (best, beside)) for k in range(len(grid))]
    return Prior(multiples=tuple(grid), weights=tuple(weights))


def _price(how: Run, cell: tuple[float, float, float], told: tuple[Prior, str, float]) -> Row:
    """The same streams for every prior."""
    by, q, net = cell
    prior, name, bar = told
    truth, limit, trials = _truth(q, net), limit_of(by), how.trials(2000)  # the mean has a long tail
    draw = np.random.default_rng([how.seed, *(round(10_000 * (1 + x)) for x in cell)])
    least = bound(truth, limit, ALPHA)
    found = ends(draw, truth, limit=limit, prior=prior, most=int(12 * least), trials=trials)
    mean = np.where(found > 0, found, int(12 * least)).mean()
    what = f"times the least, {name}: margin {by:g}, discordant {q:g} (least {least:,.0f})"
    return below(what, mean / least, bar) if bar else shown(what, f"{mean / least:.3f}")
