"""Live evidence: when to roll back, when to advance, and that shadow's evidence is never carried along."""

from __future__ import annotations

from datetime import timedelta
from math import exp, isclose, log

import numpy as np
import pytest

from shadow.errors import UsageError
from shadow.evidence.eprocess import READY, Prior, bernoulli_log_e, boundary, harm, reached
from shadow.evidence.passage import mean_of, upward
from shadow.evidence.stages import (
    ALPHA_BACK,
    DWELL,
    DWELL_BEFORE_ALL,
    advance,
    cases_to_roll_back,
    inherited,
    late_harm,
    roll_back,
    roll_back_against_control,
    smallest_share,
)
from tests.evidence.exact import crossing

OK = 0.02
WEEK = timedelta(days=7)


def pieces(bad: int, total: int) -> list[tuple[float, int]]:
    """So many bad pieces among so many."""
    return [(0.0, total - bad), (1.0, bad)]


@pytest.mark.parametrize("alpha", [0.05, ALPHA_BACK])
@pytest.mark.parametrize("limit", [0.005, 0.02, 0.1])
def test_a_rollback_is_false_with_at_most_alpha(limit: float, alpha: float) -> None:
    """Exact, a look after every one of 20,000 inputs, harm right at the limit; dies where the threshold is lowered."""
    assert upward(limit, limit, harm(limit), alpha=alpha, most=20_000).sum() <= alpha


def test_a_rollback_takes_few_harmful_cases() -> None:
    """At three times the limit at most 15 in the mean with an error rate of 1 %, exact; the table of the reference."""
    means = {times: cases_to_roll_back(OK, times=times) for times in (1.5, 2.0, 3.0, 5.0)}
    assert means[3.0] * 3 * OK <= 15
    for times, seen in ((1.5, 2671), (2.0, 758), (3.0, 223), (5.0, 73)):
        assert means[times] == pytest.approx(seen, rel=0.05)


def test_a_rollback_says_what_the_recursion_says() -> None:
    """The function rolls back at the very edge that the exact recursion stops at, and not one harmful case before."""
    chances = upward(3 * OK, OK, harm(OK), alpha=ALPHA_BACK, most=300)
    first = int(np.flatnonzero(chances)[0])
    assert roll_back(pieces(first, first), OK).reached
    assert not roll_back(pieces(first - 1, first - 1), OK).reached
    found = roll_back(pieces(14, 230), OK)
    assert found.reached == reached(bernoulli_log_e(14, 230, OK, harm(OK)), ALPHA_BACK)
    assert found.threshold == pytest.approx(log(100))


def test_one_confirmed_critical_live_case_is_enough() -> None:
    """Whatever the share of harm; the sentence says so. Dies where critical cases are not looked at."""
    found = roll_back(pieces(0, 10_000), OK, critical=1)
    assert found.reached
    assert found.reason == "1 critical live case confirmed."
    assert not roll_back(pieces(0, 10_000), OK).reached


def test_nothing_is_no_reason_for_anything() -> None:
    """Without live evidence nothing is rolled back and nothing advances, however long it waited."""
    assert not roll_back([], OK).reached
    assert not advance([], OK, dwelt=timedelta(days=99)).reached
    assert not roll_back_against_control(0, 0, 0.05).reached


def test_late_harm_is_seen_though_all_was_well_for_long() -> None:
    """After 60 good days of 500: three times the limit is alarmed on the third day; the rollback's test needs weeks."""
    good, bad = [(3, 500)] * 60, [(30, 500)] * 3
    assert not late_harm(good, OK).reached
    assert late_harm([*good, *bad], OK).reached
    assert not roll_back(pieces(3 * 60 + 90, 500 * 63), OK).reached
    assert not late_harm([], OK).reached


def test_against_the_control_is_false_with_at_most_alpha() -> None:
    """Both sides equally harmful: the candidate's part of the harmful cases is its share; exact over 5,000 of them."""
    for share in (0.01, 0.05, 0.25):
        assert upward(share, share, harm(share), alpha=ALPHA_BACK, most=5000).sum() <= ALPHA_BACK


