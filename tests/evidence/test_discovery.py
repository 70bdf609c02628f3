"""Slices that could go alone: few false ones, or none, whatever binds them."""

from __future__ import annotations

from itertools import combinations, product
from math import exp, fsum, inf, log, nan, prod
from random import Random

import pytest

from shadow.contract.model import Severity
from shadow.evidence.counts import Counts
from shadow.evidence.discovery import e_bh, e_holm, ready_alone
from shadow.evidence.eprocess import READY, log_e
from tests.evidence.rows import FIRST, discrepancy, evidence, ordered, row

ALPHA = 0.05


def test_more_evidence_elsewhere_makes_a_claim_easier() -> None:
    """Of two, one alone needs E = 40; where both have 21, both are made; at 19 neither is."""
    assert e_bh([log(39), 0.0], ALPHA) == (False, False)
    assert e_bh([log(41), 0.0], ALPHA) == (True, False)
    assert e_bh([log(21), log(21)], ALPHA) == (True, True)
    assert e_bh([log(19), log(41)], ALPHA) == (False, True)
    assert e_bh([log(19), log(39)], ALPHA) == (False, False)


def test_a_stronger_claim_that_fails_its_own_step_is_made_with_the_weaker_ones() -> None:
    """Three at 21, 22 and 23: none would do alone or with one more, all three do together."""
    assert e_bh([log(22), log(21), log(23)], ALPHA) == (True, True, True)


@pytest.mark.parametrize("false", [1, 2, 3, 4])
@pytest.mark.parametrize("value", [20.001, 26.7, 40.001, 80.001])
def test_the_share_of_false_claims_is_kept(false: int, value: float) -> None:
    """Exactly, over all outcomes: `false` of four are false, E is `value` with chance 1 / value; the others are sure.

    Independent, and all false ones alike.
    """
    good = [log(1000.0)] * (4 - false)
    outcomes = list(product((0, 1), repeat=false))
    apart = fsum(
        prod(1 / value if hit else 1 - 1 / value for hit in hits) * wrong(hits, value, good) for hits in outcomes
    )
    alike = wrong((1,) * false, value, good) / value
    assert apart <= ALPHA and alike <= ALPHA


def wrong(hits: tuple[int, ...], value: float, good: list[float]) -> float:
    """The share of the claims made that are false."""
    made = e_bh([*(log(value) if hit else -inf for hit in hits), *good], ALPHA)
    return sum(made[: len(hits)]) / max(1, sum(made))


def test_not_one_false_claim_is_what_closed_testing_says() -> None:
    """Made where every group that it is in has a mean of 1/alpha: all groups, for 300 draws of one to five claims."""
    draw = Random(1)
    for _ in range(300):
        found = [draw.uniform(-2.0, 6.0) for _ in range(draw.randint(1, 5))]
        groups = [g for size in range(1, len(found) + 1) for g in combinations(range(len(found)), size)]
        means = {g: fsum(exp(found[k]) for k in g) / len(g) for g in groups}
        slow = tuple(all(means[g] >= 1 / ALPHA for g in groups if k in g) for k in range(len(found)))
        assert e_holm(found, ALPHA) == slow


def test_one_claim_is_one_test() -> None:
    """At log(1/alpha), surely, and not below."""
    for rule in (e_bh, e_holm):
        assert rule([log(20) + 1e-6], ALPHA) == (True,)
        assert rule([log(20) - 1e-6], ALPHA) == (False,)
        assert rule([log(20) + 1e-6], 0.01) == (False,)


def test_no_evidence_and_endless_evidence() -> None:
    """NaN and -inf are never claimed, and take nothing from the others but their place; inf is; none is none."""
    for rule in (e_bh, e_holm):
        assert rule([nan, inf, -inf, 800.0], ALPHA) == (False, True, False, True)
        assert rule([], ALPHA) == ()
        assert rule([nan, nan], ALPHA) == (False, False)


def counts(sizes: dict[str, int], harmful: dict[str, int] | None = None, *, days: int = 1) -> Counts:
    """So many unit-days a country on each of these days, so many of them harmful."""
    bad = harmful or {}
    rows = [
        row(
            10_000 * day + 1000 * k + n,
            day=day,
            slices={"country": country},
            **(discrepancy(Severity.MAJOR) if n < bad.get(country, 0) else {}),
        )
        for day in range(days)
        for k, (country, size) in enumerate(sizes.items())
        for n in range(size)
    ]
    return evidence(ordered(rows), days=days).counts


def test_each_slice_is_told_by_itself() -> None:
    """DE and NL could go alone, FR at its limit could not; the small ones are judged together."""
    seen = counts({"DE": 500, "FR": 300, "LU": 40, "MT": 50, "NL": 300}, {"FR": 18, "LU": 5, "MT": 4})
    found = {one.part.value: one for one in ready_alone(seen, None, limit=0.06, alpha=ALPHA, floor=90)}
    assert {value: one.ready_alone for value, one in found.items()} == {
        "DE": True,
        "FR": False,
        "NL": True,
        "other": False,
    }
    assert found["other"].part.values == ("LU", "MT")
    assert found["DE"].none_false and not found["FR"].none_false
    assert found["FR"].log_e == log_e([(0.0, 282), (1.0, 18)], 0.06, READY)


def test_going_alone_takes_more_than_passing_together() -> None:
    """61 clean unit-days do at 6 % where there is one slice; beside three that have nothing, they do not."""
    one = ready_alone(counts({"DE": 61}), None, limit=0.06, alpha=ALPHA, floor=20)
    assert [found.ready_alone for found in one] == [True]
    beside = counts({"DE": 61, "FR": 20, "NL": 20, "SE": 20}, {"FR": 5, "NL": 5, "SE": 5})
    assert not any(found.ready_alone for found in ready_alone(beside, None, limit=0.06, alpha=ALPHA, floor=20))


def test_only_the_days_that_are_given_count() -> None:
    """One day of 61 does, of two days the first alone."""
    seen = counts({"DE": 40}, days=2)
    asked = {"limit": 0.06, "alpha": ALPHA, "floor": 1}
    assert [one.ready_alone for one in ready_alone(seen, None, **asked)] == [True]  # type: ignore[arg-type]
    assert [one.ready_alone for one in ready_alone(seen, (FIRST,), **asked)] == [False]  # type: ignore[arg-type]
    assert ready_alone(Counts(), None, **asked) == ()  # type: ignore[arg-type]
