"""The comparator `exact`."""

from __future__ import annotations

from typing import Any

import pytest

from comparators.exact import exact


@pytest.mark.parametrize(
    ("left", "right"),
    [(1, 1.0), ({"a": 1, "b": [2]}, {"b": [2.0], "a": 1}), (None, None), ("é", "é")],
)
def test_the_same_json_value_is_the_same(left: Any, right: Any) -> None:
    """1 is 1.0 and an object's order does not matter."""
    assert exact()(left, right) is None


@pytest.mark.parametrize(
    ("left", "right"), [(True, 1), (False, 0), ("1", 1), (None, False), ([1, 2], [2, 1]), ([], {}), ([True], [1])]
)
def test_another_json_value_differs(left: Any, right: Any) -> None:
    """Python's True == 1 does not count, at any depth; a list has its order."""
    assert isinstance(exact()(left, right), str)


def test_a_sentence_stays_short() -> None:
    """However long the values are."""
    assert len(exact()("x" * 100_000, ["y" * 100_000])) < 200


def test_deep_nesting_is_refused_and_not_a_crash() -> None:
    """A value nested a hundred thousand levels deep raises ValueError, not RecursionError."""
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ValueError, match="nested"):
        exact()(deep, deep)


def test_a_number_too_long_to_print_differs_all_the_same() -> None:
    """Python refuses to print it; that must not read as incomparable."""
    assert exact()(10**5000, 1) == "a value too long to print is not 1"
