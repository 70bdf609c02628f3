"""Weekly profiles whose mean is exactly the limit: never ready more often than alpha, at any volume."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.readiness.rows import Row, Run, at_most, shown
from benchmarks.readiness.streams import DAYS, Flags, Whole, passed, ready
from shadow.evidence.eprocess import READY
from shadow.gates import calendar, harmful_rate, whole_weeks

LIMIT, ALPHA, WEEK, LEAST = 0.02, 0.05, 7, 14
PROFILES = {"Sunday 5 ×": (1 / 3,) * 6 + (5.0,), "weekend 2.5 ×": (0.4,) * 5 + (2.5,) * 2}
GATES = (calendar(days=LEAST), whole_weeks(at_most=LIMIT), harmful_rate(at_most=LIMIT))
ASKED = 15  # streams that the gates themselves are asked about, at every look


def rows(how: Run) -> Iterator[Row]:
    """One line a profile and volume, with what evidence up to the day alone would say."""
    draw = np.random.default_rng(how.seed)
    for name, profile in PROFILES.items():
        for volume in (50, 500, 5000):
            trials = how.trials(4000)
            rates = LIMIT * np.resize(profile, DAYS)
            bad = draw.binomial(volume, rates, (trials, DAYS))
            both, now = said(bad, volume)
            what = f"{name}, {volume} a day"
            yield at_most(f"falsely ready: {what}", int(both.any(1).sum()), trials, ALPHA)
            yield shown(f"  by the evidence up to the day alone: {what}", f"{now.any(1).mean():.3f}")
            yield _asked(bad[:ASKED], both[:ASKED], volume, what)


def said(bad: Whole, volume: int) -> tuple[Flags, Flags]:
    """Ready by whole weeks and up to the day; and up to the day alone, from two weeks on."""
    days = np.arange(1, DAYS + 1)
    total = bad.cumsum(1)
    now = ready(total, days * volume, LIMIT, READY, ALPHA)
    now[:, : LEAST - 1] = False
    ends = (days // WEEK) * WEEK
    week = now[:, np.maximum(ends, 1) - 1]
    return now & week, now


def _asked(bad: Whole, both: Flags, volume: int, what: str) -> Row:
    same = 0
    for stream, told in zip(bad, both, strict=True):
        daily = [(int(b), volume) for b in stream]
        same += passed(GATES, daily, looks=range(LEAST, DAYS + 1)) == told[LEAST - 1 :].tolist()
    return Row(what=f"  the gates say the same: {what}", seen=f"{same} of {len(bad)}", good=same == len(bad))
