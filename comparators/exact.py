"""The same JSON value, to the letter."""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Any

from shadow.plug import comparator

DEEPEST = 100  # levels; deeper values are refused before Python's own recursion limit is met
_SHOWN = 60  # characters of a value that a sentence quotes


@comparator(version=1, words="must be the same")
def exact(control: Any, candidate: Any) -> str | None:
    """None when both are the same JSON value, else a sentence.

    1 and 1.0 are the same number; true is not 1, "1" is not 1. Objects are compared whatever the
    order of their fields, lists in order.

    Raises:
        ValueError: a value is not JSON, is not finite, or is nested deeper than 100 levels.

    Example:
        >>> exact()("approve", "deny")
        "'approve' is not 'deny'"
    """
    if identity(control) == identity(candidate):
        return None
    return f"{quoted(control)} is not {quoted(candidate)}"


def identity(value: Any, depth: int = 0) -> Hashable:
    """A hashable that is equal for two values exactly where they are the same JSON value."""
    if value is None or isinstance(value, bool | str):
        return (type(value).__name__, value)
    if isinstance(value, int | float):
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"{value} is not a JSON number")
        return ("number", value)
    if depth >= DEEPEST:
        raise ValueError(f"nested deeper than {DEEPEST} levels")
    if isinstance(value, list | tuple):
        return ("list", tuple(identity(item, depth + 1) for item in value))
    if isinstance(value, dict):
        return ("object", frozenset((name, identity(item, depth + 1)) for name, item in value.items()))
    raise ValueError(f"{type(value).__name__} is not a JSON value")


def quoted(value: Any) -> str:
    """The value as a sentence quotes it, at most 60 characters."""
    try:
        text = repr(value[: _SHOWN + 1]) if isinstance(value, str) else repr(value)
    except ValueError:  # Python prints no whole number of more than 4,300 digits
        text = "a value too long to print"
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
