"""Two values at one place."""

from __future__ import annotations

from typing import Any

import pytest

from comparators.exact import exact
from comparators.numeric import numeric
from comparators.text import text
from shadow.compare.places import MISSING, at, compared
from shadow.compare.result import Outcome
from shadow.plug import Bound, Kind

MONEY = numeric(abs_tol="0.01")
own = Kind(word="comparator", package="comparators")  # a registry of its own: nothing leaks into the real one


@own()
def raises(control: Any, candidate: Any) -> str | None:
    """A user's comparator with an error in it."""
    raise KeyError("oops")


@own()
def answers_true(control: Any, candidate: Any) -> Any:
    """A user's comparator that mistakes what it is to answer."""
    return True


@own()
def units(control: Any, candidate: Any) -> str | None:
    """Refuses two values that are each fine."""
    if control[-1] != candidate[-1]:
        raise ValueError("two units")
    return None


@pytest.mark.parametrize(
    ("how", "control", "candidate", "direction"),
    [
        (exact(), "approve", "deny", "approve -> deny"),
        (exact(), True, False, "true -> false"),
        (exact(), None, "deny", "none -> deny"),
        (MONEY, "19.00", 20, "higher"),
        (MONEY, 20, "-19.00", "lower"),
        (exact(), 9, 10, "higher"),
        (MONEY, "5.00", None, "number -> none"),
        (MONEY, None, 0, "none -> number"),
        (exact(), "9", "10", "9 -> 10"),
        (exact(), ["a"], ["b"], "different"),
        (exact(), "x" * 41, "y", "different"),
        (text(), "broken", "late", "different"),
        (exact(), "deny", MISSING, "missing"),
        (exact(), None, MISSING, "missing"),
    ],
)
def test_a_mismatch_has_a_direction(how: Bound, control: Any, candidate: Any, direction: str) -> None:
    """Categories as a pair, numbers higher or lower, the rest different."""
    assert compared(how, control, candidate)[:2] == (Outcome.MISMATCH, direction)


def test_none_on_both_sides_is_the_same_and_missing_on_both_is_not() -> None:
    """A field that neither side has tells nothing; a field that both leave empty on purpose does."""
    assert compared(MONEY, None, None)[0] is Outcome.MATCH
    assert compared(MONEY, MISSING, MISSING) == (Outcome.INCOMPARABLE, "", "missing on both sides")
    assert compared(exact(), MISSING, None)[0] is Outcome.INCOMPARABLE


def test_whose_value_cannot_be_read_decides_what_it_counts_as() -> None:
    """The control's is incomparable, the candidate's is a mismatch: it must not look better for it."""
    assert compared(MONEY, "5", "five")[:2] == (Outcome.MISMATCH, "invalid")
    assert compared(MONEY, "5", float("nan"))[:2] == (Outcome.MISMATCH, "invalid")
    assert compared(MONEY, "five", "5")[0] is Outcome.INCOMPARABLE
    assert compared(MONEY, "five", "six")[0] is Outcome.INCOMPARABLE
    assert compared(units(), "5m", "5s") == (Outcome.INCOMPARABLE, "", "two units")


def test_a_comparator_with_an_error_is_named_and_never_agrees() -> None:
    """What it raises, and an answer that is neither None nor a sentence."""
    assert compared(raises(), 1, 1) == (Outcome.INCOMPARABLE, "", "comparator raises raised KeyError: 'oops'")
    assert compared(answers_true(), 1, 2)[0] is Outcome.INCOMPARABLE
    assert "answered True" in compared(answers_true(), 1, 2)[2]


@pytest.mark.parametrize(
    ("path", "found"),
    [("a.b", 1), ("lines.1.sku", "y"), ("a", {"b": 1}), ("a.c", MISSING), ("a.b.c", MISSING), ("lines.9", MISSING)],
)
def test_a_place_is_a_dotted_path(path: str, found: Any) -> None:
    """Through objects by name and lists by number."""
    value = {"a": {"b": 1}, "lines": [{"sku": "x"}, {"sku": "y"}]}
    assert at(value, path) == found
