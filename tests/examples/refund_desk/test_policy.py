"""The policy: what is right for a case, to the cent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shadow.examples.refund_desk import policy
from shadow.examples.refund_desk.policy import Facts, decide

NOW = datetime(2026, 9, 10, 12, tzinfo=UTC)


def _order(days: float = 10, total: float = 19.99, refunded: float = 0.0, **more: Any) -> dict[str, Any]:
    delivered = (NOW - timedelta(days=days)).strftime("%Y-%m-%d %H:%M:%S")
    return {
        "order_id": "O1", "customer_id": "C1", "total": total, "refunded": refunded, "currency": "EUR",
        "status": "delivered", "delivered_at": delivered, **more,
    }  # fmt: skip


FACTS = Facts(
    claim=Decimal("19.99"), claim_currency="EUR", message="refund please", customer_id="C1", order=_order(),
    condition="unused", now=NOW,
)  # fmt: skip


@pytest.mark.parametrize(
    ("condition", "days", "decision", "amount"),
    [
        ("unused", 30, "approve", "19.99"),
        ("unused", 31, "partial", "10.00"),
        ("unused", 46, "decline", "0.00"),
        ("opened", 30, "partial", "15.99"),
        ("opened", 31, "decline", "0.00"),
        (None, 10, "partial", "15.99"),
        ("damaged", 90, "approve", "19.99"),
        ("damaged", 91, "decline", "0.00"),
    ],
)
def test_the_share_by_condition_and_age(condition: str | None, days: int, decision: str, amount: str) -> None:
    """Full, a part or nothing, by days since delivery; half a cent rounds up."""
    plan = decide(replace(FACTS, condition=condition, order=_order(days=days)))
    assert (plan.decision, str(plan.amount)) == (decision, amount)


@pytest.mark.parametrize(
    ("change", "decision"),
    [
        ({"claim": Decimal("500.01")}, "escalate"),
        ({"claim": Decimal("500.01"), "message": "newsletter"}, "escalate"),
        ({"message": "take me off the newsletter"}, "out_of_scope"),
        ({"order": None}, "ask"),
        ({"order": _order(customer_id="C2")}, "escalate"),
        ({"flagged": True}, "escalate"),
        ({"refunds": 4}, "escalate"),
        ({"refunds": 3}, "approve"),
        ({"order": _order(refunded=19.99)}, "decline"),
        ({"claim": Decimal("450"), "rate": Decimal("1.2"), "order": _order(total=600.0)}, "escalate"),
    ],
)
def test_what_else_decides(change: dict[str, Any], decision: str) -> None:
    """Limits, scope, the order and the customer's past come before the age of the order."""
    assert decide(replace(FACTS, **change)).decision == decision


def test_the_claim_is_converted_and_never_exceeds_what_is_left() -> None:
    """A foreign claim counts at the rate; an order is never refunded beyond its total."""
    abroad = replace(FACTS, claim=Decimal("10"), claim_currency="USD", rate=Decimal("0.9174"))
    assert decide(abroad).amount == Decimal("9.17")
    assert decide(replace(FACTS, claim=Decimal("400"), order=_order(refunded=5.0))).amount == Decimal("14.99")
    assert decide(replace(FACTS, claim=None)).amount == Decimal("19.99")


def test_effects_go_with_the_decision() -> None:
    """Money moves only where something is due; an escalation and a question leave the ticket open."""
    done = decide(FACTS)
    assert (done.refunds, done.mark, done.mails, done.closings) == ((Decimal("19.99"),), "refunded", ("refunded",), 1)
    for change in ({"flagged": True}, {"claim": Decimal("501")}):
        held = decide(replace(FACTS, **change))
        assert (held.refunds, held.mark, held.mails, held.closings) == ((), "", (), 0)
    asked = decide(replace(FACTS, order=None))
    assert (asked.refunds, asked.mails, asked.closings) == ((), ("which_order",), 0)


def test_refunds_count_for_ninety_days() -> None:
    """A refund of 90 days ago counts, an older one does not."""
    at = [(NOW - timedelta(days=days)).strftime("%Y-%m-%d %H:%M:%S") for days in (1, 90, 91)]
    assert policy.recent([{"at": moment} for moment in at], NOW) == 2
