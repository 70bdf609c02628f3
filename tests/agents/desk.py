"""The refund desk that the agents of this folder work at: its contract, how its tools are served, and its claims."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from shadow.case import Case
from shadow.contract.model import Contract
from shadow.contract.parts import read, stop, write
from shadow.doors.bindings import Binding, json_body, python, route, template

BEGAN = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TEXT = {"type": "string"}
ORDERS = {
    "o1": {"order_id": "o1", "status": "paid", "total": "20.00"},
    "o2": {"order_id": "o2", "status": "open", "total": "35.00"},
    "o3": {"order_id": "o3", "status": "paid", "total": "900.00"},
}


def schema(**fields: Any) -> dict[str, Any]:
    """An object that has exactly these members."""
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


CONTRACT = Contract(
    workflow="desk",
    owner="ops",
    unit="customer",
    accepts=schema(order_id=TEXT, customer=TEXT),
    produces=schema(decision={"enum": ["approve", "refuse", "escalate"]}, amount=TEXT),
    tools=(
        read("orders.get", entity="order", key="order_id", args=schema(order_id=TEXT)),
        write(
            "refund.issue", entity="order", key="order_id", reversible=False, money=("amount", "currency"),
            args=schema(order_id=TEXT, amount=TEXT, currency={"enum": ["EUR", "USD"]}),
        ),
        write(
            "email.send", entity="mail", key=("to", "template"), reversible=False,
            args=schema(to=TEXT, template=TEXT),
        ),
    ),
    stops=(
        stop(
            "three figures", on="refund.issue", when={"properties": {"amount": {"pattern": r"^\d{3,}"}}},
            escalate_to="#leads",
        ),
    ),
    compare={},
    gates=(),
)  # fmt: skip


def order(args: Mapping[str, Any], moment: Any) -> dict[str, Any]:
    """An order as the shop has it."""
    return ORDERS[args["order_id"]]


def bindings(shop: str = "http://shop.internal") -> dict[str, Binding]:
    """The tools, and the shop's addresses at which an agent that speaks HTTP asks for them."""
    return {
        "orders.get": route("GET", f"{shop}/v1/orders/{{order_id}}", answer=python(order)),
        "refund.issue": route(
            "POST", f"{shop}/v1/refunds", args=json_body(), status=201,
            answer=template({"refund": "{held_id}", "paid": "{amount}"}, changes={"status": "refunded"}),
        ),
        "email.send": route("POST", f"{shop}/v1/mails", args=json_body(), answer=template({"queued": True})),
    }  # fmt: skip


def case(order_id: str = "o1", number: int = 1) -> Case:
    """A claim about one of the three orders."""
    claim = {"order_id": order_id, "customer": "ann@example.com"}
    return Case(id=f"c{number}", unit="ann@example.com", arrived_at=BEGAN, began_at=BEGAN, input=claim)
