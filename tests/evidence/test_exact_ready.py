"""What "ready" promises and what it costs, exactly: a look after every input, no Monte Carlo."""

from __future__ import annotations

from functools import cache

import pytest

from shadow.evidence.eprocess import CRITICAL, READY, bernoulli_log_e, boundary, harm, inputs_for, reached
from tests.evidence.exact import Whole, crossing, ever_beyond, ever_ready, firsts, lasts, mean_inputs, stops, wald

LIMITS = (0.002, 0.005, 0.02, 0.05, 0.1)
ALPHAS = (0.05, 0.01)
VOLUMES = (50, 500, 5000)
DAYS = 28
BARS = {0.1: 1.25, 0.2: 1.15, 0.35: 1.15, 0.5: 1.15, 0.6: 1.25, 0.7: 1.35}  # rate / limit → times Wald's bound


@cache
def edges(limit: float, alpha: float) -> Whole:
    """All totals at which one more bad input is forgiven, up to the longest horizon."""
    most = int(DAYS * VOLUMES[-1] * limit) + 5
    return firsts(limit, READY, alpha=alpha, most=max(most, 1200))


@pytest.mark.parametrize("volume", VOLUMES)
@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("alpha", ALPHAS)
def test_never_ready_falsely_more_often_than_promised(alpha: float, limit: float, volume: int) -> None:
    """At the limit the chance of ever saying ready in 28 days, looked at after every input, is at most alpha."""
    assert ever_ready(limit, edges(limit, alpha), horizon=DAYS * volume) <= alpha


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("alpha", ALPHAS)
def test_a_worse_candidate_is_ready_falsely_less_often(alpha: float, limit: float) -> None:
    """A quarter above the limit the chance falls below a third of alpha; half above, below a tenth."""
    horizon = DAYS * 500
    assert ever_ready(1.25 * limit, edges(limit, alpha), horizon=horizon) < alpha / 3
    assert ever_ready(1.5 * limit, edges(limit, alpha), horizon=horizon) < alpha / 10


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("alpha", ALPHAS)
def test_what_ready_costs_against_what_any_test_must(alpha: float, limit: float) -> None:
    """The mean number of inputs stays within the bars, as a multiple of Wald's bound."""
    for share, bar in BARS.items():
        ratio = mean_inputs(share * limit, edges(limit, alpha)[:1200]) / wald(share * limit, limit, alpha)
        assert 1 < ratio <= bar, (share, ratio)


@pytest.mark.parametrize("limit", LIMITS)
def test_the_recursion_has_the_edges_of_the_product(limit: float) -> None:
    """The edges that are summed over are those at which `reached` turns, worked out a second time."""
    first = edges(limit, 0.05)
    for bad in (0, 1, 2, 5, 10, len(first) // 2, len(first) - 1):
        total = int(first[bad])
        assert reached(bernoulli_log_e(bad, total, limit, READY), 0.05)
        assert not reached(bernoulli_log_e(bad, total - 1, limit, READY), 0.05)
    assert [inputs_for(bad, limit, READY, alpha=0.05) for bad in range(8)] == first[:8].tolist()


@pytest.mark.parametrize("rate", [0.007, 0.02])
def test_stepping_from_edge_to_edge_is_looking_after_every_input(rate: float) -> None:
    """The same chance as a recursion over every single look, for 5,000 looks."""
    every = crossing(rate, boundary(0.02, 5000, READY, alpha=0.05))
    assert ever_ready(rate, edges(0.02, 0.05), horizon=5000) == pytest.approx(every, abs=1e-11)


def test_chances_of_every_total_add_up() -> None:
    """A candidate at 0.35 of the limit is surely ready at some total, and never before a perfect one is."""
    totals, chances = stops(0.007, edges(0.02, 0.05), horizon=DAYS * 5000)
    assert chances.sum() == pytest.approx(1.0, abs=1e-9)
    assert totals[0] == inputs_for(0, 0.02, READY, alpha=0.05)


@pytest.mark.parametrize("limit", [0.0005, 0.001, 0.01])
@pytest.mark.parametrize("alpha", ALPHAS)
def test_critical_is_never_passed_falsely_more_often(alpha: float, limit: float) -> None:
    """The same promise for the bets on critical events; a candidate at the limit uses most of alpha."""
    ever = ever_ready(limit, firsts(limit, CRITICAL, alpha=alpha, most=600), horizon=DAYS * 5000)
    assert 0.8 * alpha < ever <= alpha


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("alpha", ALPHAS)
def test_harm_is_never_claimed_falsely_more_often(alpha: float, limit: float) -> None:
    """At the limit the chance of ever saying "beyond it", looked at after every input, is at most alpha."""
    last = lasts(limit, harm(limit), alpha=alpha, most=int(2 * DAYS * 500 * limit) + 200)
    assert 0.3 * alpha < ever_beyond(limit, last, horizon=DAYS * 500) <= alpha
    assert ever_beyond(3 * limit, last, horizon=DAYS * 500) > 0.99 or limit * DAYS * 500 < 40


def test_the_edges_of_harm_are_those_of_the_product() -> None:
    """So many bad are beyond the limit at the last total that was found, and not at one more."""
    last = lasts(0.02, harm(0.02), alpha=0.05, most=60)
    for bad in range(60):
        total = int(last[bad])
        assert not total or reached(bernoulli_log_e(bad, total, 0.02, harm(0.02)), 0.05)
        assert not reached(bernoulli_log_e(bad, max(total + 1, bad), 0.02, harm(0.02)), 0.05)
