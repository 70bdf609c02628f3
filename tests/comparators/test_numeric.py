"""The comparator `numeric`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comparators.numeric import numeric
from shadow.errors import ContractError


def test_a_cent_is_a_cent() -> None:
    """19.99 and 20 are one cent apart, which binary floating point would deny."""
    for left, right in (("19.99", 20), (19.99, 20.0), ("19.99", "20.00"), (Decimal("19.99"), 20)):
        assert numeric(abs_tol="0.01")(left, right) is None
    assert numeric(abs_tol="0.01")("19.989", 20) == "20 is higher than 19.989 by 0.011"


def test_without_a_tolerance_numbers_are_equal_or_not() -> None:
    """However they are written."""
    assert numeric()("20.00", 2e1) is None
    assert numeric()("20.0000000001", 20) == "20 is lower than 20.0000000001 by 1E-10"


@pytest.mark.parametrize(("candidate", "same"), [(101, True), (99, True), (102, False), (98, False), (-100, False)])
def test_a_relative_tolerance_is_of_the_larger(candidate: int, same: bool) -> None:
    """1 % of the larger magnitude."""
    assert (numeric(rel_tol="0.01")(100, candidate) is None) is same


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2), st.integers(0, 200))
def test_the_tolerance_is_met_to_the_cent(value: Decimal, cents: int) -> None:
    """The same up to exactly one euro, different from one euro and one cent on."""
    other = value + Decimal(cents) / 100
    assert (numeric(abs_tol="1.00")(str(value), str(other)) is None) is (cents <= 100)


@pytest.mark.parametrize(
    "value",
    [True, None, "", "abc", "NaN", "1,5", float("nan"), "Infinity", [], "9" * 2000, "1e5000", 10**5000],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_number_is_incomparable(value: Any) -> None:
    """Booleans, NaN and numbers beyond all reason among them."""
    with pytest.raises(ValueError):
        numeric()(value, 1)


@pytest.mark.parametrize("wrong", [{"abs_tol": 0.01}, {"abs_tol": "-1"}, {"rel_tol": "x"}, {"rel_tol": "NaN"}])
def test_a_tolerance_is_decimal_text(wrong: dict[str, Any]) -> None:
    """A float would not survive JSON to the digit; negative and NaN make no sense."""
    with pytest.raises(ContractError, match="numeric"):
        numeric(**wrong)
