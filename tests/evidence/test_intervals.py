"""The interval that is shown."""

from __future__ import annotations

import doctest

import pytest

from shadow.evidence import intervals
from shadow.evidence.intervals import wilson


@pytest.mark.parametrize(
    ("bad", "total", "low", "high"),
    [(0, 100, 0.0, 0.0370), (1, 20, 0.0089, 0.2361), (10, 20, 0.2993, 0.7007), (20, 20, 0.8389, 1.0)],
)
def test_known_values(bad: int, total: int, low: float, high: float) -> None:
    """As tables of the Wilson score interval have it."""
    assert wilson(bad, total) == pytest.approx((low, high), abs=1e-4)


def test_nothing_seen_says_nothing() -> None:
    """Everything is possible before anything was seen."""
    assert wilson(0, 0) == (0.0, 1.0)


def test_more_confidence_is_wider() -> None:
    """99 % holds 95 %."""
    narrow, wide = wilson(3, 50), wilson(3, 50, confidence=0.99)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_its_example_is_true() -> None:
    """The docstring shows what it gives."""
    assert doctest.testmod(intervals) == doctest.TestResults(failed=0, attempted=1)
