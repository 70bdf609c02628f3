"""What holds for every comparator, those of third parties too: one is tested by being registered."""

from __future__ import annotations

import doctest
import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shadow.errors import ContractError
from shadow.plug import Bound, comparator

NAMES = comparator.names()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


def bound(name: str) -> Bound:
    """The comparator with its own defaults."""
    return comparator.get(name)()


def ask(how: Bound, left: Any, right: Any) -> Any:
    """Its answer, or the class of ValueError."""
    try:
        return how(left, right)
    except ValueError:
        return ValueError


def test_the_four_that_come_along_are_registered() -> None:
    """exact, numeric, same_set and text are found by being in the package."""
    assert {"exact", "numeric", "same_set", "text"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
@given(value=JSON)
@settings(max_examples=40, deadline=None)
def test_a_value_is_the_same_as_itself_or_cannot_be_compared(name: str, value: Any) -> None:
    """Identity gives None; what a comparator does not know raises ValueError and nothing else."""
    assert ask(bound(name), value, value) in (None, ValueError)


@pytest.mark.parametrize("name", NAMES)
@given(left=JSON, right=JSON)
@settings(max_examples=40, deadline=None)
def test_the_sides_can_be_exchanged(name: str, left: Any, right: Any) -> None:
    """Whether two values are the same does not depend on whose they are, and an answer is a sentence."""
    there, back = ask(bound(name), left, right), ask(bound(name), right, left)
    assert (there is None) == (back is None)
    assert (there is ValueError) == (back is ValueError)
    assert there is None or there is ValueError or (isinstance(there, str) and there)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("garbage", [b"x", object(), math.nan, math.inf, {1, 2}])
def test_garbage_is_incomparable(name: str, garbage: Any) -> None:
    """What is no JSON value raises ValueError on either side, beside itself too."""
    for pair in ((garbage, garbage), (garbage, "1"), ("1", garbage)):
        with pytest.raises(ValueError):
            bound(name)(*pair)


@pytest.mark.parametrize("name", NAMES)
def test_its_spec_goes_through_json_and_back(name: str) -> None:
    """A contract's JSON gives the same comparator again."""
    how = bound(name)
    assert comparator.bind(json.loads(json.dumps(how.spec()))) == how


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_parameter_is_refused(name: str) -> None:
    """A misspelt parameter is an error of the contract."""
    with pytest.raises(ContractError, match="no parameter"):
        comparator.get(name)(certainly_not=1)


@pytest.mark.parametrize("name", NAMES)
def test_its_examples_are_true(name: str) -> None:
    """Each comparator has an example, and it runs."""
    function = comparator.get(name).function
    examples = doctest.DocTestFinder(recurse=False).find(function, name, globs=dict(function.__globals__))
    runner = doctest.DocTestRunner()
    for example in examples:
        runner.run(example)
    assert runner.summarize(verbose=False).attempted > 0
    assert runner.summarize(verbose=False).failed == 0
