"""Two sides' effects, aligned."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comparators.numeric import numeric
from shadow.compare.align import Alignment, align
from shadow.contract.parts import effect
from shadow.observation import Effect
from tests.compare.desk import refund

RULE = effect(amount=numeric(abs_tol="0.01"), ignore=["memo"])


def aligned(control: list[Effect], candidate: list[Effect]) -> Alignment:
    """By order, amounts to the cent."""
    return align(control, candidate, key=("order",), rule=RULE)


def counts(found: Alignment) -> tuple[int, int, int, int]:
    """Same, changed, missing, extra."""
    return found.same, len(found.changed), len(found.missing), len(found.extra)


@pytest.mark.parametrize(
    ("control", "candidate", "expected"),
    [
        ([refund("5")], [refund("5.00")], (1, 0, 0, 0)),
        ([refund("5")], [refund("6")], (0, 1, 0, 0)),
        ([refund("5")], [], (0, 0, 1, 0)),
        ([], [refund("5")], (0, 0, 0, 1)),
        ([refund("5", order=17)], [refund("5", order="17")], (1, 0, 0, 0)),
        ([refund("5", order="a")], [refund("5", order="b")], (0, 0, 1, 1)),
        ([refund("5")] * 2, [refund("5")], (1, 0, 1, 0)),
        ([refund("5")], [refund("5")] * 3, (1, 0, 0, 2)),
        ([refund("5"), refund("7")], [refund("7"), refund("6"), refund("5")], (2, 0, 0, 1)),
        ([], [], (0, 0, 0, 0)),
    ],
)
def test_effects_are_paired_by_key(control: list[Effect], candidate: list[Effect], expected: Any) -> None:
    """Twins one to one; what is left over is missing or extra; a pair that differs has changed."""
    assert counts(aligned(control, candidate)) == expected


def test_what_changed_is_said() -> None:
    """The argument and how it differs; ignored arguments do not count."""
    a = Effect(tool="refund.issue", args={"order": "o", "amount": "5", "memo": "x"})
    b = Effect(tool="refund.issue", args={"order": "o", "amount": "6", "memo": "y"})
    assert aligned([a], [b]).changed == ((a, b, "amount: 6 is higher than 5 by 1"),)


def test_an_argument_that_one_side_lacks() -> None:
    """What the candidate lacks has changed; what is not known of the control cannot be compared."""
    full = Effect(tool="t", args={"order": "o", "note": "x"})
    bare = Effect(tool="t", args={"order": "o"})
    assert counts(aligned([full], [bare])) == (0, 1, 0, 0)
    assert aligned([bare], [full]).unclear == ("note: missing on the control's side",)
    assert counts(aligned([bare], [full])) == (0, 0, 0, 0)


def test_within_a_tolerance_as_many_as_possible_are_paired() -> None:
    """Each pair may fit only one way; a first come, first served pairing would miss it."""
    control, candidate = [refund("10.00"), refund("10.02")], [refund("10.01"), refund("9.99")]
    assert counts(aligned(control, candidate)) == (2, 0, 0, 0)


@given(
    st.lists(st.sampled_from(["1.00", "1.01", "1.02", "5"]), max_size=6),
    st.lists(st.sampled_from(["1.00", "1.01", "1.02", "5"]), max_size=6),
    st.randoms(use_true_random=False),
)
@settings(max_examples=60, deadline=None)
def test_no_order_matters(ours: list[str], theirs: list[str], rng: random.Random) -> None:
    """Shuffling either side changes nothing; exchanging the sides exchanges missing and extra."""
    control, candidate = [refund(a) for a in ours], [refund(a) for a in theirs]
    found = counts(aligned(control, candidate))
    mixed = rng.sample(control, len(control)), rng.sample(candidate, len(candidate))
    assert counts(aligned(*mixed)) == found
    assert counts(aligned(candidate, control)) == (found[0], found[1], found[3], found[2])


def test_a_flood_of_twins_is_paired_all_the_same() -> None:
    """Two thousand of one key, without comparing each with each."""
    many = [refund(str(n)) for n in range(2000)]
    assert counts(aligned(many, many[::-1])) == (2000, 0, 0, 0)
