"""The desk's policy as pure functions: what is right for one case, given what is known of it.

The control follows it with people's exceptions, candidate version 2 to the letter, and the
reviewer looks it up. Amounts are Decimal in major units of the order's currency.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

LIMIT = Decimal(500)  # in the claim's and in the order's currency: above it a lead decides
OFTEN = 4  # refunds within OFTEN_WITHIN that make a lead look at the customer
OFTEN_WITHIN = timedelta(days=90)
NO_MONEY = Decimal("0.00")
_WORDS = ("refund", "money back", "return", "reimburse")

MAIL = {
    "approve": "refunded",
    "partial": "partly_refunded",
    "decline": "declined",
    "ask": "which_order",
    "out_of_scope": "wrong_desk",
}
MARK = {"approve": "refunded", "partial": "partly_refunded"}
CLOSES = frozenset({"approve", "partial", "decline", "out_of_scope"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a case when it is decided.

    Attributes:
        claim: what the customer asks for, in `claim_currency`; None where they do not say.
        order: the order as the desk reads it (total, refunded, currency, …); None where there is none.
        condition: "unused", "opened" or "damaged"; anything else is treated as opened.
        refunds: how many refunds the customer had within the last 90 days.
        rate: units of the order's currency for one unit of the claim's.
        now: the moment of deciding, aware UTC.
    """

    claim: Decimal | None
    claim_currency: str | None
    message: str
    customer_id: str
    order: Mapping[str, Any] | None = None
    condition: str | None = None
    flagged: bool = False
    refunds: int = 0
    rate: Decimal = Decimal(1)
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done: the value that a side produces and the effects that go with it.

    Attributes:
        decision: approve, partial, decline, escalate, ask or out_of_scope.
        refunds, mails, closings: amounts, templates and how many times the ticket is closed.
        mark: the order's new status; empty for none.
        stopped: whether the input alone says that nobody but a lead may act.
    """

    decision: str
    amount: Decimal
    currency: str
    reason: str
    refunds: tuple[Decimal, ...] = ()
    mark: str = ""
    mails: tuple[str, ...] = ()
    closings: int = 0
    stopped: bool = False


def over_limit(claim: Decimal | None) -> bool:
    """Whether the claim alone takes the case out of the desk's hands."""
    return claim is not None and claim > LIMIT


def in_scope(message: str) -> bool:
    """Whether the message asks for money back at all."""
    lower = message.lower()
    return any(word in lower for word in _WORDS)


def recent(refunds: Sequence[Mapping[str, Any]], now: datetime) -> int:
    """How many of the refunds fall into the 90 days before `now`."""
    since = (now - OFTEN_WITHIN).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    return sum(1 for refund in refunds if str(refund["at"]) >= since)


def decide(facts: Facts) -> Plan:
    """The right plan for a case."""
    if over_limit(facts.claim):
        return replace(plan("escalate", facts, "claim over 500, a lead decides"), stopped=True)
    if not in_scope(facts.message):
        return plan("out_of_scope", facts, "not about a refund, sent to the right desk")
    if facts.order is None:
        return plan("ask", facts, "no order named, asked the customer which one it is")
    if facts.order["customer_id"] != facts.customer_id:
        return plan("escalate", facts, "the order belongs to another customer")
    if facts.flagged:
        return plan("escalate", facts, "the customer is on the watch list")
    if facts.refunds >= OFTEN:
        return plan("escalate", facts, f"{OFTEN} or more refunds within 90 days")
    return _by_age(facts, facts.order)


def _by_age(facts: Facts, order: Mapping[str, Any]) -> Plan:
    days = (facts.now - _moment(order["delivered_at"])).days
    share, why = share_of(facts.condition, days)
    if share == 0:
        return plan("decline", facts, f"too late: {why}")
    if remaining(order) <= 0:
        return plan("decline", facts, "already refunded in full")
    amount = due(facts, share=share)
    if amount > LIMIT:
        return plan("escalate", facts, "refund over 500, a lead decides")
    decision = "approve" if share == 1 else "partial"
    words = "full refund" if share == 1 else f"{share:.0%} of the price"
    return plan(decision, facts, f"{words}: {why}", amount=amount)


def share_of(condition: str | None, days: int) -> tuple[Decimal, str]:
    """Which share of the price is due so many days after delivery, and why."""
    if condition == "damaged":
        return Decimal(1 if days <= 90 else 0), "arrived damaged, 90 days to claim"
    if condition == "unused":
        share = "1" if days <= 30 else "0.5" if days <= 45 else "0"
        return Decimal(share), "unused goods, 30 days in full and 45 days by half"
    return Decimal("0.8" if days <= 30 else "0"), "opened goods, 30 days less a fifth"


def remaining(order: Mapping[str, Any]) -> Decimal:
    """What of the order's total has not been refunded yet."""
    return money(order["total"]) - money(order["refunded"])


def due(facts: Facts, *, share: Decimal = Decimal(1)) -> Decimal:
    """The claim in the order's currency, at most what remains of the order, times the share."""
    if facts.order is None:
        return NO_MONEY
    most = remaining(facts.order)
    claim = most if facts.claim is None else money(facts.claim * facts.rate)
    return money(min(claim, most) * share)


def plan(decision: str, facts: Facts, reason: str, *, amount: Decimal = NO_MONEY) -> Plan:
    """The plan that carries out a decision with everything that belongs to it."""
    currency = str(facts.order["currency"]) if facts.order else (facts.claim_currency or "EUR")
    return Plan(
        decision=decision,
        amount=amount,
        currency=currency,
        reason=reason,
        refunds=(amount,) if amount > 0 else (),
        mark=MARK.get(decision, "") if amount > 0 else "",
        mails=(MAIL[decision],) if decision in MAIL else (),
        closings=1 if decision in CLOSES else 0,
    )


def money(value: Any) -> Decimal:
    """Two decimals, half up; numbers are taken as they are written, so 19.99 is 19.99."""
    return Decimal(str(value)).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def _moment(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=UTC)
