"""Candidate against control: evidence that keeps its promise at the margin, and a plan that pays."""

from __future__ import annotations

from math import exp, fsum, log

import pytest

from shadow.evidence.eprocess import growth, log_e, planned
from shadow.evidence.paired import badness, limit_of, paired_plan


@pytest.mark.parametrize("by", [0.005, 0.02, 0.1])
@pytest.mark.parametrize("discordant", [0.02, 0.2, 0.6])
def test_at_the_margin_the_mean_of_e_is_one(by: float, discordant: float) -> None:
    """Of one unit-day, exactly, whatever was planned; past the margin it is below one, before it above."""
    for prior in (paired_plan(by, 0.3), paired_plan(by, 0.05)):
        for net, holds in ((by, 1.0), (by + 0.01, None), (by - 0.004, None)):
            worse = (discordant + net) / 2
            chances = ((1.0, worse), (0.0, 1 - discordant), (-1.0, discordant - worse))
            mean = fsum(p * exp(log_e(badness([(d, 1)]), limit_of(by), prior)) for d, p in chances)
            assert mean == pytest.approx(1.0) if holds else (mean < 1) == (net > by)


def test_the_factor_is_the_bet_on_the_difference() -> None:
    """1 + c (by - D) / (1 - by): what is written down for it."""
    by, prior = 0.02, paired_plan(0.02, 0.06)
    for d in (-1.0, -0.5, 0.0, 1.0):
        bets = zip(prior.multiples, prior.weights, strict=True)
        mixed = fsum(w * (1 + (1 - r) * (by - d) / (1 - by)) for r, w in bets)
        assert log_e(badness([(d, 1)]), limit_of(by), prior) == pytest.approx(log(mixed))


@pytest.mark.parametrize(("by", "discordant"), [(0.01, 0.02), (0.01, 0.2), (0.02, 0.06)])
def test_a_plan_that_holds_is_worth_having(by: float, discordant: float) -> None:
    """As many worse as better as planned: within three tenths of what the best bet alone would need."""
    pieces = badness([(-1.0, discordant / 2), (0.0, 1 - discordant), (1.0, discordant / 2)])
    limit, prior = limit_of(by), paired_plan(by, discordant)
    needed = next(n for n in range(100, 40_000, 20) if log_e([(x, p * n) for x, p in pieces], limit, prior) >= log(20))
    best = log(20) / growth(pieces, limit, prior)
    assert best < needed < 1.3 * best


def test_a_plan_is_a_prior_around_its_best_bet() -> None:
    """Weights sum to one, all bets are below the limit, none loses all; a sure plan bets as much as it may."""
    for plan in ([(0.0, 0.9), (1.0, 0.1)], [(0.0, 1.0)], [(0.19, 1.0)]):
        made = planned(0.2, plan)
        assert fsum(made.weights) == pytest.approx(1.0)
        assert all(0.03 <= r < 1 for r in made.multiples)
    assert min(planned(0.2, [(0.0, 1.0)]).multiples) == pytest.approx(0.03)
    assert planned(0.2, [(0.0, 0.9), (1.0, 0.1)]).multiples[3] == pytest.approx(0.5, abs=1e-4)
