"""A candidate that was good and turns bad on any day: no ready once so many bad days are in."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.readiness.rows import Row, Run, at_most, shown
from benchmarks.readiness.streams import DAYS, Flags, Whole, passed, ready
from shadow.evidence.drift import ecusum, weekly_ecusum
from shadow.evidence.eprocess import READY
from shadow.gates import recency

LIMIT, ALPHA, LEAST = 0.02, 0.05, 14
GOOD = 0.3  # times the limit, before the change
# (good days before it, rate afterwards as a multiple of the limit, a day, window) → the share that was seen before
KNOWN = {
    (8, 1.0, 500, 7): 0.0095,
    (4, 1.0, 500, 7): 0.000,
    (12, 2.0, 500, 7): 0.097,
    (12, 2.0, 500, 2): 0.000,
    (13, 3.0, 500, 2): 0.000,
    (8, 1.0, 50, 7): 0.012,
}
ASKED = 15


def rows(how: Run) -> Iterator[Row]:
    """The worst day of change, the figures that were seen before, and how quick the alarm is."""
    draw = np.random.default_rng(how.seed)
    for volume in (50, 500):
        yield from _every_day(draw, how, volume)
    for (before, after, volume, window), then in KNOWN.items():
        yield _known(draw, how, (before, after, volume, window), then)
    yield from _alarms(draw, how)
    yield from _profile(draw, how)


def _streams(draw: np.random.Generator, trials: int, before: int, after: float, volume: int) -> Whole:
    rates = LIMIT * np.where(np.arange(DAYS) < before, GOOD, after)
    return draw.binomial(volume, rates, (trials, DAYS))


def weakest(bad: Whole, volume: int, window: int) -> Flags:
    """After each day, whether every stretch of `window` days or more up to it reaches the threshold."""
    total = np.concatenate([np.zeros((len(bad), 1), np.int64), bad.cumsum(1)], axis=1)
    said = np.zeros(bad.shape, bool)
    for day in range(window, DAYS + 1):
        starts = np.arange(day - window + 1)
        stretch = total[:, day, None] - total[:, starts]
        said[:, day - 1] = ready(stretch, (day - starts) * volume, LIMIT, READY, ALPHA).all(1)
    return said


def _every_day(draw: np.random.Generator, how: Run, volume: int, window: int = 7) -> Iterator[Row]:
    trials, worst = how.trials(1000), (0, 0)
    for before in range(DAYS - window + 1):
        said = weakest(_streams(draw, trials, before, 1.0, volume), volume, window)
        worst = max(worst, (int(said[:, before + window - 1 :].any(1).sum()), before))
    what = f"falsely ready {window} days or more after the worst day of change ({worst[1]}), {volume} a day"
    yield at_most(what, worst[0], trials, ALPHA)
    streams = _streams(draw, ASKED, 7, 1.0, volume)
    told, gates = weakest(streams, volume, window), (recency(at_most=LIMIT, days=window),)
    looks = range(1, DAYS + 1)
    same = sum(
        passed(gates, [(int(b), volume) for b in stream], looks=looks) == flags.tolist()
        for stream, flags in zip(streams, told, strict=True)
    )
    yield Row(what=f"  the gate says the same, {volume} a day", seen=f"{same} of {ASKED}", good=same == ASKED)


def _known(draw: np.random.Generator, how: Run, cell: tuple[int, float, int, int], then: float) -> Row:
    before, after, volume, window = cell
    trials = how.trials(2000)
    bad = _streams(draw, trials, before, after, volume)
    now = weakest(bad, volume, window)[:, LEAST - 1 :].any(1).mean()
    whole = ready(bad.cumsum(1), np.arange(1, DAYS + 1) * volume, LIMIT, READY, ALPHA)[:, LEAST - 1 :].any(1).mean()
    spread = 3 * np.sqrt(max(then * (1 - then), 0.0005) / trials + max(then * (1 - then), 0.0005) / 2000)
    what = f"ready from day 14 on: {before} good days, then {after:g} ×, {volume} a day, window {window}"
    seen = f"{now:.4f} (all days: {whole:.3f})"
    return Row(what=what, seen=seen, bar=f"≤ {then:g} as seen before, + 3 SE", good=bool(now <= then + spread))


def _alarms(draw: np.random.Generator, how: Run, volume: int = 500, ceiling: float = 1000.0) -> Iterator[Row]:
    """The alarm on daily blocks: how often it is false in 28 days, how many days it takes."""
    for times in (GOOD, 1.0, 2.0, 3.0):
        trials = how.trials(300)
        streams = draw.binomial(volume, times * LIMIT, (trials, DAYS))
        first = [_first(ecusum([(int(b), volume) for b in stream], LIMIT), ceiling) for stream in streams]
        hits = sum(day is not None for day in first)
        what = f"alarm within 28 days of 500 at {times:g} × the limit"
        if times <= 1:
            # mean time to a false alarm ≥ h blocks, so at most days / h of the streams
            yield at_most(what, hits, trials, DAYS / ceiling)
        else:
            days = np.median([DAYS + 1 if day is None else day for day in first])
            yield shown(what, f"{hits / trials:.3f}, median day {days:.0f}")


def _profile(draw: np.random.Generator, how: Run, volume: int = 500, ceiling: float = 1000.0) -> Iterator[Row]:
    """Sundays at four times the other days, the week's mean at the limit: no change, and no alarm may be raised."""
    trials = how.trials(300)
    rates = np.array([1.0] * 6 + [4.0])
    rates = np.tile(rates * LIMIT / rates.mean(), DAYS // 7)
    streams = [[(int(b), volume) for b in stream] for stream in draw.binomial(volume, rates, (trials, DAYS))]
    by_week = sum(_first(weekly_ecusum(stream, LIMIT), ceiling) is not None for stream in streams)
    by_day = sum(_first(ecusum(stream, LIMIT), ceiling) is not None for stream in streams)
    what = "alarm within 28 days by weeks: Sundays 4 ×, the week's mean at the limit"
    yield at_most(what, by_week, trials, DAYS / ceiling)
    yield shown("  the same by days", f"{by_day / trials:.3f}")
    for times in (2.0, 3.0):
        turned = draw.binomial(volume, np.repeat([GOOD, times], [14, 14]) * LIMIT, (trials, DAYS))
        found = [_first(weekly_ecusum([(int(b), volume) for b in stream], LIMIT), ceiling) for stream in turned]
        seen = np.median([DAYS if day is None else day + 6 for day in found]) - 14
        yield shown(f"days until the alarm by weeks after a rise to {times:g} × the limit", f"median {seen:.0f}")


def _first(levels: list[float], ceiling: float) -> int | None:
    return next((day for day, level in enumerate(levels, 1) if level >= np.log(ceiling)), None)
