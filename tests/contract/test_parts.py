"""The small functions that a contract is written with refuse wrong parts at once."""

from __future__ import annotations

import pytest

from comparators.exact import exact
from shadow.contract import cosmetic, critical, effect, major, minor, read, stop, write
from shadow.errors import ContractError


@pytest.mark.parametrize("escalate_to", ["", " ", "\t"])
def test_a_stop_without_escalation_is_refused(escalate_to: str) -> None:
    """Somebody must take the case over; said by name, with what to do."""
    with pytest.raises(ContractError) as caught:
        stop("over 500", on="input", when={"required": ["claim"]}, escalate_to=escalate_to)
    assert caught.value.where == "stop 'over 500'"
    assert caught.value.todo == "say who takes the case over"
    with pytest.raises(ContractError):
        stop("over 500", on="input", when={"required": ["claim"]})


@pytest.mark.parametrize("graded", [cosmetic, minor, major, critical])
def test_a_rule_takes_a_called_comparator(graded: object) -> None:
    """`exact` without parentheses is told apart from `exact()`."""
    with pytest.raises(ContractError, match=r"call it: exact\(\), not exact"):
        graded(exact)  # type: ignore[operator]
    assert graded(exact()).severity == graded.__name__  # type: ignore[operator, attr-defined]


def test_keys_are_names() -> None:
    """One text or several."""
    assert read("a", key="b").key == ("b",)
    assert write("a", entity="e", key=["b", "c"], reversible=True).key == ("b", "c")
    assert read("a").key == ()
    assert effect(ignore=["memo"], amount=exact()).args == {"amount": exact()}
