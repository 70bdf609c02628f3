"""The parts of one right contract, so that a test spoils a single one of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from comparators.exact import exact
from comparators.numeric import numeric
from comparators.text import text
from shadow.contract import (
    Approval,
    Contract,
    Severity,
    contract,
    cosmetic,
    critical,
    effect,
    major,
    read,
    stop,
    write,
)
from shadow.gates.calendar import calendar
from shadow.gates.harmful_rate import harmful_rate

TEXT = {"type": "string"}
REFUND = {
    "type": "object",
    "properties": {"order_id": TEXT, "amount": {"type": "string"}, "currency": TEXT, "memo": TEXT},
    "required": ["order_id", "amount", "currency"],
}


def parts(**changed: Any) -> dict[str, Any]:
    """Every part of a right contract, some of them changed."""
    return {
        "owner": "payments-ops",
        "unit": "customer_id",
        "accepts": {
            "type": "object",
            "properties": {"customer_id": TEXT, "country": TEXT, "email": TEXT, "claim": {"type": "number"}},
            "required": ["customer_id"],
        },
        "produces": {
            "type": "object",
            "properties": {
                "decision": {"enum": ["approve", "decline"]},
                "amount": {"type": "number"},
                "reason": TEXT,
                "address": {"type": "object", "properties": {"city": TEXT}, "additionalProperties": False},
            },
            "required": ["decision"],
        },
        "tools": [
            read("orders.get", entity="order", key="order_id"),
            write(
                "refund.issue",
                entity="order",
                key="order_id",
                reversible=False,
                args=REFUND,
                money=("amount", "currency"),
                at_most={"EUR": "500", "USD": "600"},
            ),
            write("email.send", entity="mail", key=("to", "template"), reversible=False),
            write("ticket.close", entity="ticket", key="ticket_id", reversible=True),
        ],
        "stops": [
            stop(
                "the claim is over 500",
                on="input",
                when={"required": ["claim"], "properties": {"claim": {"exclusiveMinimum": 500}}},
                escalate_to="#refund-leads",
            )
        ],
        "compare": {
            "decision": critical(exact()),
            "amount": major(numeric(abs_tol="0.01")),
            "refund.issue": major(effect(amount=numeric(abs_tol="0.01"), ignore=["memo"])),
            "reason": cosmetic(text(at_least=0.8)),
        },
        "failure": Severity.MAJOR,
        "slices": ["country"],
        "settles_within": "5d",
        "labels_within": "36h",
        "keep": "90d",
        "redact": ["email"],
        "gates": [harmful_rate(at_most=0.01, alpha=0.05), calendar(days=14)],
        "approval": Approval(channel="#refunds", approvers=("ines", "tom"), candidate_owner="lee", quorum=2),
        "stages": [1, 5, 25, 100],
        "cases_per_day": 360,
        "demonstration": False,
        **changed,
    }


def made(**changed: Any) -> Contract:
    """A right contract, some of its parts changed."""
    return contract("refund-desk", **parts(**changed))


# one change of every field of a Contract that leaves it a right one
CHANGES: dict[str, Any] = {
    "workflow": "other-desk",
    "owner": "another-team",
    "unit": "country",
    "accepts": {**parts()["accepts"], "required": ["customer_id", "country"]},
    "produces": {**parts()["produces"], "required": []},
    "tools": parts()["tools"][:3],
    "compare": {**parts()["compare"], "decision": major(exact())},
    "gates": parts()["gates"][:1],
    "stops": (),
    "failure": Severity.CRITICAL,
    "violation": Severity.MAJOR,
    "slices": (),
    "settles_within": timedelta(days=4),
    "labels_within": timedelta(hours=12),
    "keep": timedelta(days=30),
    "redact": (),
    "approval": None,
    "stages": (10, 100),
    "cases_per_day": 361,
    "demonstration": True,
    "horizon_days": 28,
    "family": True,
    "verdict_holds": timedelta(days=3),
}
