"""Alarms: rare without a change, soon with one."""

from __future__ import annotations

import random
from itertools import accumulate
from math import exp, fsum, log

import pytest

from shadow.evidence.drift import ecusum, mean_log, weekly_ecusum
from shadow.evidence.eprocess import bernoulli_log_e, harm

H = log(1000)


def stream(seed: int, rates: list[float], total: int = 200) -> list[tuple[int, int]]:
    """A day a rate."""
    draw = random.Random(seed)
    return [(sum(draw.random() < rate for _ in range(total)), total) for rate in rates]


def test_a_good_past_does_not_delay_it() -> None:
    """A year far below the limit, then a rise: alarmed as soon as without the year."""
    rise = [(20, 200)] * 6
    fresh, late = ecusum(rise, 0.05), ecusum([(0, 200)] * 365 + rise, 0.05)[365:]
    assert late == pytest.approx(fresh)
    assert fresh[-1] > H


def test_the_first_block_is_the_evidence_of_harm() -> None:
    """And each bet goes on from its own highest loss, not from the mixture's."""
    assert ecusum([(9, 200)], 0.05) == pytest.approx([bernoulli_log_e(9, 200, 0.05, harm(0.05))])
    assert ecusum([(9, 200), (14, 200)], 0.05)[1] >= bernoulli_log_e(23, 400, 0.05, harm(0.05))


@pytest.mark.parametrize(("times", "days"), [(1.5, 30), (2.0, 10), (3.0, 3)])
def test_a_rise_is_seen(times: float, days: int) -> None:
    """Of 20 streams all alarm within so many days of 200 after a rise to so many times the limit of 5 %."""
    for seed in range(20):
        assert max(ecusum(stream(seed, [0.02] * 20 + [0.05 * times] * days), 0.05)) >= H


def test_false_alarms_are_rare() -> None:
    """At the limit, a thousand days between alarms in the mean: of 100 streams of 28 days at most a handful alarm."""
    alarms = sum(max(ecusum(stream(seed, [0.05] * 28), 0.05)) >= H for seed in range(100))
    assert alarms <= 6
    assert not any(max(ecusum(stream(seed, [0.02] * 28), 0.05)) >= H for seed in range(100))


def test_the_detector_grows_by_one_a_day_at_most() -> None:
    """What keeps the false alarms: at the limit the mean of M after d days is at most d + 1, over two pieces a day."""
    mean = [0.0] * 3
    rate = 0.2
    for outcomes in [(a, b, c) for a in range(3) for b in range(3) for c in range(3)]:
        chance = 1.0
        for bad in outcomes:
            chance *= (1, 2, 1)[bad] * rate**bad * (1 - rate) ** (2 - bad)
        path = ecusum([(bad, 2) for bad in outcomes], rate)
        mean = [m + chance * exp(value) for m, value in zip(mean, path, strict=True)]
    assert all(value <= day + 1e-9 for day, value in zip(accumulate([1] * 3), mean, strict=True))


def test_means_are_of_the_numbers_not_of_the_logs() -> None:
    """Also where they are too large to be written out."""
    assert exp(mean_log([log(3), log(5)], [0.25, 0.75])) == pytest.approx(fsum((0.75, 3.75)))
    assert mean_log([1000.0, 0.0], [0.5, 0.5]) == pytest.approx(1000 - log(2))


def test_every_day_ends_a_week() -> None:
    """From the seventh day on; each sequence of weeks goes on where it was seven days before."""
    daily = [(day % 3, 40) for day in range(23)]
    levels = weekly_ecusum(daily, 0.05)
    assert len(levels) == 17 and weekly_ecusum(daily[:6], 0.05) == []
    for first in range(7):
        weeks = [daily[start : start + 7] for start in range(first, 17, 7)]
        blocks = [(sum(bad for bad, _ in week), sum(total for _, total in week)) for week in weeks]
        assert levels[first::7] == ecusum(blocks, 0.05)


def test_a_profile_of_the_week_is_no_rise() -> None:
    """Sundays at four times the limit and the week's mean at the limit: no alarm by weeks, one by days."""
    rates = [0.025] * 6 + [0.2]
    streams = [stream(seed, rates * 6) for seed in range(50)]
    assert sum(max(weekly_ecusum(daily, 0.05)) >= H for daily in streams) <= 5
    assert sum(max(ecusum(daily, 0.05)) >= H for daily in streams) >= 40


@pytest.mark.parametrize(("times", "days"), [(2.0, 11), (3.0, 7)])
def test_a_rise_is_seen_before_a_week_of_it_is_over(times: float, days: int) -> None:
    """A week that holds some days of it shows it."""
    for seed in range(20):
        daily = stream(seed, [0.03] * 21 + [0.05 * times] * days)
        assert max(weekly_ecusum(daily, 0.05)) >= H
