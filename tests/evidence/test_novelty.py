"""Kinds of cases not met before: counted the same in any order, bounded at every look."""

from __future__ import annotations

import random
from datetime import timedelta
from math import exp, log

import pytest

from shadow.evidence.counts import Counts
from shadow.evidence.eprocess import READY, bernoulli_log_e, reached
from shadow.evidence.novelty import STARTS, clean_days_needed, missing_log_e, missing_upper, novelty
from shadow.evidence.tally import tally
from tests.evidence.rows import FIRST, midnight, ordered, row


def met(*days: str) -> Counts:
    """A unit-day a letter: its kind."""
    rows = [
        row(100 * d + n, day=d, slices={"kind": letter})
        for d, letters in enumerate(days)
        for n, letter in enumerate(letters)
    ]
    return tally(ordered(rows), midnight(len(days)))


DAYS = [FIRST + timedelta(days=n) for n in range(40)]


def test_a_kind_is_new_once() -> None:
    """On its first day, however often; known kinds are never new; days that are not asked for do not count."""
    counts = met("aab", "abc", "ccc", "d")
    assert novelty(counts, DAYS[:4]) == [(2, 3), (1, 3), (0, 3), (1, 1)]
    assert novelty(counts, DAYS[:4], known={"kind=a", "kind=d"}) == [(1, 3), (1, 3), (0, 3), (0, 1)]
    assert novelty(counts, DAYS[1:3]) == [(3, 3), (0, 3)]
    assert novelty(met("a", "b", "a"), DAYS[:3]) == [(1, 1), (1, 1), (0, 1)]


def test_a_unit_day_that_brings_two_counts_for_no_less() -> None:
    """Two new kinds from one customer are two of the day's, but never more than its unit-days."""
    rows = [row(n, unit="a", slices={"kind": letter}) for n, letter in enumerate("abc")]
    one = tally(ordered(rows), midnight(1))
    assert novelty(one, DAYS[:1]) == [(1, 1)]
    two = tally(ordered([*rows, *(row(9 + n, slices={"kind": "a"}) for n in range(4))]), midnight(1))
    assert novelty(two, DAYS[:1]) == [(3, 5)]


def test_the_mean_over_starts() -> None:
    """The log E of each of the first 28 days up to now, those that have not come counted as one."""
    daily = [(40, 100), (10, 100), (0, 100)]
    by_hand = [bernoulli_log_e(sum(b for b, _ in daily[k:]), 100 * (3 - k), 0.05, READY) for k in range(3)]
    assert missing_log_e(daily, 0.05) == pytest.approx(log((sum(map(exp, by_hand)) + STARTS - 3) / STARTS))
    assert missing_log_e([], 0.05) == pytest.approx(0.0)


def test_starts_are_fixed_beforehand() -> None:
    """The 29th day begins no test of its own."""
    late = [(50, 100)] * STARTS + [(0, 400)]
    assert not reached(missing_log_e(late, 0.05), 0.05)
    assert reached(missing_log_e([(50, 100)] * (STARTS - 1) + [(0, 400)], 0.05), 0.05)


def test_the_bound_holds() -> None:
    """60 days of 5,000 kinds by Zipf: at no look of any of 20 streams is the missing mass above its upper limit."""
    weights = [1 / k**1.5 for k in range(1, 2001)]
    total = sum(weights)
    for seed in range(20):
        draw, seen, daily = random.Random(seed), set[int](), []
        for _ in range(14):
            kinds = draw.choices(range(2000), weights, k=100)
            daily.append((len(set(kinds) - seen), 100))
            seen |= set(kinds)
            missing = 1 - sum(weights[k] for k in seen) / total
            assert missing <= missing_upper(daily, 0.05)


def test_the_limit_is_where_the_test_begins_to_reject() -> None:
    """And 1 where nothing was seen."""
    daily = [(8, 300), (1, 300), (0, 300)]
    upper = missing_upper(daily, 0.05)
    assert reached(missing_log_e(daily, upper + 1e-5), 0.05)
    assert not reached(missing_log_e(daily, upper - 1e-5), 0.05)
    assert missing_upper([], 0.05) == 1.0


def test_clean_days_are_counted() -> None:
    """So many more days with nothing new, and not one fewer; None where no day brings anything."""
    daily = [(30, 100)]
    days = clean_days_needed(daily, 0.05, alpha=0.05, per_day=100) or 0
    assert reached(missing_log_e([*daily, *[(0, 100)] * days], 0.05), 0.05)
    assert not reached(missing_log_e([*daily, *[(0, 100)] * (days - 1)], 0.05), 0.05)
    assert clean_days_needed(daily, 0.05, alpha=0.05, per_day=0) is None
