"""Candidate beside control: harm, likeness and speed."""

from __future__ import annotations

from math import nan
from typing import Any

import pytest

from shadow.errors import ContractError
from shadow.evidence.evidence import Evidence
from shadow.evidence.histogram import MICRO, quantile_lower
from shadow.evidence.judged import Standing
from shadow.evidence.tables import CONTROL
from shadow.gates import Status, latency, latency_against_control, non_inferior, similarity
from tests.evidence.rows import days_of, evidence, ordered, row

MARGIN = non_inferior(by=0.02, discordant=0.06)
CLEAN = 252  # unit-days without a difference that it needs


def desk(total: int, special: dict[int, dict[str, Any]] | None = None, **common: Any) -> Evidence:
    """So many unit-days on one closed day."""
    return evidence(days_of(total, days=1, special=special, **common), days=1)


def versus(worse: int, better: int) -> dict[int, dict[str, Any]]:
    """The first so many are worse, then so many better."""
    return {n: {"versus": 1 if n < worse else -1} for n in range(worse + better)}


def test_as_often_better_as_worse_passes() -> None:
    """6 % discordant, evenly: passes with about the thousand unit-days that were worked out."""
    found = MARGIN(desk(1200, versus(36, 36)))
    assert found.status is Status.PASS
    assert found.numbers["mean"] == 0 and 0 < float(found.numbers["upper"]) < 0.02
    assert MARGIN(desk(600, versus(18, 18))).status is Status.INCONCLUSIVE


@pytest.mark.parametrize(("total", "status"), [(CLEAN, Status.PASS), (CLEAN - 1, Status.INCONCLUSIVE)])
def test_without_any_difference_so_many_are_needed(total: int, status: Status) -> None:
    """At a margin of 2 %: as many as make log E reach log 20, and not one fewer."""
    assert MARGIN(desk(total)).status is status


def test_worse_by_the_margin_never_passes() -> None:
    """2 % net worse of 5,000: open; 20 % net worse: a failure, which does not reject."""
    assert MARGIN(desk(5000, versus(200, 100))).status is Status.INCONCLUSIVE
    far = MARGIN(desk(5000, versus(1000, 0)))
    assert far.status is Status.FAIL and not far.rejects


def test_worse_and_better_are_not_mixed_up() -> None:
    """60 better and none worse passes far sooner than 60 worse and none better, which does not."""
    assert MARGIN(desk(500, versus(0, 60))).status is Status.PASS
    assert MARGIN(desk(500, versus(60, 0))).status is not Status.PASS
    assert "the other way round on 60 of 500" in MARGIN(desk(500, versus(0, 60))).reason


def test_a_unit_that_is_worse_twenty_times_a_day_is_worse_once() -> None:
    """Within a unit-day the mean counts."""
    rows = [row(n, unit=f"u{n // 20:04d}", versus=1 if n < 20 else 0) for n in range(4000)]
    found = MARGIN(evidence(ordered(rows), days=1))
    assert found.numbers["worse"] == 1.0 and found.numbers["unit_days"] == 200


def test_an_open_day_is_not_counted() -> None:
    """What is worse on a day that is open does not count yet, nor what is equal."""
    special = {1500: {"standing": Standing.WAITING}}
    found = MARGIN(evidence(days_of(2000, days=2, special=special), days=2))
    assert found.numbers["unit_days"] == 1000


@pytest.mark.parametrize(("total", "status"), [(36, Status.PASS), (35, Status.INCONCLUSIVE)])
def test_alike_enough_passes(total: int, status: Status) -> None:
    """At a limit of 90 %, all alike: 36 unit-days are enough and 35 are not."""
    assert similarity(at_least=0.9)(desk(total, similarity=1.0)).status is status


def test_a_plan_for_likeness_saves_days_and_never_passes_at_the_limit() -> None:
    """One case in five differs by a quarter, as planned: passes with 70 where the spread bets want more."""
    special: dict[int, dict[str, Any]] = {n: {"similarity": 0.75} for n in range(0, 1000, 5)}
    seen = desk(70, {n: what for n, what in special.items() if n < 70}, similarity=1.0)
    assert similarity(at_least=0.9, expected=0.95)(seen).status is Status.PASS
    assert similarity(at_least=0.9)(seen).status is Status.INCONCLUSIVE
    assert similarity(at_least=0.95, expected=0.97)(desk(1000, special, similarity=1.0)).status is Status.INCONCLUSIVE
    for wrong in (0.9, 0.85, 1.0, nan):
        with pytest.raises(ContractError, match="expected"):
            similarity(at_least=0.9, expected=wrong)


