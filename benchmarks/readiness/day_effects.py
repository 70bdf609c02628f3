"""Days that are good or bad by luck: what thinning the evidence by how much they differ saves, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.readiness.rows import Row, Run, at_most, below, shown
from benchmarks.readiness.streams import DAYS, Flags, Floats, Whole, passed, ready
from shadow.evidence.day_effect import LEAST_DAYS, DayEffect
from shadow.evidence.eprocess import READY, threshold
from shadow.gates import calendar, harmful_rate
from tests.evidence.exact import log_es

LIMIT, ALPHA, BY = 0.02, 0.05, 21
SPREADS = (0.0, 0.3, 0.6)  # of the days' rates, as a share of the limit
# (share of the limit, unit-days a day): good candidates, the last ones with hardly enough to be ready by day 21
GOOD = ((0.2, 500), (0.35, 500), (0.5, 500), (0.35, 100), (0.35, 75), (0.5, 100))
RARELY = 0.015  # one in a hundred by chi square, which counts of few events follow nearly
COSTS = 0.01  # of the good ones, at most so many are ready later
GATES = (calendar(days=LEAST_DAYS), harmful_rate(at_most=LIMIT))
ASKED = 15  # streams that the gates themselves are asked about, at every look from day 14 on


def rows(how: Run) -> Iterator[Row]:
    """Rates that differ by day, at the limit in the mean; how often equal days look otherwise; good candidates."""
    draw = np.random.default_rng(how.seed)
    for spread in SPREADS:
        for volume in (50, 500, 5000):
            yield from _at_the_limit(draw, how, spread, volume)
    for volume in (50, 500):
        yield from _by_chance(draw, how, volume)
    for times, volume in GOOD:
        yield from _good(draw, how, times, volume)


def _at_the_limit(draw: np.random.Generator, how: Run, spread: float, volume: int) -> Iterator[Row]:
    trials = how.trials(4000)
    bad = _streams(draw, trials, (1.0, spread), volume)
    with_it, without = said(bad, volume)
    what = f"mean at the limit, days' sd {spread:g} of it, {volume} a day"
    yield at_most(f"falsely ready: {what}", int(with_it.any(1).sum()), trials, ALPHA)
    yield shown(f"  by all the evidence alone: {what}", f"{without.any(1).mean():.3f}")
    yield _asked(bad[:ASKED], with_it[:ASKED], volume, what)


def _by_chance(draw: np.random.Generator, how: Run, volume: int) -> Iterator[Row]:
    """At one look; that phi exceeds 1.5 is no rare thing, which is why it is not what decides."""
    trials = how.trials(4000)
    phi = phis(_streams(draw, trials, (0.35, 0.0), volume), volume)
    for day in (LEAST_DAYS, DAYS):
        beyond = int((phi[:, day - 1] > DayEffect(1.0, day).chance).sum())
        yield at_most(f"equal days look unequal after {day}, {volume} a day", beyond, trials, RARELY)
        yield shown(f"  phi above 1.5 after {day}, {volume} a day", f"{(phi[:, day - 1] > 1.5).mean():.3f}")


def _good(draw: np.random.Generator, how: Run, times: float, volume: int) -> Iterator[Row]:
    with_it, without = said(_streams(draw, how.trials(4000), (times, 0.0), volume), volume)
    by, alone = (float(one[:, :BY].any(1).mean()) for one in (with_it, without))
    what = f"equal days at {times:g} of the limit, {volume} a day"
    yield below(f"fewer ready by day {BY}: {what}", alone - by, COSTS, ".4f")
    yield shown(f"  ready by then ({alone:.4f} by all the evidence alone)", f"{by:.4f}")


def _streams(draw: np.random.Generator, trials: int, rate: tuple[float, float], volume: int) -> Whole:
    """Harmful unit-days by day; a day's rate is drawn from a gamma of this mean and standard deviation, times LIMIT."""
    mean, spread = rate
    drawn = draw.gamma((mean / spread) ** 2, spread**2 / mean, (trials, DAYS)) if spread else np.full(1, mean)
    rates = np.minimum(1.0, LIMIT * np.broadcast_to(drawn, (trials, DAYS)))
    return draw.binomial(volume, rates)


def phis(bad: Whole, volume: int) -> Floats:
    """phi after each day, 1 before there are enough of them; written out a second time, for days of equal volume."""
    found = np.ones(bad.shape)
    for day in range(LEAST_DAYS, DAYS + 1):
        shares = bad[:, :day] / volume
        mean = shares.mean(1)
        chance = mean * (1 - mean) / volume
        found[:, day - 1] = shares.var(1, ddof=1) / np.where(chance > 0, chance, 1.0)
    return np.maximum(1.0, found)


def said(bad: Whole, volume: int) -> tuple[Flags, Flags]:
    """Ready after each day from day 14 on: with the evidence thinned where days differ, and by all of it alone."""
    days, total, phi = np.arange(1, DAYS + 1), bad.cumsum(1), phis(bad, volume)
    alone = ready(total, days * volume, LIMIT, READY, ALPHA)
    alone[:, : LEAST_DAYS - 1] = False
    of = np.broadcast_to(days * volume, bad.shape) / phi
    less = log_es((total / phi).ravel(), of.ravel(), LIMIT, READY).reshape(bad.shape)  # type: ignore[arg-type]
    chance = np.array([DayEffect(1.0, max(2, day)).chance for day in days.tolist()])
    return alone & ((phi <= chance) | (less >= threshold(ALPHA))), alone


def _asked(bad: Whole, told: Flags, volume: int, what: str) -> Row:
    same = 0
    for stream, flags in zip(bad, told, strict=True):
        daily = [(int(b), volume) for b in stream]
        same += passed(GATES, daily, looks=range(LEAST_DAYS, DAYS + 1)) == flags[LEAST_DAYS - 1 :].tolist()
    return Row(what=f"  the gates say the same: {what}", seen=f"{same} of {len(bad)}", good=same == len(bad))
