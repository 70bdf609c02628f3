"""The live system's tables as SQL: current rows, their history, and who wrote how much.

Money is whole minor units (cents, pence) in columns that end in `_minor`. Moments are UTC text,
`YYYY-MM-DD HH:MM:SS`, as SQLite's own datetime() writes them. History is filled by triggers, never
by the desk, so that each table can be read as of any moment.
"""

from __future__ import annotations

TABLES = """
create table world (name text primary key, value text not null);
create table customers (
  customer_id text primary key, customer_name text, customer_email text, country text,
  flagged integer not null default 0, changed_at text not null);
create table orders (
  order_id text primary key, customer_id text not null, total_minor integer not null, currency text not null,
  refunded_minor integer not null default 0, status text not null, delivered_at text not null,
  changed_at text not null);
create table tickets (
  ticket_id text primary key, customer_id text not null, order_id text, channel text not null,
  condition text, status text not null, changed_at text not null);
create table intake (
  intake_id integer primary key, ticket_id text, arrived_at text not null, began_at text, customer_id text,
  order_id text, channel text, country text, claim_minor integer, currency text, subject text, message text,
  customer_name text, customer_email text);
create table refunds (
  refund_id integer primary key, case_id text not null, order_id text not null, customer_id text not null,
  amount_minor integer not null, currency text not null, at text not null);
create table marks (
  mark_id integer primary key, case_id text not null, order_id text not null, status text not null,
  at text not null);
create table mails (
  mail_id integer primary key, case_id text not null, recipient text not null, template text not null,
  at text not null);
create table closings (
  closing_id integer primary key, case_id text not null, ticket_id text not null, at text not null);
create table escalations (
  escalation_id integer primary key, case_id text not null, reason text not null, at text not null);
create table outcomes (
  outcome_id integer primary key, case_id text not null, settled_at text not null, decision text not null,
  amount_minor integer not null, currency text not null, reason text not null);
create table audit (
  writer text not null, table_name text not null, writes integer not null, primary key (writer, table_name));

create index intake_arrived on intake (arrived_at, ticket_id);
create index intake_ticket on intake (ticket_id);
create index outcomes_settled on outcomes (settled_at, case_id);
create index refunds_case on refunds (case_id);
create index refunds_customer on refunds (customer_id, at);
create index marks_case on marks (case_id);
create index mails_case on mails (case_id);
create index closings_case on closings (case_id);
create index escalations_case on escalations (case_id);
create index orders_customer on orders (customer_id);
"""

AUDITED = (
    "world", "customers", "orders", "tickets", "intake", "refunds", "marks", "mails", "closings", "escalations",
    "outcomes",
)  # fmt: skip
APPEND_ONLY = ("refunds", "marks", "mails", "closings", "escalations", "outcomes")
HISTORY = {
    "customers": ("customer_id", "customer_name", "customer_email", "country", "flagged"),
    "orders": (
        "order_id", "customer_id", "total_minor", "currency", "refunded_minor", "status", "delivered_at",
    ),
    "tickets": ("ticket_id", "customer_id", "order_id", "channel", "condition", "status"),
}  # fmt: skip


def statements() -> str:
    """All of the schema as one script."""
    kept = ["audit", *(f"{table}_history" for table in HISTORY)]
    parts = [TABLES, *map(_history, HISTORY), *map(_audit, AUDITED), *map(_guard, kept)]
    refused = [(table, "delete") for table in AUDITED] + [(table, "update") for table in APPEND_ONLY]
    return "\n".join([*parts, *(_refuse(table, event) for table, event in refused)])


def _history(table: str) -> str:
    columns = HISTORY[table]
    names, values = ", ".join(columns), ", ".join(f"new.{column}" for column in columns)
    triggers = "".join(
        f"create trigger {table}_{event}_history after {event} on {table} begin "
        f"insert into {table}_history (at, {names}) values (new.changed_at, {values}); end;\n"
        for event in ("insert", "update")
    )
    return (
        f"create table {table}_history (at text not null, {names});\n"
        f"create index {table}_history_moment on {table}_history ({columns[0]}, at);\n{triggers}"
    )


def _audit(table: str) -> str:
    # writer() exists only on the desk's own connections: without it the trigger, and so the write, fails
    return "".join(
        f"create trigger {table}_{event}_audit after {event} on {table} begin "
        f"insert into audit values (writer(), '{table}', 1) "
        "on conflict (writer, table_name) do update set writes = writes + 1; end;\n"
        for event in ("insert", "update")
    )


def _guard(table: str) -> str:
    # what the triggers keep cannot be touched by a connection without a name either
    return "".join(
        f"create trigger {table}_guard_{event} before {event} on {table} begin select writer(); end;\n"
        for event in ("insert", "update", "delete")
    )


def _refuse(table: str, event: str) -> str:
    return (
        f"create trigger {table}_no_{event} before {event} on {table} begin "
        f"select raise(abort, '{table}: no {event}, a desk only adds'); end;"
    )
