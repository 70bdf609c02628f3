"""The same members, in whatever order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from typing import Any

from comparators.exact import identity
from shadow.plug import comparator


def _check(counted: Any) -> None:
    if not isinstance(counted, bool):
        raise ValueError("counted is true or false")


@comparator(version=1, check=_check, words="must hold the same items in any order")
def same_set(control: Any, candidate: Any, *, counted: bool = True) -> str | None:
    """None when both lists have the same members, else a sentence.

    Args:
        control: a list of JSON values.
        candidate: likewise.
        counted: whether it matters how often a member comes.

    Raises:
        ValueError: a value is no list, or a member is no JSON value.

    Example:
        >>> same_set()(["a", "b"], ["b", "a"])
        >>> same_set()(["a", "b"], ["b", "b"])
        '1 missing, 1 extra'
        >>> same_set(counted=False)(["a", "b", "b"], ["b", "a"])
    """
    left, right = _members(control, counted), _members(candidate, counted)
    missing, extra = (left - right).total(), (right - left).total()
    return f"{missing} missing, {extra} extra" if missing or extra else None


def _members(value: Any, counted: bool) -> Counter[Hashable]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"{type(value).__name__} is not a list")
    members = [identity(item) for item in value]
    return Counter(members if counted else set(members))
