"""The truths of `desk`: good candidates, and each single thing that can be wrong with one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.readiness.world import Cases, Desk, Floats, Harm

LIMIT = 0.02
ON_HARM = ("harmful_rate", "recency", "whole_weeks")  # the gates that hold the harmful share itself against the limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One row of the table.

    Attributes:
        guards: the gates that stand against it; without them it would be ready, which is shown.
        bar: at least this share is ready by day 21 where it is good, at most where it is not; None where it is
            shown alone.
    """

    name: str
    desk: Desk
    guards: tuple[str, ...] = ()
    good: bool = False
    bar: float | None = 0.05
    limit: float = LIMIT
    settles: int = 1


def flat(rate: float) -> Harm:
    """The same chance of harm for every case."""
    return lambda cases: np.full(len(cases.day), rate)


def profile(rates: tuple[float, ...]) -> Harm:
    """By weekday, Monday first."""
    return lambda cases: np.array(rates)[cases.weekday]


def slice_at_limit(limit: float) -> Harm:
    """One country at three times the limit, the others so low that all together are well below it."""
    return lambda cases: np.where(cases.country == 2, 3 * limit, 0.1 * limit)


def turned(before: float, day: int, after: float) -> Harm:
    """Good until a day, bad from then on."""
    return lambda cases: np.where(cases.day < day, before, after)


def slow_harm(mean: float, slow: float) -> Harm:
    """Harm in nothing but cases that do not settle on their day; `slow` is their share."""

    def rate(cases: Cases) -> Floats:
        return np.where(cases.delay > 0, mean / slow, 0.0)

    return rate


GOOD = 0.35 * LIMIT
REAL: dict[str, Any] = {
    "per_day": 10_000 / 28,
    "customers": 5500,
    "burst": 0.12,
    "sundays": 0.6,
    "never": 0.003,
    "aside": 0.025,
}
SLOW: dict[str, Any] = {"same_day": 0.6, "slowest": 5}


TRIALS_OF: tuple[Trial, ...] = (
    Trial(name="good, 0.2 of the limit", desk=Desk(harm=flat(0.2 * LIMIT)), good=True, bar=0.97),
    Trial(name="good, 0.35 of the limit", desk=Desk(harm=flat(GOOD)), good=True, bar=0.97),
    Trial(name="good, 0.5 of the limit", desk=Desk(harm=flat(0.5 * LIMIT)), good=True, bar=None),
    Trial(
        name="the desk: 10,000 cases, 5 days to settle, 0.2 % harm, limit 1 %",
        desk=Desk(harm=profile((0.002 * 6 / 6.6,) * 6 + (0.002 * 12 / 6.6,)), **REAL, **SLOW),
        good=True,
        bar=0.97,
        limit=0.01,
        settles=5,
    ),
    Trial(name="harm at the limit", guards=ON_HARM, desk=Desk(harm=flat(LIMIT))),
    Trial(
        name="harm at 1.5 × the limit",
        guards=(*ON_HARM, "every_slice", "non_inferior"),
        desk=Desk(harm=flat(1.5 * LIMIT)),
    ),
    Trial(name="one slice at its limit", guards=("every_slice",), desk=Desk(harm=slice_at_limit(LIMIT))),
    Trial(name="critical at 0.1 %", guards=("critical_rate",), desk=Desk(harm=flat(GOOD), critical=0.001)),
    Trial(
        name="worse than the control by the margin",
        guards=("non_inferior",),
        desk=Desk(harm=flat(GOOD), control_wrong=0.002 / (1 - GOOD)),
    ),
    Trial(name="similarity at the limit", guards=("similarity",), desk=Desk(harm=flat(GOOD), unlike=0.2)),
    Trial(name="95 of 100 at the ceiling", guards=("latency",), desk=Desk(harm=flat(GOOD), p95_s=20.0)),
    Trial(
        name="95 of 100 at 1.5 × the control's",
        guards=("latency_against_control",),
        desk=Desk(harm=flat(GOOD), p95_s=18.0, control_p95_s=12.0),
    ),
    Trial(name="cost at the limit", guards=("cost",), desk=Desk(harm=flat(GOOD), cost_usd=0.0501)),
    Trial(
        name="Sundays 5 ×, mean at the limit",
        guards=ON_HARM,
        desk=Desk(harm=profile((LIMIT / 3,) * 6 + (5 * LIMIT,))),
    ),
    Trial(
        name="1.5 × the limit from day 9 on",
        guards=ON_HARM,
        desk=Desk(harm=turned(0.3 * LIMIT, 9, 1.5 * LIMIT)),
    ),
    Trial(
        name="units alike (correlation 0.5, bursts)",
        guards=ON_HARM,
        desk=Desk(harm=flat(LIMIT), correlation=0.5, burst=0.5),
    ),
    Trial(
        name="harm only in cases that settle late, mean at the limit of 1 %",
        guards=(*ON_HARM, "every_slice", "non_inferior"),
        desk=Desk(harm=slow_harm(0.01, 0.4), **REAL, **SLOW),
        limit=0.01,
        settles=5,
    ),
    Trial(name="6 % set aside", guards=("set_aside",), desk=Desk(harm=flat(GOOD), aside=0.06)),
    Trial(name="3 % stale", guards=("stale",), desk=Desk(harm=flat(GOOD), stale=0.03)),
    Trial(
        name="nothing on weekends", guards=("coverage", "calendar"), desk=Desk(harm=flat(GOOD), closed_weekends=True)
    ),
)

# What is said to be not ready: at a limit almost never, well beyond it nearly always.
REJECTED: tuple[Trial, ...] = (
    Trial(name="harm at the limit, all confirmed", desk=Desk(harm=flat(LIMIT))),
    Trial(name="one slice at its limit, all confirmed", desk=Desk(harm=slice_at_limit(LIMIT))),
    Trial(name="harm at 2 × the limit, all confirmed", desk=Desk(harm=flat(2 * LIMIT)), good=True, bar=0.97),
    Trial(
        name="one slice at 2 × its limit, all confirmed", desk=Desk(harm=slice_at_limit(2 * LIMIT)), good=True, bar=0.97
    ),
)
