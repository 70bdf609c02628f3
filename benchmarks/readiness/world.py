"""A desk of 28 days, drawn at once: who comes, when a case settles, what went wrong, what labels will say.

Nothing is known before its time: `seen` gives the cases as they stand at a look.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from shadow.contract.model import Severity
from shadow.evidence.columns import NONE, STANDINGS, Coded, Columns, Measured
from shadow.evidence.judged import Standing

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
FIRST = date(2026, 1, 5)  # a Monday
DAYS, WEEK = 28, 7
COUNTRIES, SHARES = ("DE", "ES", "FR", "IT"), (0.4, 0.3, 0.2, 0.1)
CHANNELS = ("mail", "web")
NEVER = 10_000  # days: does not settle
# Few different values, so that a world is counted quickly: one in twenty cases takes the 95th percentile or longer.
STRETCH, ODDS = (0.3, 0.45, 0.6, 0.8, 1.0, 1.3), (0.3, 0.3, 0.25, 0.1, 0.03, 0.02)
PRICES = (0.5, 1.0, 1.5)  # of the mean cost, one as likely as the other
Harm = Callable[["Cases"], Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """What is drawn first: arrivals. One row a case, ordered by day and unit."""

    day: Whole
    unit: Whole
    country: Whole
    delay: Whole  # days until it settles; NEVER
    weekday: Whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a desk is like; rates are shares of cases.

    Attributes:
        harm: chance that the candidate is harmfully wrong, for each case; major.
        per_day: cases a day in the mean.
        sundays: Sunday's volume as a share of another day's.
        customers: how many different ones come.
        burst: chance that a case brings another of the same unit on the same day.
        same_day, slowest: share that settles on its day; the most days that the others take.
        never, aside, stale: shares that never settle, are set aside, read a stale world.
        control_wrong: share in which the control was wrong and a label will say so; half of them critical mismatches.
        critical: share in which the candidate's harm is critical.
        correlation: of harm within a unit-day.
        p95_s, cost_usd, unlike: the candidate's 95th percentile, mean cost and mean share of places that differ.
        control_p95_s: the control's 95th percentile.
        closed_weekends: whether nothing comes in on Saturdays and Sundays.
    """

    harm: Harm
    per_day: float = 500
    sundays: float = 1.0
    customers: int = 20_000
    burst: float = 0.05
    same_day: float = 1.0
    slowest: int = 0
    never: float = 0.0
    aside: float = 0.0
    stale: float = 0.0
    control_wrong: float = 0.02
    critical: float = 0.0
    correlation: float = 0.0
    p95_s: float = 10.0
    cost_usd: float = 0.02
    unlike: float = 0.08
    control_p95_s: float = 60.0
    closed_weekends: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One draw of a desk: every case's fate."""

    cases: Cases
    harmful: Flags
    critical: Flags
    control_wrong: Flags
    control_critical: Flags
    aside: Flags
    stale: Flags
    hour: Whole
    channel: Whole
    took_s: Floats
    control_took_s: Floats
    usd: Floats
    similarity: Floats


def drawn(desk: Desk, seed: int) -> World:
    """One world; the same for the same seed."""
    draw = np.random.default_rng(seed)
    cases = _arrivals(draw, desk)
    n = len(cases.day)
    harmful = _harmful(draw, desk, cases)
    wrong = ~harmful & (draw.random(n) < desk.control_wrong)
    critical = draw.random(n) < desk.critical
    return World(
        cases=cases,
        harmful=harmful | critical,
        critical=critical,
        control_wrong=wrong & ~critical,
        control_critical=draw.random(n) < 0.5,
        aside=draw.random(n) < desk.aside,
        stale=draw.random(n) < desk.stale,
        hour=draw.integers(1, 24, n),  # not midnight: a look taken at it would stand between two days
        channel=draw.integers(0, len(CHANNELS), n),
        took_s=draw.choice(STRETCH, p=ODDS, size=n) * desk.p95_s,
        control_took_s=draw.choice(STRETCH, p=ODDS, size=n) * desk.control_p95_s,
        usd=desk.cost_usd * draw.choice(PRICES, size=n),
        similarity=1 - np.where(draw.random(n) < 2 * desk.unlike, 0.5, 0.0),
    )


