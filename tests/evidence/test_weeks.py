"""Whole weeks: a good Saturday says nothing of Sunday."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from math import exp, fsum, prod

import pytest

from shadow.evidence.eprocess import READY, Prior, log_e, reached
from shadow.evidence.weeks import at_whole_weeks, pooled
from tests.evidence.rows import FIRST

Daily = dict[date, list[tuple[float, int]]]


def days(bad: list[int], total: int = 500) -> Daily:
    """So many bad unit-days of `total` on each day from FIRST on."""
    return {FIRST + timedelta(days=n): [(0.0, total - b), (1.0, b)] for n, b in enumerate(bad)}


@pytest.mark.parametrize(("closed", "weeks"), [(1, 0), (6, 0), (7, 1), (13, 1), (14, 2), (20, 2), (21, 3)])
def test_a_week_counts_once_it_is_over(closed: int, weeks: int) -> None:
    """On its seventh day and no earlier; what came after the last whole week is left out."""
    over, pieces = at_whole_weeks(days([1] * closed), through=FIRST + timedelta(days=closed - 1))
    assert over == weeks
    assert sum(often for _, often in pieces) == weeks * 7 * 500


def test_an_empty_sunday_ends_its_week() -> None:
    """A desk that is closed on Sundays has whole weeks once the Sunday is over."""
    kept = days([0] * 6)
    assert at_whole_weeks(kept, through=FIRST + timedelta(days=5))[0] == 0
    assert at_whole_weeks(kept, through=FIRST + timedelta(days=6)) == (1, [(0.0, 3000), (1.0, 0)])
    assert at_whole_weeks({}, through=FIRST) == (0, [])
    assert at_whole_weeks(kept, through=None) == (0, [])


def test_harm_on_sundays_passes_on_saturday_and_not_by_whole_weeks() -> None:
    """A mean at the limit of 2 %, all of it on Sundays: six good days are ready, the week never is."""
    bad = [0] * 6 + [70]
    six = pooled(pieces for pieces in days(bad[:6]).values())
    assert reached(log_e(six, 0.02, READY), 0.05)
    for weeks in range(1, 9):
        _, pieces = at_whole_weeks(days(bad * weeks), through=FIRST + timedelta(days=7 * weeks - 1))
        assert not reached(log_e(pieces, 0.02, READY), 0.05)


@pytest.mark.parametrize("rates", [(0.0, 0.0, 0.6), (0.2, 0.2, 0.2), (0.1, 0.5, 0.0)])
def test_the_weekly_mean_is_what_counts(rates: tuple[float, ...]) -> None:
    """Over a week of three pieces whose rates have the limit as their mean, the mean of E is at most one, exactly."""
    limit = fsum(rates) / len(rates)
    for r in (0.0, 0.37, 0.85):
        prior = Prior(multiples=(r,), weights=(1.0,))
        mean = fsum(
            prod(p if x else 1 - p for x, p in zip(xs, rates, strict=True))
            * exp(log_e([(float(x), 1) for x in xs], limit, prior))
            for xs in product((0, 1), repeat=len(rates))
        )
        assert mean <= 1 + 1e-12
        assert (mean > 1 - 1e-12) == (len(set(rates)) == 1)
