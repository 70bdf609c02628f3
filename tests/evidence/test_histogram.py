"""Bins are whole numbers, one percent wide, and round against the candidate."""

from __future__ import annotations

import itertools
from collections import Counter
from math import inf, nan

import pytest

from shadow.evidence.histogram import (
    EDGES,
    MICRO,
    NANO,
    at_or_over,
    bin_of,
    lower_edge,
    quantile_lower,
    quantile_upper,
    upper_edge,
)


@pytest.mark.parametrize("value", [0.0, 0.0005, 0.001, 0.00101, 1.0, 19.999999, 20.0, 3600.0, 1e6])
def test_a_value_lies_in_its_bin(value: float) -> None:
    """Above the lower edge, at most the upper, and the bin is about 1 % wide from a millisecond on."""
    k = bin_of(value, MICRO)
    assert k is not None
    low, high = lower_edge(k, MICRO), upper_edge(k, MICRO)
    assert (low < value or k == 0) and value <= high
    assert high <= max(low * 1.0101, 0.001)


@pytest.mark.parametrize("value", [nan, inf, -inf, -0.001])
def test_what_cannot_be_has_no_bin(value: float) -> None:
    """NaN, infinite and negative values are told apart, not put somewhere."""
    assert bin_of(value, NANO) is None


def test_the_last_bin_is_open() -> None:
    """A value beyond all edges is in the bin whose upper edge is infinite."""
    k = bin_of(1e12, MICRO)
    assert k == len(EDGES)
    assert upper_edge(k, MICRO) == inf
    assert at_or_over({k: 3}, 20.0, MICRO) == 3


def test_edges_rise() -> None:
    """No bin is empty by construction."""
    assert all(low < high for low, high in itertools.pairwise(EDGES))


def test_at_the_ceiling_is_over_it() -> None:
    """A value at the ceiling counts, one just below counts where its bin touches, one well below does not."""
    at, below, far = bin_of(20.0, MICRO), bin_of(19.9, MICRO), bin_of(19.5, MICRO)
    assert at_or_over({at or 0: 1}, 20.0, MICRO) == 1
    assert at_or_over({far or 0: 1}, 20.0, MICRO) == 0
    assert at_or_over({below or 0: 1}, 20.0, MICRO) == (upper_edge(below or 0, MICRO) >= 20.0)


def test_quantile_needs_enough() -> None:
    """With 73 values no limit of the 95th percentile can be given, with 74 the slowest one's bin is it."""
    k = bin_of(1.0, MICRO) or 0
    assert quantile_upper({k: 73}, 0.95, MICRO, alpha=0.05) == inf
    assert quantile_upper({k: 74}, 0.95, MICRO, alpha=0.05) == upper_edge(k, MICRO)
    assert quantile_upper({}, 0.95, MICRO, alpha=0.05) == inf


def test_quantile_lies_above_the_true_one() -> None:
    """Of 2,000 durations spread evenly up to 10 s the limit lies above 9.5 s, not far."""
    bins = Counter(bin_of((n + 0.5) / 200, MICRO) or 0 for n in range(2000))
    assert 9.5 <= quantile_upper(bins, 0.95, MICRO, alpha=0.05) <= 9.9


def test_a_lower_limit_stays_below_the_quantile_and_finds_it() -> None:
    """Of 2,000 times between 0 and 100 s: below the 95th percentile and near it; nothing is said of thirty."""
    bins = Counter(bin_of(n / 20, MICRO) or 0 for n in range(2000))
    lower = quantile_lower(bins, 0.95, MICRO, alpha=0.025)
    assert 90 < lower < 95
    assert quantile_lower(bins, 0.95, MICRO, alpha=0.0001) < lower
    assert quantile_lower({5: 1}, 0.95, MICRO, alpha=0.025) == 0.0
    assert quantile_lower({}, 0.95, MICRO, alpha=0.025) == 0.0


def test_a_lower_limit_lies_below_its_bin() -> None:
    """All values alike: the limit is what they are above, never what they may reach."""
    k = bin_of(3.0, MICRO) or 0
    assert quantile_lower({k: 1000}, 0.5, MICRO, alpha=0.025) == lower_edge(k, MICRO) < 3.0
