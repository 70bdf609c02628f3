"""How many units: exact while few, near while many, the same in every order."""

from __future__ import annotations

import pytest

from shadow.evidence.distinct import KEPT, estimate, lowest, mark


def test_exact_while_few() -> None:
    """The demo's size is counted exactly, doubles once."""
    assert estimate(lowest(mark(f"customer {n % 5500}") for n in range(11_000))) == 5500
    assert estimate(lowest([])) == 0


@pytest.mark.parametrize("units", [20_000, 100_000])
def test_near_while_many(units: int) -> None:
    """Beyond that the estimate is right within four standard errors of 1.1 %, and memory stays bounded."""
    marks = lowest(mark(f"customer {n}") for n in range(units))
    assert len(marks) == KEPT
    assert estimate(marks) == pytest.approx(units, rel=0.044)


def test_merging_is_the_same_as_counting_at_once() -> None:
    """Halves that overlap give the marks of the whole."""
    left, right = ([mark(f"{n}") for n in part] for part in (range(15_000), range(10_000, 25_000)))
    assert lowest(lowest(left) | lowest(right)) == lowest(left + right)
