"""What a live system itself says of our connection to it: that it was only read.

SQLite counts the rows that a connection has changed. PostgreSQL gives a transaction an id when it first writes: each
reading transaction is asked for its id before it ends, and has none.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, text

_ASSIGNED = text("select pg_current_xact_id_if_assigned() is not null")


class _Seen:
    """Of one connection: how many reading transactions had written."""

    __slots__ = ("__weakref__", "writing")

    def __init__(self) -> None:
        self.writing = 0


_seen: WeakKeyDictionary[Connection, _Seen] = WeakKeyDictionary()


def note(held: Connection) -> None:
    """Ask the transaction of a read that was just done whether it has written; it is still open."""
    seen = _seen.setdefault(held, _Seen())
    if held.dialect.name == "postgresql":
        seen.writing += bool(held.execute(_ASSIGNED).scalar())


def said(name: str, held: Connection) -> str:
    """One sentence on the connection of this name; it is asked now, and its transaction is ended.

    How often it was read is not in it: what many processes say alike is then told once.
    """
    seen = _seen.get(held) or _Seen()
    ask = _SAID.get(held.dialect.name)
    if ask is None:
        return f"{name}: {held.dialect.name} does not say whether anything was written"
    try:
        return f"{name}: {ask(held, seen)}"
    finally:
        held.rollback()


def _sqlite(held: Connection, seen: _Seen) -> str:
    only = bool(held.exec_driver_sql("PRAGMA query_only").scalar())
    raw: Any = held.connection.driver_connection
    opened = "opened read-only" if only else "not opened read-only"
    return f"SQLite, {opened}: its count of rows changed by us is {raw.total_changes}"


def _postgresql(held: Connection, seen: _Seen) -> str:
    only = str(held.exec_driver_sql("SHOW default_transaction_read_only").scalar()) == "on"
    opened = "in a read-only session" if only else "in a session that may write"
    number = str(seen.writing) if seen.writing else "none"
    return f"PostgreSQL, {opened}: {number} of our transactions was given the id that a writing one gets"


_SAID = {"sqlite": _sqlite, "postgresql": _postgresql}
