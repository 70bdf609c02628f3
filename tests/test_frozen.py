"""Frozen data reads like any other and refuses to be changed."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest

from shadow.frozen import FrozenDict, FrozenList, freeze

READING = {"copy", "count", "fromkeys", "get", "index", "items", "keys", "values"}
DATA: dict[str, Any] = {"b": [1, {"c": [2]}], "a": (3, [4])}


def test_it_reads_as_what_it_was() -> None:
    """Equal, of the same kinds for `isinstance`, the same JSON, in the same order."""
    frozen = freeze(DATA)
    assert frozen == DATA
    assert json.dumps(frozen) == json.dumps(DATA)
    assert isinstance(frozen["b"][1], dict)
    assert isinstance(frozen["b"], list)


@pytest.mark.parametrize("kind", [FrozenDict, FrozenList])
def test_every_method_that_changes_refuses(kind: type) -> None:
    """All of dict's and list's public methods but those that only read, and the operators."""
    one: Any = kind()
    for name in {name for name in dir(kind) if not name.startswith("_")} - READING:
        with pytest.raises(TypeError, match="cannot be changed"):
            getattr(one, name)()
    for name in ("__setitem__", "__delitem__", "__ior__", "__iadd__", "__imul__"):
        if hasattr(kind, name):
            with pytest.raises(TypeError, match="cannot be changed"):
                getattr(one, name)(0)


def test_it_is_frozen_at_any_depth() -> None:
    """And a copy of the original: what happens to that does not matter."""
    original: dict[str, Any] = copy.deepcopy(DATA)
    frozen = freeze(original)
    original["b"][1]["c"].append(9)
    original["a"][1].append(9)
    assert frozen == DATA
    with pytest.raises(TypeError):
        frozen["b"][1]["c"].append(9)
    with pytest.raises(TypeError):
        frozen["a"][1].append(9)


def test_copies_and_pickles_stay_frozen() -> None:
    """A deep copy is itself; what was pickled comes back frozen."""
    frozen = freeze(DATA)
    assert copy.deepcopy(frozen) is frozen
    again = pickle.loads(pickle.dumps(frozen))
    assert again == DATA
    with pytest.raises(TypeError):
        again["b"].append(1)
