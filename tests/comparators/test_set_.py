"""The comparator `same_set`."""

from __future__ import annotations

import random

import pytest

from comparators.set_ import same_set
from shadow.errors import ContractError


def test_order_does_not_matter() -> None:
    """For members of any kind."""
    members = [1, "1", True, None, {"a": [1]}, [2, 3], 1]
    shuffled = random.Random(3).sample(members, len(members))
    assert same_set()(members, shuffled) is None


def test_how_often_a_member_comes_counts_unless_it_is_declared_not_to() -> None:
    """A multiset by default, a set where declared."""
    assert same_set()(["a", "b", "b"], ["a", "b"]) == "1 missing, 0 extra"
    assert same_set(counted=False)(["a", "b", "b"], ["a", "b"]) is None
    assert same_set(counted=False)(["a", "b"], ["a", "c"]) == "1 missing, 1 extra"


def test_true_is_not_one() -> None:
    """As everywhere in JSON."""
    assert same_set()([True], [1]) is not None


def test_what_is_no_list_is_incomparable() -> None:
    """A text has no members here."""
    with pytest.raises(ValueError, match="not a list"):
        same_set()("ab", ["a", "b"])


def test_counted_is_true_or_false() -> None:
    """A number is refused."""
    with pytest.raises(ContractError, match="counted"):
        same_set(counted=1)
