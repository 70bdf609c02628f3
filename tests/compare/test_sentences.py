"""Causes in plain words."""

from __future__ import annotations

import doctest

import pytest

from shadow.compare import sentences
from shadow.compare.sentences import consequence, sentence

FIVE = "(5 of 100) the candidate"


@pytest.mark.parametrize(
    ("place", "direction", "write", "told"),
    [
        ("decision", "yes -> no", False, f"where the control's decision was yes {FIVE}'s was no"),
        ("amount", "higher", False, f"{FIVE}'s amount was higher than the control's"),
        ("amount", "invalid", False, f"{FIVE}'s amount cannot be read"),
        ("pay", "missing", True, f"where the control did pay {FIVE} did not ask for it"),
        ("pay", "extra", True, f"where the control did not do pay {FIVE} asked for it"),
        ("pay", "changed", True, f"where the control did pay {FIVE} asked for a different one"),
        ("failure", "timeout", False, f"{FIVE} took longer than it may"),
        ("failure", "other", False, f"{FIVE} failed (other)"),
        ("stop: over 500", "acted", False, f"in which 'over 500' holds {FIVE} acted instead of escalating"),
    ],
)
def test_a_sentence_says_what_happened_where_and_how_often(place: str, direction: str, write: bool, told: str) -> None:
    """With the cases in which it could have happened as its denominator."""
    found = sentence(place, direction, slice_=None, count=5, possible=100, write=write)
    assert found == f"In 5.0 % of cases {told}."


@pytest.mark.parametrize(("count", "percent"), [(10_000, "100.0"), (310, "3.1"), (7, "0.07"), (1, "0.01")])
def test_a_share_is_readable_at_every_size(count: int, percent: str) -> None:
    """Never in powers of ten."""
    told = sentence("x", "different", slice_=("country", "DE"), count=count, possible=10_000, write=False)
    assert told.startswith(f"In {percent} % of cases with country DE ({count:,} of 10,000) ")


def test_a_consequence_names_its_place() -> None:
    """It stands under its cause and must be read without it."""
    told = consequence("amount", "number -> none", count=3, possible=4, write=False)
    assert told == "In 3 of these 4 cases the candidate's amount was none instead of number."


def test_the_examples_are_true() -> None:
    """Those of the docstrings."""
    found = doctest.testmod(sentences)
    assert found.attempted >= 2
    assert found.failed == 0
