"""What the live systems themselves say of whether reading has written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from shadow.connections import engine
from shadow.doors.bindings import AsOf, python, query, template, witnesses
from shadow.doors.query import _connection
from shadow.doors.witness import note, said
from tests import postgres

MOMENT = AsOf(case_id="c1", as_of=datetime(2026, 3, 2, 12, tzinfo=UTC))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A live system of one table, as connection `desk`."""
    path = tmp_path / "desk.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table orders (order_id text)")
        connection.commit()
    monkeypatch.setenv("SHADOW_CONN_DESK", f"sqlite:///{path}")


@pytest.fixture(scope="module")
def pg(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real PostgreSQL."""
    with postgres.server(tmp_path_factory.mktemp("pg") / "data") as running:
        yield str(running.get_uri()).replace("postgresql://", "postgresql+psycopg://", 1)


def test_sqlite_counts_the_rows_that_we_changed(desk: None) -> None:
    """None, over a connection that was told to keep from writing; bindings over one connection are one sentence."""
    reads = {name: query("desk", f"select '{name}' as a from orders limit 1") for name in ("a", "b")}
    for one in (*reads.values(), reads["a"]):
        one.answer({}, MOMENT)
    assert witnesses(reads) == ("desk: SQLite, opened read-only: its count of rows changed by us is 0",)
    assert not _connection(engine("desk")).in_transaction()


def test_sqlite_would_say_that_we_wrote(tmp_path: Path) -> None:
    """The count is the database's own: over a connection that may write, it is not 0."""
    with create_engine(f"sqlite:///{tmp_path / 'other.sqlite'}").connect() as held:
        held.exec_driver_sql("create table t (a)")
        held.exec_driver_sql("insert into t values (1), (2)")
        assert said("other", held) == ("other: SQLite, not opened read-only: its count of rows changed by us is 2")


def test_postgresql_gives_a_reading_transaction_no_id(pg: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each read's transaction is asked before it ends; the session is read-only."""
    monkeypatch.setenv("SHADOW_CONN_PG", pg)
    binding = query("pg", "select 1 as a")
    for _ in range(2):
        assert binding.answer({}, MOMENT) == {"a": 1}
    assert witnesses({"a": binding}) == (
        "pg: PostgreSQL, in a read-only session: none of our transactions was given the id that a writing one gets",
    )
    assert not _connection(engine("pg")).in_transaction()
    _connection(engine("pg")).close()
    engine("pg").dispose()


def test_postgresql_would_say_that_we_wrote(pg: str) -> None:
    """A transaction that has written has an id, and is counted."""
    made = create_engine(pg)
    with made.connect() as held:
        for statement in ("select 1", "create table t (a int)"):
            held.exec_driver_sql(statement)
            note(held)
            held.rollback()
        assert said("pg", held).endswith("1 of our transactions was given the id that a writing one gets")
        assert "in a session that may write" in said("pg", held)
    made.dispose()


def test_what_cannot_say_is_not_made_to(desk: None) -> None:
    """A callable and a template have no witness; a connection that is gone says that it is."""
    bindings: dict[str, Any] = {"a": python(lambda args, moment: 1), "b": template({})}
    assert witnesses(bindings) == ()
    (sentence,) = witnesses({"a": query("nowhere", "select 1")})
    assert sentence == "nowhere: could not be asked whether it was written to (SourceError)"