def test_alike_at_the_limit_never_passes_and_far_below_fails() -> None:
    """9 of 10 places in each of 5,000 cases; 8 of 10 is surely fewer."""
    assert similarity(at_least=0.9)(desk(5000, similarity=0.9)).status is Status.INCONCLUSIVE
    below = similarity(at_least=0.9)(desk(5000, similarity=0.8))
    assert below.status is Status.FAIL and not below.rejects
    assert similarity(at_least=0.9)(desk(5000, similarity=0.93)).status is Status.PASS


def test_one_unknown_similarity_leaves_it_open() -> None:
    """Of 5,000, and it is said; an incomparable case is none."""
    found = similarity(at_least=0.9)(desk(5000, {7: {"similarity": None}}, similarity=1.0))
    assert found.status is Status.INCONCLUSIVE and "1 unit-day with a case" in found.reason
    aside = {7: {"similarity": None, "standing": Standing.INCOMPARABLE}}
    assert similarity(at_least=0.9)(desk(5000, aside, similarity=1.0)).status is Status.PASS


def speeds(candidate: float | None, control: float | None, total: int = 2000, **what: Any) -> Evidence:
    """All cases alike on each side."""
    return desk(total, duration_s=candidate, control_duration_s=control, **what)


def test_faster_than_allowed_passes_and_slower_does_not() -> None:
    """12 s against 10 s at a ratio of 1.5 and of 1.1."""
    assert latency_against_control(ratio=1.5)(speeds(12.0, 10.0)).status is Status.PASS
    slower = latency_against_control(ratio=1.1)(speeds(12.0, 10.0))
    assert slower.status is Status.INCONCLUSIVE and "12" in slower.reason
    assert latency_against_control(ratio=1.5)(speeds(12.0, 10.0, total=40)).status is Status.INCONCLUSIVE


def test_sides_are_not_mixed_up() -> None:
    """Ten times as fast passes, ten times as slow does not."""
    assert latency_against_control(ratio=1.0)(speeds(1.0, 10.0)).status is Status.PASS
    assert latency_against_control(ratio=1.0)(speeds(10.0, 1.0)).status is not Status.PASS


def test_unknown_times_speak_against_the_candidate() -> None:
    """8 % unknown: the candidate's are endless, the control's done at once."""
    unknown = {n: {"duration_s": None} for n in range(160)}
    assert latency_against_control(ratio=1.5)(speeds(1.0, 10.0, special=unknown)).status is Status.INCONCLUSIVE
    for nothing in (None, nan, -1.0):
        assert latency_against_control(ratio=1.5)(speeds(1.0, nothing)).status is Status.INCONCLUSIVE
    assert latency_against_control(ratio=1.5)(speeds(None, 10.0)).status is Status.INCONCLUSIVE


@pytest.mark.parametrize(("total", "status"), [(89, Status.PASS), (88, Status.INCONCLUSIVE)])
def test_each_limit_is_held_at_half_of_the_error_rate(total: int, status: Status) -> None:
    """89 durations give an upper limit of the 95th percentile at 2.5 %, where 74 would at 5 %; so for the control's."""
    assert latency_against_control(ratio=1.5)(speeds(1.0, 10.0, total=total)).status is status
    spread = desk(300, duration_s=1.0, control_duration_s=lambda number: 1.02**number)
    theirs = spread.counts.took(CONTROL)[0]
    half, whole = (quantile_lower(theirs, 0.95, MICRO, alpha=alpha) for alpha in (0.025, 0.05))
    assert half < whole
    upper = float(latency_against_control(ratio=1.0)(spread).numbers["candidate_upper_s"])
    assert latency_against_control(ratio=upper / half * 1.0001)(spread).status is Status.PASS
    assert latency_against_control(ratio=upper / whole)(spread).status is Status.INCONCLUSIVE


def test_a_control_that_is_seldom_timed_is_not_slow() -> None:
    """4 % of its times are known, 10 s each; the rest counts as done at once, so 10 s is not its 95th percentile."""
    unknown = {n: {"control_duration_s": None} for n in range(80, 2000)}
    found = latency_against_control(ratio=1.5)(speeds(12.0, 10.0, special=unknown))
    assert found.status is Status.INCONCLUSIVE and found.numbers["control_unknown"] == 1920


def test_a_duration_that_cannot_be_leaves_it_open() -> None:
    """One NaN of the candidate's among 2,000."""
    found = latency_against_control(ratio=1.5)(speeds(1.0, 10.0, special={3: {"duration_s": nan}}))
    assert found.status is Status.INCONCLUSIVE and "NaN" in found.reason


def test_a_slow_customer_weighs_once_a_day() -> None:
    """200 of 2,200 cases are slow, all of one customer: one unit-day of 2,001."""
    rows = [row(n, duration_s=1.0) for n in range(2000)]
    rows += [row(3000 + n, unit="slow", duration_s=60.0) for n in range(200)]
    found = latency(p95_s=20)(evidence(ordered(rows), days=1))
    assert found.status is Status.PASS and found.numbers["slow"] == 1 and found.numbers["unit_days"] == 2001
