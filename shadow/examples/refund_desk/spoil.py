"""What a fault does to a plan: one place, one direction, on some of the cases where that is possible."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from shadow.examples.refund_desk import policy
from shadow.examples.refund_desk.policy import Facts, Plan

Fault = Mapping[str, Any]
Way = tuple[Callable[[Plan], bool], Callable[[Plan, Facts], Plan]]  # where it is possible, what it does


def hits(fault: Fault, case: Mapping[str, Any], plan: Plan) -> bool:
    """Whether the fault strikes this case: in its slice, possible, and drawn by the case's id."""
    if fault["slice"] is not None:
        name, value = fault["slice"]
        if case.get(name) != value:
            return False
    possible, _ = WAYS[fault["place"], fault["direction"]]
    return possible(plan) and chance(str(case["ticket_id"]), str(fault["id"])) < fault["rate"]


def apply(fault: Fault, plan: Plan, facts: Facts) -> Plan:
    """The plan as the faulty version carries it out; ArithmeticError where the fault is to fail."""
    _, change = WAYS[fault["place"], fault["direction"]]
    return change(plan, facts)


def chance(case_id: str, salt: str) -> float:
    """A number in [0, 1) that is fixed for a case and a salt."""
    return int.from_bytes(hashlib.blake2b(f"{salt}:{case_id}".encode(), digest_size=7).digest()) / 256**7


def _decision(old: str, new: str) -> Way:
    def change(plan: Plan, facts: Facts) -> Plan:
        amount = _amount(new, plan, facts)
        return policy.plan(new, facts, _WHY[new], amount=amount)

    return (lambda plan: plan.decision == old and not plan.stopped), change


def _amount(decision: str, plan: Plan, facts: Facts) -> Decimal:
    if decision not in policy.MARK:
        return policy.NO_MONEY
    whole = plan.amount or policy.due(facts) or policy.money((facts.order or {}).get("total", 10))
    return min(policy.LIMIT, policy.money(whole * (Decimal("0.8") if decision == "partial" else 1)))


def _scaled(factor: str) -> Way:
    def change(plan: Plan, facts: Facts) -> Plan:
        amount = min(policy.LIMIT, policy.money(plan.amount * Decimal(factor)))
        return replace(plan, amount=amount, refunds=(amount,) * len(plan.refunds))

    return (lambda plan: plan.amount > 0), change


def _refunds(change_to: Callable[[Plan], tuple[Decimal, ...]]) -> Way:
    return (lambda plan: bool(plan.refunds)), lambda plan, facts: replace(plan, refunds=change_to(plan))


def _mails(change_to: Callable[[Plan], tuple[str, ...]]) -> Way:
    return (lambda plan: bool(plan.mails)), lambda plan, facts: replace(plan, mails=change_to(plan))


def _fail(plan: Plan, facts: Facts) -> Plan:
    raise ArithmeticError("the model's answer holds no number")


_WHY = {
    "approve": "full refund: the customer seems to be in the right",
    "partial": "80% of the price: the rest is kept as a fee",
    "decline": "too late: the model takes the order for an older one",
    "escalate": "not sure, a lead decides",
}
WAYS: Mapping[tuple[str, str], Way] = MappingProxyType(
    {
        ("decision", "approve -> decline"): _decision("approve", "decline"),
        ("decision", "approve -> partial"): _decision("approve", "partial"),
        ("decision", "approve -> escalate"): _decision("approve", "escalate"),
        ("decision", "partial -> approve"): _decision("partial", "approve"),
        ("decision", "decline -> approve"): _decision("decline", "approve"),
        ("amount", "higher"): _scaled("1.15"),
        ("amount", "lower"): _scaled("0.8"),
        ("refund.issue", "missing"): _refunds(lambda plan: ()),
        ("refund.issue", "extra"): (
            lambda plan: plan.decision == "decline",
            lambda plan, facts: replace(plan, refunds=(_amount("approve", plan, facts),)),
        ),
        ("refund.issue", "changed"): _refunds(lambda plan: (policy.money(plan.amount * Decimal("0.5")),)),
        ("email.send", "missing"): _mails(lambda plan: ()),
        ("email.send", "extra"): _mails(lambda plan: (*plan.mails, "survey")),
        ("ticket.close", "missing"): (
            lambda plan: plan.closings > 0, lambda plan, facts: replace(plan, closings=0),
        ),
        ("ticket.close", "extra"): (
            lambda plan: plan.closings == 0 and not plan.stopped, lambda plan, facts: replace(plan, closings=1),
        ),
        ("reason", "different"): (
            lambda plan: plan.closings > 0, lambda plan, facts: replace(plan, reason="handled as discussed before"),
        ),
        ("failure", "error"): (lambda plan: True, _fail),
    }
)  # fmt: skip
