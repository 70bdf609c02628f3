"""From what the desk's tools answer to the facts that the policy needs; the same for every side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from shadow.examples.refund_desk import policy
from shadow.examples.refund_desk.policy import Facts

Ask = Callable[..., Any]  # ask("orders.get", order_id="…") -> what the tool answers


def look(case: Mapping[str, Any], ask: Ask, *, now: datetime) -> Facts:
    """Read what one case needs, and no more: a case over the limit or out of scope is not looked into."""
    claim = policy.money(case["claim"]) if case.get("claim") is not None else None
    bare = Facts(
        claim=claim,
        claim_currency=case.get("currency"),
        message=case.get("message") or "",
        customer_id=str(case.get("customer_id") or ""),
        now=now,
    )
    if policy.over_limit(claim) or not policy.in_scope(bare.message):
        return bare
    order = ask("orders.get", order_id=case["order_id"]) if case.get("order_id") else None
    return bare if order is None else _with_order(bare, order, str(case["ticket_id"]), ask)


def _with_order(bare: Facts, order: Mapping[str, Any], ticket_id: str, ask: Ask) -> Facts:
    ticket = ask("tickets.get", ticket_id=ticket_id) or {}
    customer = ask("customers.get", customer_id=bare.customer_id) or {}
    past = ask("refunds.list", customer_id=bare.customer_id)
    return replace(
        bare,
        order=order,
        condition=ticket.get("condition"),
        flagged=bool(customer.get("flagged")),
        refunds=policy.recent(past, bare.now),
        rate=_rate(bare, str(order["currency"]), ask),
    )


def _rate(bare: Facts, currency: str, ask: Ask) -> Decimal:
    if bare.claim is None or bare.claim_currency is None:
        return Decimal(1)
    return Decimal(ask("fx.rate", base=bare.claim_currency, quote=currency)["rate"])
