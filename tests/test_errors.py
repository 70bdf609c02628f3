"""Errors: at most ten kinds, one shape of message, and they survive the way to another process."""

from __future__ import annotations

import pickle
import re

import pytest

from shadow import errors
from shadow.errors import LeaseLost, ShadowError, StoreError

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ShadowError)]


def test_the_tree_is_drawn_as_it_is() -> None:
    """Every class under ShadowError stands in the module's drawing, and at most ten of them."""
    drawn = re.findall(r"[├└]── (\w+)", errors.__doc__ or "")
    assert sorted(drawn) == sorted(kind.__name__ for kind in KINDS if kind is not ShadowError)
    assert len(KINDS) - 1 <= 10
    assert issubclass(LeaseLost, StoreError)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_error_crosses_processes(kind: type[ShadowError]) -> None:
    """Pickled and back it is of the same kind and says the same."""
    error = kind("it broke", where="desk: field", seen="5", allowed="6", todo="write 6")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert str(again) == str(error)
    assert (again.what, again.where, again.seen, again.allowed, again.todo) == (
        "it broke", "desk: field", "5", "6", "write 6",
    )  # fmt: skip


def test_the_message_says_what_is_known() -> None:
    """Where, what, seen, allowed, to do, in this order; what is not known is left out."""
    whole = ShadowError("it broke", where="desk: field", seen="5", allowed="6", todo="write 6")
    assert str(whole) == "desk: field: it broke; seen: 5; allowed: 6; to do: write 6"
    assert str(ShadowError("it broke")) == "it broke"
    assert str(ShadowError("it broke", allowed="6")) == "it broke; allowed: 6"
