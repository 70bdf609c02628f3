"""The live system itself: one SQLite database that the desk writes and everybody else only reads."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shadow.errors import SourceError
from shadow.examples.refund_desk import schema

_WAIT_S = 30.0  # how long a writer waits for another one's commit


def create(path: Path, *, writer: str, about: Mapping[str, str]) -> sqlite3.Connection:
    """A new, empty world in WAL mode; `about` is kept in its table `world`."""
    connection = connect(path, writer=writer)
    connection.execute("pragma journal_mode = wal")
    connection.executescript(schema.statements())
    connection.executemany("insert into world values (?, ?)", sorted(about.items()))
    return connection


def connect(path: Path | str, *, writer: str) -> sqlite3.Connection:
    """A connection of the desk: every write through it is counted in `audit` under `writer`.

    Transactions are begun and committed by hand. Rows read as sqlite3.Row.
    """
    connection = sqlite3.connect(str(path), isolation_level=None, timeout=_WAIT_S)
    connection.row_factory = sqlite3.Row
    connection.create_function("writer", 0, lambda: writer)
    connection.execute("pragma synchronous = normal")
    return connection


@contextmanager
def reading(path: Path | str) -> Iterator[sqlite3.Connection]:
    """A connection that cannot write, closed at the end.

    Raises:
        SourceError: there is no world at that path.
    """
    if not Path(path).exists():
        raise SourceError("there is no world", where=str(path), todo="generate it first")
    connection = sqlite3.connect(str(path), timeout=_WAIT_S)
    connection.row_factory = sqlite3.Row
    try:
        connection.execute("pragma query_only = 1")
        yield connection
    finally:
        connection.close()


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """One commit for all that is written inside; nothing of it when something raises."""
    connection.execute("begin immediate")
    try:
        yield
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")


def about(connection: sqlite3.Connection) -> dict[str, str]:
    """What the world was generated from: seed, days, scale, start."""
    return {row[0]: row[1] for row in connection.execute("select name, value from world")}


def audit(connection: sqlite3.Connection) -> dict[tuple[str, str], int]:
    """How many writes each writer made to each table, by (writer, table)."""
    return {(row[0], row[1]): row[2] for row in connection.execute("select * from audit")}


def text(moment: datetime) -> str:
    """An aware moment as the world writes it: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def moment(written: str) -> datetime:
    """The aware UTC moment that `text` wrote."""
    return datetime.fromisoformat(written).replace(tzinfo=UTC)


def one(connection: sqlite3.Connection, sql: str, args: Mapping[str, Any]) -> dict[str, Any] | None:
    """The first row as a dict, or None."""
    row = connection.execute(sql, dict(args)).fetchone()
    return dict(row) if row is not None else None


def many(connection: sqlite3.Connection, sql: str, args: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All rows as dicts."""
    return [dict(row) for row in connection.execute(sql, dict(args))]
