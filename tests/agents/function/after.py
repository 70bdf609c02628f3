"""Decides a refund claim by rules."""

from __future__ import annotations

from typing import Any

from shadow.candidates.tools import Tools


def handle(claim: dict[str, Any], tools: Tools) -> dict[str, Any]:
    """What is done about one claim."""
    order = tools.call("orders.get", order_id=claim["order_id"])
    if order["status"] != "paid":
        return {"decision": "refuse", "amount": "0.00"}
    tools.call("refund.issue", order_id=claim["order_id"], amount=order["total"], currency="EUR")
    tools.call("email.send", to=claim["customer"], template="refunded")
    return {"decision": "approve", "amount": order["total"]}
