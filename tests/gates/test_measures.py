"""Latency and cost: below a ceiling with a stated error rate, or not said."""

from __future__ import annotations

from math import inf, nan
from typing import Any

import pytest

from shadow.evidence.evidence import Evidence
from shadow.evidence.histogram import NANO, bin_of, lower_edge, upper_edge
from shadow.gates import Status, cost, latency
from tests.evidence.rows import days_of, evidence


def measured(total: int, special: dict[int, dict[str, Any]] | None = None, **what: Any) -> Evidence:
    """So many cases of one second and one cent on one closed day."""
    return evidence(days_of(total, days=1, special=special), days=1, **what)


def test_latency_passes_with_enough_fast_cases() -> None:
    """74 cases below the ceiling, as many as were worked out, and not a few fewer."""
    assert latency(p95_s=20)(measured(74)).status is Status.PASS
    assert latency(p95_s=20)(measured(73)).status is Status.INCONCLUSIVE


def test_slow_and_unknown_count_the_same() -> None:
    """Ten of 200 at the ceiling, or of unknown duration, are too many to be sure; two are not."""
    for slow in (20.0, None, 1e9):
        for often, status in ((10, Status.INCONCLUSIVE), (1, Status.PASS)):
            special: dict[int, dict[str, Any]] = {n: {"duration_s": slow} for n in range(often)}
            assert latency(p95_s=20)(measured(200, special)).status is status


def test_latency_at_the_ceiling_never_passes_surely_over_it_fails() -> None:
    """5 % slow of 20,000 is open, 8 % fails; neither rejects a candidate."""
    for often, status in ((1000, Status.INCONCLUSIVE), (1600, Status.FAIL)):
        special: dict[int, dict[str, Any]] = {n: {"duration_s": 30.0} for n in range(often)}
        found = latency(p95_s=20)(measured(20_000, special))
        assert found.status is status and not found.rejects


def test_latency_tells_its_upper_limit() -> None:
    """Where it can be given: above the truth, which is one second here."""
    assert latency(p95_s=20)(measured(500)).numbers["p95_upper_s"] == pytest.approx(1.0, rel=0.011)
    assert "p95_upper_s" not in latency(p95_s=20)(measured(50)).numbers


@pytest.mark.parametrize("value", [nan, inf, -1.0])
def test_one_impossible_measure_leaves_it_open(value: float) -> None:
    """NaN among 5,000 good ones: inconclusive, for latency and for cost."""
    assert latency(p95_s=20)(measured(5000, {7: {"duration_s": value}})).status is Status.INCONCLUSIVE
    assert cost(per_case_usd=0.05)(measured(5000, {7: {"cost_usd": value}})).status is Status.INCONCLUSIVE


def test_cost_passes_below_and_not_at_the_limit() -> None:
    """One cent against five passes soon; 4.9 never as surely; five cents exactly never."""
    assert cost(per_case_usd=0.05)(measured(60)).status is Status.PASS
    for usd in (0.0499, 0.05):
        special: dict[int, dict[str, Any]] = {n: {"cost_usd": usd} for n in range(2000)}
        assert cost(per_case_usd=0.05)(measured(2000, special)).status is Status.INCONCLUSIVE


def test_rounding_speaks_against_the_candidate() -> None:
    """A limit in the middle of a bin: cases that cost just that count as dearer, and give no evidence for it."""
    k = bin_of(0.05, NANO) or 0
    for limit in ((lower_edge(k, NANO) + upper_edge(k, NANO)) / 2, upper_edge(k, NANO)):
        special: dict[int, dict[str, Any]] = {n: {"cost_usd": limit} for n in range(2000)}
        assert float(cost(per_case_usd=limit)(measured(2000, special)).numbers["log_e"]) < 0


def test_cost_surely_above_fails() -> None:
    """Seven cents against five; it does not reject."""
    special: dict[int, dict[str, Any]] = {n: {"cost_usd": 0.07} for n in range(500)}
    found = cost(per_case_usd=0.05)(measured(500, special))
    assert found.status is Status.FAIL and not found.rejects
    assert found.numbers["mean_usd"] == pytest.approx(0.07)


def test_a_rare_dear_case_weighs_at_most_three_times_the_limit() -> None:
    """One case of 1,000 USD among 200 cheap ones: the capped mean passes, the mean is shown as it is."""
    found = cost(per_case_usd=0.05)(measured(200, {3: {"cost_usd": 1000.0}}))
    assert found.status is Status.PASS
    assert found.numbers["mean_usd"] == pytest.approx((1000 + 1.99) / 200)


def test_an_unknown_price_is_inconclusive() -> None:
    """However good the numbers look; and so is a case without a cost."""
    found = cost(per_case_usd=0.05)(measured(5000, price_known=False))
    assert found.status is Status.INCONCLUSIVE and "price" in found.needs
    assert cost(per_case_usd=0.05)(measured(5000, {7: {"cost_usd": None}})).status is Status.INCONCLUSIVE


def test_nothing_spent_is_below_any_limit() -> None:
    """A declared price of nothing."""
    special: dict[int, dict[str, Any]] = {n: {"cost_usd": 0.0} for n in range(60)}
    assert cost(per_case_usd=0.05)(measured(60, special)).status is Status.PASS


@pytest.mark.parametrize(("usd", "status"), [(0.03, Status.PASS), (0.049, Status.INCONCLUSIVE)])
def test_the_upper_limit_of_the_cost_is_what_is_surely_not_reached(usd: float, status: Status) -> None:
    """In dollars; it passes where that is below the limit and not where it is above."""
    seen = evidence(days_of(200, days=4, cost_usd=lambda _: usd), days=5, price_known=True)
    found = cost(per_case_usd=0.05)(seen)
    assert found.status is status
    assert (usd < float(found.numbers["upper_usd"]) < 0.05) is (status is Status.PASS)
