"""The control: the desk as it works today. People apply the policy, make exceptions, and really write."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Any

from shadow.examples.refund_desk import fx, looking, policy, reads, world
from shadow.examples.refund_desk.arrivals import Incoming
from shadow.examples.refund_desk.policy import Facts, Plan

_HANDS = ("", "", " (jb)", " (km)", " - ok")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What the control decided, and what would have been right.

    Attributes:
        mistake: the exception's name; empty where the control is right.
        critical: whether the decision itself is wrong.
    """

    plan: Plan
    right: Plan
    mistake: str = ""
    critical: bool = False


def live(connection: sqlite3.Connection, now: datetime) -> looking.Ask:
    """How the desk asks its own system: today's rows."""

    def ask(tool: str, **args: Any) -> Any:
        if tool == "fx.rate":
            return {"rate": str(fx.on_day(args["base"], args["quote"], now))}
        rows = world.many(connection, reads.LIVE[tool], args)
        return rows if tool in reads.MANY else (rows[0] if rows else None)

    return ask


def case_of(ticket: Incoming) -> dict[str, Any]:
    """What the desk knows of the ticket itself, sound even where the intake row is not."""
    return {
        "ticket_id": ticket.ticket_id,
        "customer_id": ticket.person.customer_id,
        "order_id": ticket.order.order_id if ticket.named else None,
        "claim": None if ticket.claim_minor is None else ticket.claim_minor / 100,
        "currency": ticket.currency,
        "message": ticket.message,
    }


def judge(facts: Facts, *, channel: str, rng: Random) -> Decided:
    """The policy with people's exceptions: in about 2 % of cases wrong, in half of those critically."""
    right = policy.decide(facts)
    mistake, critical, wrong = _exception(facts, right, channel, rng)
    plan = wrong or right
    return Decided(
        plan=replace(plan, reason=plan.reason + rng.choice(_HANDS)),
        right=right,
        mistake=mistake,
        critical=critical,
    )


def _exception(facts: Facts, right: Plan, channel: str, rng: Random) -> tuple[str, bool, Plan | None]:
    u = rng.random()
    whole = min(policy.due(facts), policy.LIMIT)
    full = policy.plan("approve", facts, "full refund, agreed with the customer", amount=whole)
    if right.decision == "approve" and u < 0.009:
        return "declined in time", True, policy.plan("decline", facts, "too late, says the desk's own list")
    if right.decision == "partial" and u < 0.009:
        return "full where a part is due", True, full
    if right.decision == "decline" and whole > 0 and u < (0.05 if channel == "phone" else 0.015):
        return "goodwill", True, full
    if right.decision == "escalate" and not right.stopped and whole > 0 and u < 0.03:
        return "let through", True, full
    if right.refunds and 0.009 <= u < 0.018:
        amount = policy.money(right.amount * Decimal("0.9"))
        return "slip of the pen", False, replace(right, amount=amount, refunds=(amount,))
    if right.refunds and 0.018 <= u < 0.024:
        return "refund forgotten", False, replace(right, refunds=())
    return "", False, None
