"""The refund desk's contract: what a candidate may do there, how it is compared, when it is ready."""

from __future__ import annotations

from typing import Any

from comparators.exact import exact
from comparators.numeric import numeric
from comparators.text import text
from shadow.contract import Approval, contract, cosmetic, critical, effect, major, minor, read, stop, write
from shadow.gates.calendar import calendar
from shadow.gates.cost import cost
from shadow.gates.coverage import coverage
from shadow.gates.critical_rate import critical_rate
from shadow.gates.data_quality import data_quality
from shadow.gates.every_slice import every_slice
from shadow.gates.harmful_rate import harmful_rate
from shadow.gates.input_drift import input_drift
from shadow.gates.latency import latency
from shadow.gates.non_inferior import non_inferior
from shadow.gates.recency import recency
from shadow.gates.set_aside import set_aside
from shadow.gates.stale import stale
from shadow.gates.whole_weeks import whole_weeks

CURRENCIES = ["EUR", "GBP", "USD"]
LIMIT = 500  # major units of whatever currency
LARGEST_CLAIM = 2500  # major units; a claim in cents does not fit


def _text(longest: int) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": longest}


def _maybe(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "type": [schema["type"], "null"]}


def _args(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object", "properties": properties, "required": list(properties), "additionalProperties": False,
    }  # fmt: skip


_CURRENCY = {"type": "string", "enum": CURRENCIES}
_AMOUNT = {"type": "number", "minimum": 0, "maximum": LIMIT}

ACCEPTS = {
    "type": "object",
    "properties": {
        "ticket_id": _text(20),
        "customer_id": _text(20),
        "order_id": _maybe(_text(20)),
        "channel": {"type": "string", "enum": ["web", "mail", "phone"]},
        "country": _maybe({"type": "string", "pattern": "^[A-Z]{2}$"}),
        "claim": _maybe({"type": "number", "exclusiveMinimum": 0, "maximum": LARGEST_CLAIM}),
        "currency": _CURRENCY,
        "subject": _maybe({"type": "string", "maxLength": 200}),
        "message": {"type": "string", "maxLength": 10_000},
        "customer_name": _maybe({"type": "string", "maxLength": 200}),
        "customer_email": _maybe({"type": "string", "maxLength": 200}),
    },
    "required": [
        "ticket_id",
        "customer_id",
        "order_id",
        "channel",
        "country",
        "claim",
        "currency",
        "message",
    ],
}
PRODUCES = {
    "type": "object",
    "properties": {
        "decision": {
            "type": "string", "enum": ["approve", "partial", "decline", "escalate", "ask", "out_of_scope"],
        },
        "amount": _AMOUNT,
        "currency": _CURRENCY,
        "reason": _text(400),
    },
    "required": ["decision", "amount", "currency", "reason"],
    "additionalProperties": False,
}  # fmt: skip

REFUNDS = contract(
    "refund-desk",
    owner="payments-ops",
    unit="customer_id",
    accepts=ACCEPTS,
    produces=PRODUCES,
    tools=[
        read("orders.get", entity="order", key="order_id", args=_args(order_id=_text(20))),
        read("customers.get", entity="customer", key="customer_id", args=_args(customer_id=_text(20))),
        # no entity: whatever the desk did before makes a live answer stale, for any effect may be a refund
        read("refunds.list", args=_args(customer_id=_text(20))),
        read("tickets.get", entity="ticket", key="ticket_id", args=_args(ticket_id=_text(20))),
        read("fx.rate", entity="rate", key=("base", "quote"), args=_args(base=_CURRENCY, quote=_CURRENCY)),
        write(
            "refund.issue", entity="order", key="order_id", reversible=False, money=("amount", "currency"),
            at_most={currency: str(LIMIT) for currency in CURRENCIES},
            args=_args(order_id=_text(20), amount={"type": "number", "exclusiveMinimum": 0}, currency=_CURRENCY),
        ),
        write(
            "order.mark", entity="order", key="order_id", reversible=True,
            args=_args(order_id=_text(20), status={"type": "string", "enum": ["refunded", "partly_refunded"]}),
        ),
        write(
            "email.send", entity="mail", key=("to", "template"), reversible=False,
            args=_args(to=_text(20), template=_text(40)),
        ),
        write("ticket.close", entity="ticket", key="ticket_id", reversible=True, args=_args(ticket_id=_text(20))),
    ],
    stops=[
        stop(
            "the claim is over 500", on="input", escalate_to="#refund-leads",
            when={"required": ["claim"], "properties": {"claim": {"type": "number", "exclusiveMinimum": LIMIT}}},
        ),
        stop(
            "the refund is over 500", on="refund.issue", escalate_to="#refund-leads",
            when={"required": ["amount"], "properties": {"amount": {"type": "number", "exclusiveMinimum": LIMIT}}},
        ),
    ],
    compare={
        "decision": critical(exact()),
        "amount": major(numeric(abs_tol="0.01")),
        "currency": major(exact()),
        "refund.issue": major(effect(amount=numeric(abs_tol="0.01"))),
        "email.send": minor(effect()),
        "ticket.close": minor(effect()),
        "order.mark": minor(effect()),
        "escalate": major(effect(ignore=["reason"])),
        "reason": cosmetic(text(at_least=0.8)),
    },
    slices=["country", "channel"],
    settles_within="5d",
    labels_within="1d",
    keep="90d",
    redact=["customer_name", "customer_email"],
    gates=[
        harmful_rate(at_most=0.01, alpha=0.05),
        every_slice(at_most=0.03, alpha=0.05),
        critical_rate(below=0.001, alpha=0.05),
        non_inferior(by=0.01, alpha=0.05),
        recency(at_most=0.01, alpha=0.05, days=7),
        whole_weeks(at_most=0.01, alpha=0.05, weeks=2),
        calendar(days=14),
        coverage(parts=2),
        input_drift(),
        set_aside(at_most=0.05),
        stale(at_most=0.02),
        latency(p95_s=20),
        cost(per_case_usd=0.05),
        data_quality(),
    ],
    approval=Approval(
        channel="#refunds", approvers=("ines.moreau", "tom.becker", "sara.lind"), candidate_owner="lee.park",
        quorum=2, expires_h=24,
    ),
    stages=[1, 5, 25, 100],
    cases_per_day=360,
    demonstration=True,
)  # fmt: skip
