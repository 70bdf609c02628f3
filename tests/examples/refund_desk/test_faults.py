"""Faults are drawn from a seed, large enough to be found, and built to measure."""

from __future__ import annotations

from collections import Counter

import pytest

from shadow.errors import UsageError
from shadow.examples.refund_desk import faults, spoil, world
from shadow.examples.refund_desk.contract import REFUNDS
from tests.examples.refund_desk.desk_tools import cases
from tests.examples.refund_desk.worlds import Made


def test_the_shares_that_faults_are_sized_by_are_those_of_a_world(full: Made) -> None:
    """Each listed share of possible cases, and of each slice, is within a tenth of what a world shows."""
    with world.reading(full.path) as connection:
        found = list(cases(connection))
    plans = [full.truth.right[case.id] for case in found]
    for way, listed in faults.POSSIBLE.items():
        possible, _ = spoil.WAYS[way]
        assert sum(map(possible, plans)) / len(plans) == pytest.approx(listed, rel=0.12)
    for (name, value), listed in faults.SLICES.items():
        assert sum(case.slices[name] == value for case in found) / len(found) == pytest.approx(listed, rel=0.12)


def test_every_drawn_fault_strikes_one_case_in_a_hundred_or_more(full: Made) -> None:
    """Over 20 seeds with five faults each, all 100 strike at least 1 % of the cases of a world."""
    with world.reading(full.path) as connection:
        found = [(case.input, full.truth.right[case.id]) for case in cases(connection)]
    shares = {
        planted["id"]: sum(spoil.hits(planted, case, plan) for case, plan in found) / len(found)
        for seed in range(100, 120)
        for planted in faults.draw(seed, 5)
    }
    assert len(shares) == 100
    assert {name: share for name, share in shares.items() if not 0.01 <= share <= 0.06} == {}


def test_draws_are_equal_by_seed_and_differ_in_place() -> None:
    """A seed always gives the same faults; five faults are at five places; the first one is harmful."""
    assert faults.draw(4, 5) == faults.draw(4, 5) != faults.draw(5, 5)
    for seed in range(30):
        drawn = faults.draw(seed, 5)
        assert len({one["place"] for one in drawn}) == 5
        assert drawn[0]["severity"] in ("major", "critical") and drawn[0]["share"] >= 0.025
    everything = faults.draw(1, len(spoil.WAYS))
    assert {(one["place"], one["direction"]) for one in everything} == set(spoil.WAYS)
    sliced = Counter(one["slice"] is None for seed in range(40) for one in faults.draw(seed, 5))
    assert 0.3 < sliced[True] / sliced.total() < 0.7


def test_severities_are_those_of_the_contract() -> None:
    """What a fault says of itself is how the contract grades its place."""
    for place, severity in faults.SEVERITY.items():
        graded = REFUNDS.failure if place == "failure" else REFUNDS.rule(place).severity
        assert graded == severity


@pytest.mark.parametrize("k", [0, 17])
def test_a_number_of_faults_out_of_range_is_refused(k: int) -> None:
    """None and more than there are ways are errors that say the range."""
    with pytest.raises(UsageError, match="1 to 16"):
        faults.draw(1, k)


def test_a_built_fault_is_checked() -> None:
    """An unknown place, an unknown slice and a share that is not possible are refused."""
    assert faults.fault("amount", "lower", share=0.002)["rate"] == pytest.approx(0.002 / 0.72)
    with pytest.raises(UsageError, match="no such fault"):
        faults.fault("amount", "sideways", share=0.1)
    with pytest.raises(UsageError, match="no such fault"):
        faults.fault("amount", "lower", share=0.1, within=("country", "XX"))
    with pytest.raises(UsageError, match="not possible"):
        faults.fault("decision", "decline -> approve", share=0.5)
