"""The desk's writes: each is one change of the live system at one moment, with everything that belongs to it."""

from __future__ import annotations

import sqlite3
from decimal import Decimal

from shadow.examples.refund_desk.arrivals import Incoming, Order, Person
from shadow.examples.refund_desk.policy import Plan
from shadow.examples.refund_desk.world import text


def add_person(world: sqlite3.Connection, person: Person, *, at: str) -> None:
    """A new customer."""
    world.execute(
        "insert into customers values (?, ?, ?, ?, 0, ?)",
        (person.customer_id, person.name, person.email, person.country, at),
    )


def flag(world: sqlite3.Connection, customer_id: str, *, at: str) -> None:
    """Put a customer on the watch list."""
    world.execute("update customers set flagged = 1, changed_at = ? where customer_id = ?", (at, customer_id))


def add_order(world: sqlite3.Connection, order: Order, *, at: str) -> None:
    """A delivered order enters the desk's system."""
    delivered = text(order.delivered_at)
    world.execute(
        "insert into orders values (?, ?, ?, ?, 0, 'delivered', ?, ?)",
        (order.order_id, order.customer_id, order.total_minor, order.currency, delivered, at),
    )


def take_in(world: sqlite3.Connection, ticket: Incoming, *, at: str) -> None:
    """A ticket and its intake row."""
    world.execute(
        "insert into tickets values (?, ?, ?, ?, ?, 'open', ?)",
        (ticket.ticket_id, ticket.person.customer_id, _named(ticket), ticket.channel, ticket.condition, at),
    )
    add_intake(world, ticket, at=at)


def add_intake(world: sqlite3.Connection, ticket: Incoming, *, at: str) -> None:
    """One row of the intake table: what a case's input is made of."""
    claim = ticket.claim_minor
    if ticket.malformed == "negative claim":
        claim = -(claim or 100)
    world.execute(
        "insert into intake (ticket_id, arrived_at, began_at, customer_id, order_id, channel, country, claim_minor, "
        "currency, subject, message, customer_name, customer_email) "
        "values (?, ?, (select max(began_at) from intake where ticket_id = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            ticket.ticket_id, at, ticket.ticket_id,
            None if ticket.malformed == "no customer" else ticket.person.customer_id, _named(ticket), ticket.channel,
            ticket.country, claim, "EURO" if ticket.malformed == "unknown currency" else ticket.currency,
            ticket.subject, ticket.message, ticket.person.name, ticket.person.email,
        ),
    )  # fmt: skip


def begin(world: sqlite3.Connection, ticket_id: str, *, at: str) -> None:
    """Somebody takes the ticket up."""
    world.execute("update intake set began_at = ? where ticket_id = ?", (at, ticket_id))


def refund(world: sqlite3.Connection, ticket: Incoming, *, amount: Decimal, currency: str, at: str) -> None:
    """Money leaves: a refund, and the order knows of it."""
    minor, order = cents(amount), ticket.order
    world.execute(
        "insert into refunds (case_id, order_id, customer_id, amount_minor, currency, at) values (?, ?, ?, ?, ?, ?)",
        (ticket.ticket_id, order.order_id, order.customer_id, minor, currency, at),
    )
    world.execute(
        "update orders set refunded_minor = refunded_minor + ?, changed_at = ? where order_id = ?",
        (minor, at, order.order_id),
    )


def mark(world: sqlite3.Connection, ticket: Incoming, *, status: str, at: str) -> None:
    """The order's status changes."""
    order_id = ticket.order.order_id
    world.execute(
        "insert into marks (case_id, order_id, status, at) values (?, ?, ?, ?)",
        (ticket.ticket_id, order_id, status, at),
    )
    world.execute("update orders set status = ?, changed_at = ? where order_id = ?", (status, at, order_id))


def mail(world: sqlite3.Connection, ticket: Incoming, *, template: str, at: str) -> None:
    """A mail goes out; it is addressed by the customer's id."""
    world.execute(
        "insert into mails (case_id, recipient, template, at) values (?, ?, ?, ?)",
        (ticket.ticket_id, ticket.person.customer_id, template, at),
    )


def close(world: sqlite3.Connection, ticket: Incoming, *, at: str) -> None:
    """The ticket is closed."""
    row = (ticket.ticket_id, ticket.ticket_id, at)
    world.execute("insert into closings (case_id, ticket_id, at) values (?, ?, ?)", row)
    world.execute("update tickets set status = 'closed', changed_at = ? where ticket_id = ?", (at, ticket.ticket_id))


def escalate(world: sqlite3.Connection, ticket: Incoming, *, reason: str, at: str) -> None:
    """A lead is asked to take over."""
    row = (ticket.ticket_id, reason, at)
    world.execute("insert into escalations (case_id, reason, at) values (?, ?, ?)", row)


def settle(world: sqlite3.Connection, ticket: Incoming, *, plan: Plan, at: str) -> None:
    """The outcome, as one more row: earlier ones stay."""
    world.execute(
        "insert into outcomes (case_id, settled_at, decision, amount_minor, currency, reason) "
        "values (?, ?, ?, ?, ?, ?)",
        (ticket.ticket_id, at, plan.decision, cents(plan.amount), plan.currency, plan.reason),
    )


def cents(amount: Decimal) -> int:
    """Whole minor units; all currencies here have two decimals."""
    return int((amount * 100).to_integral_value())


def _named(ticket: Incoming) -> str | None:
    return ticket.order.order_id if ticket.named else None
