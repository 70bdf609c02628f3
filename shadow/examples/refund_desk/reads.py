"""The desk's reads as SQL: as of a moment (`:as_of`, from history) and live (today's rows).

Both give the same columns. Amounts leave the world as numbers of major units with two decimals.
"""

from __future__ import annotations

from types import MappingProxyType

_ORDER = (
    "order_id, customer_id, total_minor / 100.0 as total, currency, refunded_minor / 100.0 as refunded, "
    "status, delivered_at"
)
_CUSTOMER = "customer_id, customer_name, customer_email, country, flagged"
_TICKET = "ticket_id, customer_id, order_id, channel, condition, status"
_REFUND = "order_id, amount_minor / 100.0 as amount, currency, at"


def _as_of(columns: str, table: str, key: str) -> str:
    return (
        f"select {columns} from {table}_history where {key} = :{key} and at <= datetime(:as_of) "
        "order by at desc, rowid desc limit 1"
    )


def _live(columns: str, table: str, key: str) -> str:
    return f"select {columns} from {table} where {key} = :{key}"


AS_OF = MappingProxyType(
    {
        "orders.get": _as_of(_ORDER, "orders", "order_id"),
        "customers.get": _as_of(_CUSTOMER, "customers", "customer_id"),
        "tickets.get": _as_of(_TICKET, "tickets", "ticket_id"),
        "refunds.list": f"select {_REFUND} from refunds where customer_id = :customer_id "
        "and at <= datetime(:as_of) order by at, refund_id",
    }
)
LIVE = MappingProxyType(
    {
        "orders.get": _live(_ORDER, "orders", "order_id"),
        "customers.get": _live(_CUSTOMER, "customers", "customer_id"),
        "tickets.get": _live(_TICKET, "tickets", "ticket_id"),
        "refunds.list": f"select {_REFUND} from refunds where customer_id = :customer_id order by at, refund_id",
    }
)
MANY = frozenset({"refunds.list"})

_CASE = """
select ticket_id as id, arrived_at, coalesce(began_at, arrived_at) as began_at, ticket_id, customer_id, order_id,
  channel, country, claim_minor / 100.0 as claim, currency, subject, message, customer_name, customer_email
from intake"""
CASES = _CASE + " where arrived_at >= datetime(:start) and arrived_at < datetime(:end)"
ONE_CASE = _CASE + " where ticket_id = :case_id order by intake_id limit 1"
SETTLED = """
select case_id as id, settled_at, decision, amount_minor / 100.0 as amount, currency, reason
from outcomes where settled_at >= datetime(:start) and settled_at < datetime(:end)
"""
EFFECTS = MappingProxyType(
    {
        "refund.issue": "select case_id, at, order_id, amount_minor / 100.0 as amount, currency from refunds "
        "where case_id in :ids",
        "order.mark": "select case_id, at, order_id, status from marks where case_id in :ids",
        "email.send": 'select case_id, at, recipient as "to", template from mails where case_id in :ids',
        "ticket.close": "select case_id, at, ticket_id from closings where case_id in :ids",
        "escalate": "select case_id, at, reason from escalations where case_id in :ids",
    }
)
