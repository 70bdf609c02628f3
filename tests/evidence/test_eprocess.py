"""The mathematics of "ready": what it needs, what it promises, and that it promises no more."""

from __future__ import annotations

from itertools import permutations
from math import exp, fsum, inf, log, nan

import pytest

from shadow.errors import ContractError
from shadow.evidence.eprocess import (
    CRITICAL,
    HARM_MULTIPLES,
    READY,
    Prior,
    bernoulli_log_e,
    boundary,
    growth,
    harm,
    inputs_for,
    log_e,
    more_needed,
    reached,
    threshold,
    upper_limit,
)
from tests.evidence.exact import crossing


@pytest.mark.parametrize(("bad", "total"), [(0, 187), (1, 335), (2, 438), (3, 528), (5, 692), (10, 1078), (20, 1807)])
def test_what_a_limit_of_two_percent_needs(bad: int, total: int) -> None:
    """At 2 % and error rate 5 % so many harmful are allowed among so many, and not among one fewer."""
    assert inputs_for(bad, 0.02, READY, alpha=0.05) == total
    assert reached(bernoulli_log_e(bad, total, 0.02, READY), 0.05)
    assert not reached(bernoulli_log_e(bad, total - 1, 0.02, READY), 0.05)


@pytest.mark.parametrize(("bad", "total"), [(0, 3057), (1, 9284), (2, 11004)])
def test_what_one_in_a_thousand_critical_needs(bad: int, total: int) -> None:
    """Critical below 0.1 % needs 3,057 without any, 9,284 with one, 11,004 with two."""
    assert inputs_for(bad, 0.001, CRITICAL, alpha=0.05) == total


@pytest.mark.parametrize("limit", [0.005, 0.02, 0.1])
@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_ready_falsely_at_most_alpha_with_a_look_after_every_input(limit: float, alpha: float) -> None:
    """At the limit the exact chance of ever saying ready is at most alpha, and not absurdly far below it."""
    ever = crossing(limit, boundary(limit, 28 * 500, READY, alpha=alpha))
    assert ever <= alpha
    assert ever > 0.8 * alpha


def test_critical_falsely_at_most_alpha_with_a_look_after_every_input() -> None:
    """The same for the bets on critical events."""
    ever = crossing(0.002, boundary(0.002, 14_000, CRITICAL, alpha=0.05))
    assert 0.04 < ever <= 0.05


def test_power_is_there() -> None:
    """A candidate at 0.2 and 0.35 of the limit is seen as good, exactly as often as was worked out."""
    edges = boundary(0.02, 28 * 50, READY, alpha=0.05)
    assert crossing(0.2 * 0.02, edges) == pytest.approx(0.9997, abs=0.0002)
    assert crossing(0.35 * 0.02, edges) == pytest.approx(0.9607, abs=0.001)


def test_harm_is_claimed_falsely_at_most_alpha() -> None:
    """At the limit the exact chance of ever claiming harm, over 400 inputs, is at most alpha."""
    limit, alpha, total = 0.05, 0.05, 400
    prior = harm(limit)
    alive, claimed = {0: 1.0}, 0.0
    for n in range(1, total + 1):
        step: dict[int, float] = {}
        for bad, chance in alive.items():
            step[bad] = step.get(bad, 0.0) + chance * (1 - limit)
            step[bad + 1] = step.get(bad + 1, 0.0) + chance * limit
        over = [b for b in sorted(step, reverse=True)[:40] if reached(bernoulli_log_e(b, n, limit, prior), alpha)]
        claimed += fsum(step.pop(b) for b in over)
        alive = {bad: chance for bad, chance in step.items() if chance > 1e-15}
    assert 0.005 < claimed <= alpha


@pytest.mark.parametrize("prior", [READY, CRITICAL, harm(0.01), harm(0.3)])
def test_every_bet_is_fair_at_the_limit(prior: Prior) -> None:
    """Whatever has its mean at the limit, one piece multiplies E by 1 in the mean, also with shares between."""
    limit = 0.01 if prior != harm(0.3) else 0.3
    for low, high in [(0.0, 1.0), (0.0, 0.5), (limit / 2, 1.0), (0.0, limit * 2)]:
        chance = (limit - low) / (high - low)
        mean = (1 - chance) * exp(log_e([(low, 1)], limit, prior)) + chance * exp(log_e([(high, 1)], limit, prior))
        assert mean == pytest.approx(1.0, abs=1e-12)


def test_more_badness_is_never_better() -> None:
    """log E for ready falls with badness and rises with pieces; log E of harm does the opposite."""
    ready = [bernoulli_log_e(bad, 400, 0.02, READY) for bad in range(20)]
    worse = [bernoulli_log_e(bad, 400, 0.02, harm(0.02)) for bad in range(20)]
    assert ready == sorted(ready, reverse=True)
    assert worse == sorted(worse)
    assert bernoulli_log_e(1, 500, 0.02, READY) > bernoulli_log_e(1, 400, 0.02, READY)


