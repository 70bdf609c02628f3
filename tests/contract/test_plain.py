"""Plain data is told apart from all else, with the place of the first value that is not."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from shadow.contract.plain import LARGEST, once, refuse_unplain
from shadow.errors import ContractError


def test_json_passes() -> None:
    """Everything that JSON has, and tuples, which are written as lists."""
    refuse_unplain({"a": [1, 2.5, None, True, "ü", {"b": ()}]}, where="here")


@pytest.mark.parametrize(
    ("data", "where"),
    [
        ({"a": {1: 2}}, "here.a"),
        ({"a": [0, {"b": float("inf")}]}, "here.a.1.b"),
        ({"a": date(2026, 11, 1)}, "here.a"),
        ({"a": b"x"}, "here.a"),
        ([["\udc00"]], "here.0.0"),
    ],
)
def test_the_first_wrong_value_is_placed(data: Any, where: str) -> None:
    """By the path to it."""
    with pytest.raises(ContractError) as caught:
        refuse_unplain(data, where="here")
    assert caught.value.where == where


def test_the_size_has_an_end() -> None:
    """Exactly as many values as are allowed pass, one more does not."""
    refuse_unplain([0] * (LARGEST - 2), where="here")
    with pytest.raises(ContractError, match="too large"):
        refuse_unplain([0] * LARGEST, where="here")


def test_once() -> None:
    """A name twice is refused."""
    assert once([("a", 1), ("b", 2)]) == {"a": 1, "b": 2}
    with pytest.raises(ContractError, match="'a' stands twice"):
        once([("a", 1), ("a", 1)])
