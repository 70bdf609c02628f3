"""The candidate: a tool-calling agent in code. Version 2 without faults, version 1 with those in its settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from shadow.examples.refund_desk import looking, policy, spoil
from shadow.examples.refund_desk.policy import Plan

SLIPS = 0.0028  # of its cases with money in them, version 2 gets the amount wrong: 0.2 % of all cases


class Tools(Protocol):
    """What an agent is given to work with."""

    @property
    def now(self) -> datetime: ...
    def call(self, name: str, **args: Any) -> Any: ...
    def escalate(self, reason: str, **details: Any) -> None: ...


def handle(case: Mapping[str, Any], tools: Tools, *, faults: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Decide one case, ask for what follows from it, and say what was decided.

    Args:
        case: the case's input.
        faults: what is wrong with this version, as `faults.draw` gives it; none for version 2.

    Returns:
        `{"decision": str, "amount": number ≥ 0 in major units, "currency": str, "reason": str}`

    Raises:
        ArithmeticError: a planted fault makes this version fail on the case.
    """
    case_id = str(case["ticket_id"])
    facts = looking.look(case, tools.call, now=tools.now)
    plan = policy.decide(facts)
    if slips(case_id):
        plan = _slip(plan)
    for fault in faults:
        if spoil.hits(fault, case, plan):
            plan = spoil.apply(fault, plan, facts)
    _carry_out(plan, case, tools)
    return {
        "decision": plan.decision,
        "amount": float(plan.amount),
        "currency": plan.currency,
        "reason": plan.reason,
    }


def slips(case_id: str) -> bool:
    """Version 2's own weakness: on these cases it takes a voucher off that was taken off already.

    Stands in for what a model gets wrong now and then, the same on every replay of a case.
    """
    return spoil.chance(case_id, "own") < SLIPS


def _slip(plan: Plan) -> Plan:
    if not plan.refunds:
        return plan
    amount = policy.money(plan.amount * Decimal("0.85"))
    return replace(plan, amount=amount, refunds=(amount,))


def _carry_out(plan: Plan, case: Mapping[str, Any], tools: Tools) -> None:
    order_id = case.get("order_id")
    for amount in plan.refunds:
        tools.call("refund.issue", order_id=order_id, amount=float(amount), currency=plan.currency)
    if plan.mark:
        _mark(str(order_id), plan.mark, tools)
    for template in plan.mails:
        tools.call("email.send", to=case["customer_id"], template=template)
    for _ in range(plan.closings):
        tools.call("ticket.close", ticket_id=case["ticket_id"])
    if plan.decision == "escalate":
        tools.escalate(plan.reason)


def _mark(order_id: str, status: str, tools: Tools) -> None:
    """Mark the order and look whether it took; once more where it did not."""
    tools.call("order.mark", order_id=order_id, status=status)
    seen = tools.call("orders.get", order_id=order_id)
    if seen["status"] != status:
        tools.call("order.mark", order_id=order_id, status=status)
