"""The weakest stretch up to now: a change cannot hide behind a good past."""

from __future__ import annotations

import random
from datetime import date, timedelta
from math import inf

import pytest

from shadow.evidence.eprocess import READY, bernoulli_log_e, reached
from shadow.evidence.recency import suffix_min_log_e
from tests.evidence.rows import FIRST

LIMIT = 0.02


def daily(bad: list[int], total: int = 300) -> dict[date, list[tuple[float, int]]]:
    """So many bad unit-days of `total` on each day from FIRST on."""
    return {FIRST + timedelta(days=n): [(0.0, total - b), (1.0, b)] for n, b in enumerate(bad)}


def smallest(bad: list[int], days: int, total: int = 300) -> float:
    """The same by its definition: each start, each from nothing."""
    starts = range(len(bad) - days + 1)
    return min(bernoulli_log_e(sum(bad[s:]), total * len(bad[s:]), LIMIT, READY) for s in starts)


@pytest.mark.parametrize("days", [1, 3, 7, 14])
def test_it_is_the_smallest_of_all_starts(days: int) -> None:
    """Against its definition, on random days; the first day of the weakest stretch is named."""
    draw = random.Random(days)
    for _ in range(20):
        bad = [draw.randrange(12) for _ in range(14)]
        through = FIRST + timedelta(days=13)
        found, since = suffix_min_log_e(daily(bad), LIMIT, READY, days=days, through=through)
        assert found == pytest.approx(smallest(bad, days))
        assert since is not None and (through - since).days + 1 >= days
        start = (since - FIRST).days
        assert found == pytest.approx(bernoulli_log_e(sum(bad[start:]), 300 * len(bad[start:]), LIMIT, READY))


def test_a_good_past_does_not_carry_a_bad_week() -> None:
    """Three good weeks, then seven days at the limit: all days together pass by far, the last seven do not."""
    bad = [0] * 21 + [6] * 7
    assert reached(bernoulli_log_e(sum(bad), 300 * 28, LIMIT, READY), 0.05)
    found, since = suffix_min_log_e(daily(bad), LIMIT, READY, days=7, through=FIRST + timedelta(days=27))
    assert not reached(found, 0.05)
    assert since == FIRST + timedelta(days=21)


def test_the_shortest_stretch_is_just_so_long() -> None:
    """A bad stretch one day shorter is not looked at by itself; one as long is."""
    bad = [0] * 10 + [60] * 4
    through = FIRST + timedelta(days=13)
    for days, start in ((4, 10), (5, 9)):
        _, since = suffix_min_log_e(daily(bad), LIMIT, READY, days=days, through=through)
        assert since == FIRST + timedelta(days=start)


def test_too_few_days_are_no_evidence() -> None:
    """One day fewer than asked for: minus infinity, not the little there is; no days at all likewise."""
    kept = daily([0] * 6, total=100_000)
    through = FIRST + timedelta(days=5)
    assert suffix_min_log_e(kept, LIMIT, READY, days=7, through=through) == (-inf, None)
    assert suffix_min_log_e({}, LIMIT, READY, days=1, through=through) == (-inf, None)
    assert suffix_min_log_e(kept, LIMIT, READY, days=6, through=through)[1] == FIRST


def test_days_are_those_of_the_calendar() -> None:
    """A desk that is closed on some days has fewer in its last week; a stretch may begin on an empty one."""
    kept = {day: pieces for day, pieces in daily([0] * 14).items() if (day - FIRST).days in (0, 1, 12)}
    found, since = suffix_min_log_e(kept, LIMIT, READY, days=7, through=FIRST + timedelta(days=13))
    assert since == FIRST + timedelta(days=7)
    assert found == pytest.approx(bernoulli_log_e(0, 300, LIMIT, READY))
