"""Recency and whole weeks: neither yesterday's evidence nor the good days of a week say ready."""

from __future__ import annotations

import pytest

from shadow.contract.model import Severity
from shadow.evidence.eprocess import reached
from shadow.evidence.evidence import Evidence
from shadow.evidence.judged import Standing
from shadow.gates import Status, harmful_rate, recency, whole_weeks
from tests.evidence.rows import days_of, discrepancy, evidence, ordered, row

BAD = discrepancy(Severity.MAJOR)


def days(bad: list[int], total: int = 300) -> Evidence:
    """So many of `total` unit-days harmful on each day."""
    rows = [row(total * d + n, day=d, **(BAD if n < b else {})) for d, b in enumerate(bad) for n in range(total)]
    return evidence(ordered(rows), days=len(bad))


def test_a_week_at_the_limit_is_not_outlived_by_three_good_ones() -> None:
    """The harmful rate still passes over all days, which is what recency is for; it names the day."""
    seen = days([0] * 21 + [6] * 7)
    assert harmful_rate(at_most=0.02)(seen).status is Status.PASS
    found = recency(at_most=0.02)(seen)
    assert found.status is Status.INCONCLUSIVE
    assert found.numbers["since"] == "2026-01-26" and "from 2026-01-26 on" in found.reason


def test_recency_passes_where_each_stretch_does() -> None:
    """Good all along; good for the last week alone is not enough where the stretch before it weighs too much."""
    assert recency(at_most=0.02)(days([1] * 14)).status is Status.PASS
    assert recency(at_most=0.02)(days([30] * 7 + [1] * 7)).status is Status.INCONCLUSIVE


@pytest.mark.parametrize(("closed", "status"), [(6, Status.INCONCLUSIVE), (7, Status.PASS)])
def test_recency_needs_its_days(closed: int, status: Status) -> None:
    """However much evidence six days hold; then it says how many days are missing."""
    found = recency(at_most=0.02)(days([0] * closed, total=900))
    assert found.status is status
    assert closed == 7 or (found.days, found.needs) == (1.0, "1 more closed day")


def test_the_last_days_need_evidence_of_their_own() -> None:
    """30 unit-days a day hold too little in a week for a limit of 2 %, enough in two."""
    quiet = days([0] * 14, total=20)
    assert harmful_rate(at_most=0.02)(quiet).status is Status.PASS
    found = recency(at_most=0.02)(quiet)
    assert found.status is Status.INCONCLUSIVE
    assert found.days is None and "more than 7 days" in found.needs
    assert recency(at_most=0.02, days=14)(quiet).status is Status.PASS


@pytest.mark.parametrize(("a_day", "status"), [(26, Status.INCONCLUSIVE), (27, Status.PASS)])
def test_a_week_must_hold_what_one_test_needs(a_day: int, status: Status) -> None:
    """187 clean unit-days at 2 %: 27 a day bring 189 in seven days, 26 bring 182; two weeks of 13 and 14 likewise."""
    assert recency(at_most=0.02)(days([0] * 10, total=a_day)).status is status
    assert whole_weeks(at_most=0.02)(days([0] * 14, total=a_day // 2 + a_day % 2)).status is status


def test_open_days_are_not_among_the_last() -> None:
    """A waiting case on the eighth day leaves the first seven; on the seventh, none but six."""
    for waits, status in ((7, Status.PASS), (6, Status.INCONCLUSIVE)):
        special = {waits * 300: {"standing": Standing.WAITING}}
        seen = evidence(days_of(3000, days=10, special=special), days=10)
        assert recency(at_most=0.02)(seen).status is status


def test_harm_on_sundays_never_makes_a_whole_week() -> None:
    """A weekly mean at the limit: on Saturdays the harmful rate passes, whole weeks on no day of four weeks."""
    bad = ([0] * 6 + [42]) * 4
    passed = []
    for day in range(1, 29):
        seen = days(bad[:day])
        passed.append(harmful_rate(at_most=0.02)(seen).status is Status.PASS)
        assert whole_weeks(at_most=0.02, weeks=1)(seen).status is Status.INCONCLUSIVE
    assert passed[5] and not passed[6]


@pytest.mark.parametrize(("closed", "status"), [(13, Status.INCONCLUSIVE), (14, Status.PASS), (17, Status.PASS)])
def test_two_whole_weeks(closed: int, status: Status) -> None:
    """On the fourteenth day and not on the thirteenth; from then on in the middle of a week too."""
    found = whole_weeks(at_most=0.02)(days([1] * closed))
    assert found.status is status
    assert closed != 13 or (found.days == 1 and "1 more closed day to the end of a week" in found.needs)


def test_what_the_weeks_showed_must_hold_now() -> None:
    """Two good weeks and three very bad days: open, before the third week is over."""
    assert whole_weeks(at_most=0.02)(days([1] * 14 + [1] * 3)).status is Status.PASS
    assert whole_weeks(at_most=0.02)(days([1] * 14 + [60] * 3)).status is Status.INCONCLUSIVE


def test_what_holds_now_must_be_what_the_weeks_showed() -> None:
    """A bad second week and good days after it: all evidence together would do, the two weeks' does not."""
    seen = days([1] * 7 + [9] * 7 + [0] * 6)
    assert reached(float(harmful_rate(at_most=0.02)(seen).numbers["whole_log_e"]), 0.05)
    assert whole_weeks(at_most=0.02)(seen).status is Status.INCONCLUSIVE


@pytest.mark.parametrize("closed", [14, 21, 25, 28])
def test_the_upper_limit_of_whole_weeks_is_where_they_would_pass(closed: int) -> None:
    """Of the weeks and of all days, the higher: at a limit above it the gate passes, at one below it does not."""
    weeks = [3, 0, 0, 0, 0, 0, 0] * (min(closed, 21) // 7)
    seen = days([*weeks, *[9] * (closed - len(weeks))])
    upper = float(whole_weeks(at_most=0.02)(seen).numbers["upper"])
    assert whole_weeks(at_most=1.001 * upper)(seen).status is Status.PASS
    assert whole_weeks(at_most=0.999 * upper)(seen).status is not Status.PASS


def test_hopeless_is_said() -> None:
    """At the limit more days do not help; nothing is forecast."""
    for gate in (recency(at_most=0.02), whole_weeks(at_most=0.02)):
        found = gate(days([9] * 14))
        assert found.days is None and "less harm" in found.needs