def test_order_and_splits_do_not_matter() -> None:
    """Bit for bit the same in every order, and with a class split in two."""
    classes = [(0.0, 900.0), (1 / 3, 7.0), (0.5, 3.0), (1.0, 2.0)]
    whole = {log_e(list(order), 0.02, READY) for order in permutations(classes)}
    assert len(whole) == 1
    split = [(0.0, 400.0), (0.0, 500.0), *classes[1:]]
    assert log_e(split, 0.02, READY) == pytest.approx(whole.pop(), abs=1e-9)


def test_shares_between_weigh_between() -> None:
    """Two unit-days half harmful weigh less than one wholly harmful, more than none."""
    none = log_e([(0.0, 300)], 0.02, READY)
    half = log_e([(0.0, 298), (0.5, 2)], 0.02, READY)
    whole = log_e([(0.0, 299), (1.0, 1)], 0.02, READY)
    assert whole < half < none


def test_nothing_seen_is_no_evidence() -> None:
    """log E of nothing is 0, reaches nothing, and limits nothing."""
    assert log_e([], 0.02, READY) == pytest.approx(0.0, abs=1e-12)
    assert not reached(log_e([], 0.02, READY), 0.99)
    assert upper_limit([], 0.05) == 1.0


def test_the_threshold_must_be_passed_surely() -> None:
    """Nearer than 1e-9 is not reached; NaN and minus infinity never are."""
    edge = log(20)
    assert threshold(0.05) == pytest.approx(edge)
    assert not reached(edge, 0.05)
    assert not reached(edge + 0.5e-9, 0.05)
    assert reached(edge + 2e-9, 0.05)
    assert not reached(nan, 0.05)
    assert not reached(-inf, 0.05)


def test_a_boundary_is_what_reaches_and_no_more() -> None:
    """For each total the boundary reaches the threshold and one more bad piece does not."""
    edges = boundary(0.05, 400, READY, alpha=0.05)
    assert len(edges) == 401
    for total in range(1, 401):
        assert edges[total] < 0 or reached(bernoulli_log_e(edges[total], total, 0.05, READY), 0.05)
        assert not reached(bernoulli_log_e(edges[total] + 1, total, 0.05, READY), 0.05)


def test_the_upper_limit_is_where_the_test_turns() -> None:
    """Just above the limit the test rejects, just below it does not; it lies above what was seen."""
    classes = [(0.0, 980), (0.5, 10), (1.0, 10)]
    upper = upper_limit(classes, 0.05)
    assert 0.015 < upper < 0.04
    assert reached(log_e(classes, upper + 1e-6, READY), 0.05)
    assert not reached(log_e(classes, upper - 1e-6, READY), 0.05)


def test_forecast_is_the_number_that_is_needed() -> None:
    """Nothing seen: what perfect evidence needs. Something seen: what the same mix reaches. Too bad: never."""
    assert more_needed([], 0.02, READY, alpha=0.05) == 187
    assert more_needed([(0.0, 100)], 0.02, READY, alpha=0.05) == 87
    assert more_needed([(0.0, 187)], 0.02, READY, alpha=0.05) == 0
    assert more_needed([(0.0, 97), (1.0, 3)], 0.02, READY, alpha=0.05) is None
    more = more_needed([(0.0, 297), (1.0, 3)], 0.02, READY, alpha=0.05)
    assert more is not None
    scale = (300 + more) / 300
    assert reached(log_e([(0.0, 297 * scale), (1.0, 3 * scale)], 0.02, READY), 0.05)
    assert not reached(log_e([(0.0, 297 * scale - 2), (1.0, 3 * scale)], 0.02, READY), 0.05)


def test_growth_has_the_sign_of_what_is_to_come() -> None:
    """Evidence grows below the limit, falls above it."""
    assert growth([(0.0, 99), (1.0, 1)], 0.02, READY) > 0
    assert growth([(0.0, 97), (1.0, 3)], 0.02, READY) < 0
    assert growth([], 0.02, READY) == 0.0


@pytest.mark.parametrize("limit", [0.001, 0.01, 0.3, 0.5, 0.95])
def test_bets_on_harm_can_be_paid(limit: float) -> None:
    """No bet claims a rate of 1 or more; a limit that leaves none of the usual ones still has one."""
    prior = harm(limit)
    assert all(1 < r < 1 / limit for r in prior.multiples)
    assert fsum(prior.weights) == pytest.approx(1.0)
    assert harm(0.001).multiples == HARM_MULTIPLES


def test_a_prior_that_does_not_add_up_is_refused() -> None:
    """Weights that sum to more than 1 would break the promise."""
    with pytest.raises(ContractError, match="summing to 1"):
        Prior(multiples=(0.0, 0.5), weights=(0.9, 0.2))
    with pytest.raises(ContractError):
        Prior(multiples=(0.0,), weights=(0.5, 0.5))