def test_against_the_control_three_times_the_harm_is_seen() -> None:
    """A day on which everything goes wrong for both is no reason; a candidate that does most of the harm is one."""
    assert not roll_back_against_control(50, 950, 0.05).reached
    assert roll_back_against_control(20, 120, 0.05).reached
    for share in (0.0, 1.0, float("nan")):
        with pytest.raises(UsageError, match="share of the traffic"):
            roll_back_against_control(1, 1, share)


def test_advancing_is_false_with_at_most_alpha() -> None:
    """Exact, a look after every input, live harm at the limit, with the bets of READY and with inherited ones."""
    for prior in (READY, inherited(pieces(7, 1000), OK), inherited(pieces(0, 5000), OK)):
        assert crossing(OK, boundary(OK, 14_000, prior, alpha=0.05)) <= 0.05


def test_inherited_bets_are_sooner_where_live_is_like_shadow() -> None:
    """The mean until it may advance falls where live harm is as in shadow; weights stay weights."""
    prior = inherited(pieces(7, 1000), OK)
    assert isclose(sum(prior.weights), 1.0)
    assert prior.multiples == READY.multiples
    assert all(w >= 0.199999 * before for w, before in zip(prior.weights, READY.weights, strict=True))
    assert _mean(0.007, prior) < _mean(0.007, READY)


def test_no_wealth_is_carried_from_shadow() -> None:
    """Shadow's evidence moves bets and nothing else: before the first live case log E is 0. Dies where it is added."""
    prior = inherited(pieces(0, 100_000), OK)
    found = advance([], OK, prior=prior, dwelt=WEEK)
    assert found.log_e == pytest.approx(0.0)
    assert exp(found.log_e) == pytest.approx(1.0)
    assert not found.reached


def test_shadow_that_killed_every_bet_changes_nothing() -> None:
    """A prior of "never" alone, and a harmful case in shadow: there is nothing to follow."""
    never = Prior(multiples=(0.0,), weights=(1.0,))
    assert inherited(pieces(3, 10), OK, never) == never


@pytest.mark.parametrize(
    ("dwelt", "all_next", "may"),
    [
        (DWELL, False, True),
        (DWELL - timedelta(seconds=1), False, False),
        (DWELL_BEFORE_ALL, True, True),
        (DWELL_BEFORE_ALL - timedelta(seconds=1), True, False),
    ],
)
def test_advancing_takes_a_day_and_a_week_before_all(dwelt: timedelta, all_next: bool, may: bool) -> None:
    """However good the evidence is; on the very moment it may. Dies where the time is not looked at."""
    assert advance(pieces(0, 5000), OK, dwelt=dwelt, all_next=all_next).reached is may


def test_advancing_waits_for_evidence() -> None:
    """The last piece that is missing, and the one that is not."""
    edge = next(n for n in range(1, 1000) if reached(bernoulli_log_e(0, n, OK, READY), 0.05))
    assert not advance(pieces(0, edge - 1), OK, dwelt=WEEK).reached
    assert advance(pieces(0, edge), OK, dwelt=WEEK).reached
    assert not advance(pieces(60, 3000), OK, dwelt=WEEK).reached


def test_the_first_share_is_large_enough_to_see_harm_in_time() -> None:
    """2 % harm accepted: about 2.3 % of 5,000 cases a day, 23 % of 500; all of it where even that is too little."""
    assert smallest_share(OK, 5000) == pytest.approx(0.023, abs=0.001)
    assert smallest_share(OK, 500) == pytest.approx(0.23, abs=0.01)
    assert smallest_share(OK, 10) == 1.0
    for volume in (0, -1, float("nan")):
        with pytest.raises(UsageError, match="volume"):
            smallest_share(OK, volume)
    with pytest.raises(UsageError, match="below 1"):
        cases_to_roll_back(0.5, times=3)


def _mean(rate: float, prior: Prior) -> float:
    """Mean pieces until a stage may advance, exact on the first 6,000."""
    alive, chances = np.array([1.0]), [0.0]
    for edge in boundary(OK, 6000, prior, alpha=0.05)[1:]:
        alive = np.append(alive * (1 - rate), 0.0) + np.append(0.0, alive * rate)
        chances.append(float(alive[: edge + 1].sum()))
        alive[: edge + 1] = 0.0
    return mean_of(np.array(chances))
