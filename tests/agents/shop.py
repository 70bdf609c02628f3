"""What the agents in production call: the shop's own API, over HTTP, for good."""

from __future__ import annotations

import os
from typing import Any

import httpx


def get_order(order_id: str) -> dict[str, Any]:
    """One order."""
    found: dict[str, Any] = _asked("GET", f"/v1/orders/{order_id}")
    return found


def issue_refund(order_id: str, amount: str, currency: str) -> dict[str, Any]:
    """Pay an order back."""
    paid: dict[str, Any] = _asked("POST", "/v1/refunds", {"order_id": order_id, "amount": amount, "currency": currency})
    return paid


def send_email(to: str, template: str) -> dict[str, Any]:
    """Write to a customer."""
    sent: dict[str, Any] = _asked("POST", "/v1/mails", {"to": to, "template": template})
    return sent


FUNCTIONS = {"orders_get": get_order, "refund_issue": issue_refund, "email_send": send_email}
FIELDS = {
    "orders_get": ("order_id",),
    "refund_issue": ("order_id", "amount", "currency"),
    "email_send": ("to", "template"),
}
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": function.__doc__,
            "parameters": {
                "type": "object",
                "properties": {field: {"type": "string"} for field in FIELDS[name]},
                "required": list(FIELDS[name]),
            },
        },
    }
    for name, function in FUNCTIONS.items()
]


def _asked(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    answer = httpx.request(method, os.environ["SHOP_URL"] + path, json=body, timeout=20)
    answer.raise_for_status()
    return answer.json()