def _arrivals(draw: np.random.Generator, desk: Desk) -> Cases:
    volume = np.full(DAYS, 1.0)
    volume[6::WEEK] = desk.sundays
    if desk.closed_weekends:
        volume[5::WEEK] = volume[6::WEEK] = 0
    each = draw.poisson(volume / volume.mean() * desk.per_day / (1 + desk.burst))
    liking = draw.gamma(1.0, size=desk.customers)
    unit = draw.choice(desk.customers, p=liking / liking.sum(), size=each.sum())
    day, again = np.repeat(np.arange(DAYS), each), draw.random(each.sum()) < desk.burst
    day, unit = np.concatenate([day, day[again]]), np.concatenate([unit, unit[again]])
    order = np.lexsort((unit, day))
    day, unit = day[order], unit[order]
    slow = draw.integers(1, desk.slowest + 1, len(day)) if desk.slowest else np.zeros(len(day), np.int64)
    delay = np.where(draw.random(len(day)) < desk.same_day, 0, slow)
    delay = np.where(draw.random(len(day)) < desk.never, NEVER, delay)
    country = np.searchsorted(np.cumsum(SHARES), draw.random(desk.customers), side="right")[unit]
    return Cases(day=day, unit=unit, country=np.minimum(country, 3), delay=delay, weekday=day % WEEK)


def _harmful(draw: np.random.Generator, desk: Desk, cases: Cases) -> Flags:
    """Within a unit-day the rate is drawn from a beta of the given mean, so that its cases resemble each other."""
    rate = np.clip(desk.harm(cases), 1e-12, 1 - 1e-12)
    if not desk.correlation:
        return np.asarray(draw.random(len(rate)) < rate)
    _, where = np.unique(cases.day * 10**6 + cases.unit, return_inverse=True)
    weight = (1 - desk.correlation) / desk.correlation
    first = np.zeros(where.max() + 1)
    first[where] = rate
    return np.asarray(draw.random(len(rate)) < draw.beta(first * weight, (1 - first) * weight)[where])


def seen(world: World, look: int, *, settles: int, since: int = 0) -> Columns:
    """The cases of the days from `since` on as they stand at the end of `look` whole days.

    Args:
        settles: days within which a case must settle; later it is set aside.
    """
    rows = np.flatnonzero((world.cases.day >= since) & (world.cases.day < look))
    day, delay = world.cases.day[rows], world.cases.delay[rows]
    settled = (day + delay < look) & (delay <= settles)
    standing = np.where(settled, STANDINGS.index(Standing.COMPARED), STANDINGS.index(Standing.WAITING))
    standing[settled & world.stale[rows]] = STANDINGS.index(Standing.INCOMPARABLE)
    standing[(~settled & (look > day + settles)) | world.aside[rows]] = STANDINGS.index(Standing.SET_ASIDE)
    compared = standing == STANDINGS.index(Standing.COMPARED)
    mine, theirs = world.harmful[rows] & compared, world.control_wrong[rows] & compared
    worst = np.where(mine, world.critical[rows], world.control_critical[rows])
    graded = np.where(worst, Severity.CRITICAL.rank, Severity.MAJOR.rank)
    labelled = (mine | theirs) & (day + delay + 1 < look)
    return Columns(
        day=day + FIRST.toordinal(),
        unit=Coded(codes=world.cases.unit[rows], names=_names(world)),
        case_id=[f"c{row:06d}" for row in rows.tolist()],
        standing=standing,
        slices={
            "channel": Coded(codes=world.channel[rows], names=CHANNELS),
            "country": Coded(codes=world.cases.country[rows], names=COUNTRIES),
        },
        agreement=~(mine | theirs),
        grade=np.where(mine | (theirs & ~labelled), graded, NONE),
        confirmed=np.where(mine & labelled, graded, NONE),
        labelled=labelled,
        label_due=(mine | theirs) & ~labelled,
        stale=world.stale[rows] & (standing == STANDINGS.index(Standing.INCOMPARABLE)),
        versus=np.where(mine | (theirs & ~labelled), 1, np.where(theirs, -1, 0)),
        hour=world.hour[rows],
        duration_s=Measured(values=world.took_s[rows], known=~world.aside[rows]),
        cost_usd=Measured(values=world.usd[rows], known=~world.aside[rows]),
        similarity=Measured(values=world.similarity[rows], known=compared),
        control_duration_s=Measured(values=world.control_took_s[rows], known=settled),
    )


_NAMES: dict[int, list[str]] = {}


def _names(world: World) -> list[str]:
    many = int(world.cases.unit.max()) + 1
    return _NAMES.setdefault(many, [f"u{k:06d}" for k in range(many)])
