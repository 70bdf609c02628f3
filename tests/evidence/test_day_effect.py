"""Days that differ: how much, against how much by chance."""

from __future__ import annotations

from datetime import date, timedelta
from math import exp, lgamma, log
from random import Random

import pytest

from shadow.evidence.day_effect import DayEffect, day_effect, thinned
from shadow.evidence.eprocess import READY, log_e
from tests.evidence.rows import FIRST

Shares = list[tuple[float, int]]


def days(*pieces: Shares) -> dict[date, Shares]:
    """One day after the other."""
    return {FIRST + timedelta(days=number): list(one) for number, one in enumerate(pieces)}


def of(harmful: list[int], total: int = 100) -> dict[date, Shares]:
    """Days with so many harmful ones among so many unit-days."""
    return days(*([(0.0, total - bad), (1.0, bad)] for bad in harmful))


def phi(daily: dict[date, Shares]) -> float:
    """What is found of them."""
    found = day_effect(daily)
    assert found is not None
    return found.phi


def test_of_fewer_than_fourteen_days_nothing_is_said() -> None:
    """Nor does a day without a unit-day count."""
    assert day_effect({}) is None
    assert day_effect(of([2] * 13)) is None
    assert day_effect({**of([2] * 13), FIRST + timedelta(days=40): []}) is None
    assert day_effect(of([2] * 14)) == DayEffect(1.0, 14)


def test_it_is_the_days_variance_over_that_of_chance() -> None:
    """0 and 4 of 100 in turn: 14 × 100 × 0.02² / 13 over 0.02 × 0.98."""
    assert phi(of([0, 4] * 7)) == pytest.approx(14 * 100 * 0.02**2 / 13 / (0.02 * 0.98))
    assert phi(of([0, 4] * 14)) == pytest.approx(28 * 100 * 0.02**2 / 27 / (0.02 * 0.98))


def test_equal_days_and_days_without_harm_are_never_below_one() -> None:
    """Days more alike than chance would have them do not add evidence."""
    assert phi(of([3] * 20)) == 1.0
    assert phi(of([0] * 20)) == 1.0
    assert phi(of([100] * 20)) == 1.0


def test_volumes_may_differ() -> None:
    """Shares that are the same are the same; a small day off by much says little, a large one much."""
    same = days(*([(0.0, 98 * k), (1.0, 2 * k)] for k in range(1, 15)))
    assert phi(same) == 1.0
    small, large = dict(same), dict(same)
    first, last = FIRST, FIRST + timedelta(days=13)
    small[first], large[last] = [(0.0, 92), (1.0, 8)], [(0.0, 92 * 14), (1.0, 8 * 14)]
    assert phi(large) > 9 * phi(small) > 9


def test_parts_of_unit_days_vary_less() -> None:
    """A unit-day half of whose cases are harmful counts half, and its variance is that of halves."""
    halves = days(*([(0.0, 96), (0.5, 4)] if k % 2 else [(0.0, 100)] for k in range(14)))
    mean = 0.01
    own = (0.02 * (0.5 - mean) ** 2) + 0.98 * mean**2
    assert phi(halves) == pytest.approx(14 * 100 * 0.01**2 / 13 / own)


@pytest.mark.parametrize(("many", "at"), [(14, 2.13), (21, 1.88), (28, 1.74), (56, 1.5)])
def test_what_chance_shows_is_one_in_a_hundred(many: int, at: float) -> None:
    """Against chi square's own tail; never below 1.5, which more than two months would be."""
    chance = DayEffect(1.0, many).chance
    assert chance == pytest.approx(at, abs=0.005)
    if many < 56:
        assert tail(chance * (many - 1), many - 1) == pytest.approx(0.01, rel=0.03)
    assert not DayEffect(chance, many).real and DayEffect(chance + 1e-9, many).real


def tail(value: float, freedom: int) -> float:
    """P(chi square > value), by its series."""
    a, z = freedom / 2, value / 2
    term = total = exp(-z + a * log(z) - lgamma(a + 1))
    for n in range(1, 500):
        term *= z / (a + n)
        total += term
    return 1 - total


def test_equal_days_seldom_look_unequal() -> None:
    """300 trials of three weeks of chance alone: a few in a hundred at most; phi above 1.5 is no rare thing."""
    draw = Random(3)
    found = [day_effect(of([sum(draw.random() < 0.02 for _ in range(100)) for _ in range(21)])) for _ in range(300)]
    known = [one for one in found if one is not None]
    assert len(known) == 300
    assert sum(one.real for one in known) <= 12
    assert sum(one.phi > 1.5 for one in known) >= 12


def test_thinned_evidence_says_the_same_less_surely() -> None:
    """The mix stays; log E is nearer to none, for and against."""
    good, bad = [(0.0, 990), (1.0, 10)], [(0.0, 960), (1.0, 40)]
    assert thinned(good, 2.0) == [(0.0, 495.0), (1.0, 5.0)]
    assert 0 < log_e(thinned(good, 2.0), 0.02, READY) < log_e(good, 0.02, READY)
    assert log_e(bad, 0.02, READY) < log_e(thinned(bad, 2.0), 0.02, READY) < 0
