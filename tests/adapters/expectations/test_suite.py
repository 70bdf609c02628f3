"""What Great Expectations would let pass and the suite does not."""

from __future__ import annotations

from typing import Any

import pytest

from shadow.adapters.expectations.checks import BETWEEN, NOT_NULL, Check
from shadow.adapters.expectations.suite import problems


def check(**changes: Any) -> Check:
    """Ten sizes that must be at most 5."""
    given: dict[str, Any] = {
        "column": "size",
        "type": BETWEEN,
        "says": "{count} of {rows} sizes",
        "on": "size",
        "values": tuple(float(size) for size in range(10)),
        "limits": {"max_value": 5.0},
        "allowed": 0,
    }
    return Check(**{**given, **changes})


def test_an_empty_suite_is_refused() -> None:
    """Nothing was asked, so nothing was found: that is no pass."""
    assert [problem.what for problem in problems([], rows=10)] == ["nothing was checked: the suite is empty"]


def test_no_rows_are_refused() -> None:
    """An empty frame satisfies every expectation."""
    assert [problem.what for problem in problems([check(values=())], rows=0)] == ["no rows arrived in the window"]


@pytest.mark.parametrize(("allowed", "count"), [(3, 4), (4, 0), (5, 0), (0, 4)])
def test_just_so_many_may_fail(allowed: int, count: int) -> None:
    """Four sizes are beyond 5: allowed 4 passes, allowed 3 fails with all four counted."""
    found = problems([check(allowed=allowed)], rows=10)
    assert [problem.count for problem in found] == ([count] if count else [])


def test_rounding_moves_no_limit() -> None:
    """1 - k / n is now and then larger than (n - k) / n; so many as are allowed pass all the same."""
    rounded = [(n, k) for n in range(20, 40) for k in range(1, n) if (n - k) / n < 1 - k / n][:5]
    assert rounded
    for n, k in rounded:
        sizes = tuple(9.0 if place < k else 1.0 for place in range(n))
        assert not problems([check(values=sizes, allowed=k)], rows=n)
        assert problems([check(values=sizes, allowed=k - 1)], rows=n)[0].count == k


@pytest.mark.parametrize(("allowed", "stopped"), [(4, True), (5, False)])
def test_nulls_are_counted_over_all_rows_and_values_over_filled_ones(allowed: int, stopped: bool) -> None:
    """Five of ten are null; of the five filled ones two are beyond 3."""
    half = tuple(float(size) if size < 5 else None for size in range(10))
    nulls = check(type=NOT_NULL, values=half, limits=None, allowed=allowed)
    assert bool(problems([nulls], rows=10)) is stopped
    assert problems([check(values=half, limits={"max_value": 2.5}, allowed=1)], rows=10)[0].count == 2


def test_two_checks_of_one_type_on_one_column_are_both_asked() -> None:
    """Great Expectations' upsert would keep the last alone."""
    found = problems([check(), check(limits={"max_value": 100.0}), check(limits={"max_value": 7.0})], rows=10)
    assert [problem.count for problem in found] == [4, 2]


def test_a_check_that_cannot_be_evaluated_is_a_problem() -> None:
    """A column that is not there, and text where numbers are compared."""
    words = tuple("word" for _ in range(10))
    found = problems([check(values=()), check(on="word", values=words)], rows=10)
    assert [problem.what.split(":")[0] for problem in found] == ["could not be checked"] * 2
    assert [problem.count for problem in found] == [10, 10]
