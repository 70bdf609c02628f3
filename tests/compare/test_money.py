"""Money at stake."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from shadow.compare.align import align
from shadow.compare.money import at_stake
from shadow.contract.model import EffectRule, Tool
from shadow.observation import Effect
from tests.compare.desk import CONTRACT, refund

TOOL = CONTRACT.tool("refund.issue")


def stake(control: list[Effect], candidate: list[Effect], tool: Tool | None = TOOL) -> dict[str, Decimal]:
    """What these refunds put at stake."""
    if tool is None:
        raise LookupError("refund.issue")
    return at_stake([(tool, align(control, candidate, key=("order",), rule=EffectRule()))])


@pytest.mark.parametrize(
    ("control", "candidate", "expected"),
    [
        ([refund("5.10")], [], {"EUR": "5.10"}),
        ([], [refund(7)], {"EUR": "7"}),
        ([refund("5.10")], [refund("7.00")], {"EUR": "1.90"}),
        ([refund("5")], [refund("5", currency="USD")], {"EUR": "5", "USD": "5"}),
        ([refund("5")], [refund("6", order="o2")], {"EUR": "11"}),
        ([refund("-5")], [], {"EUR": "5"}),
        ([refund("5")], [refund("5")], {}),
        ([], [refund(0.1), refund(0.2)], {"EUR": "0.3"}),
    ],
)
def test_what_only_one_side_moves_and_by_how_much_they_differ(control: Any, candidate: Any, expected: Any) -> None:
    """Per currency, never negative, to the cent."""
    assert stake(control, candidate) == {currency: Decimal(amount) for currency, amount in expected.items()}


@pytest.mark.parametrize("amount", ["abc", None, True, "NaN", "1e999", [5]])
def test_what_is_no_amount_counts_for_nothing(amount: Any) -> None:
    """And swells no sum."""
    assert stake([], [refund(amount)]) == {}


def test_a_write_that_moves_no_money_counts_for_nothing() -> None:
    """Only declared amounts do."""
    assert stake([], [refund("5")], CONTRACT.tool("ticket.close")) == {}
