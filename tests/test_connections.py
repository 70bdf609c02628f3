"""Connection ids and their read-only engines."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from shadow import connections
from shadow.connections import add_resolver, engine, unreadable, variable
from shadow.errors import SourceError


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database of one row, known as desk-ro."""
    path = tmp_path / "the desk.db"
    with sqlite3.connect(path) as live:
        live.execute("create table t (a)")
        live.execute("insert into t values (1)")
    live.close()
    monkeypatch.setenv("SHADOW_CONN_DESK_RO", f"sqlite:///{path}")
    return path


def test_an_id_is_looked_up_in_the_environment(desk: Path) -> None:
    """desk-ro in SHADOW_CONN_DESK_RO; asking again gives the same engine."""
    with engine("desk-ro").connect() as connection:
        assert connection.execute(text("select a from t")).scalar() == 1
    assert engine("desk-ro") is engine("desk-ro")


@pytest.mark.parametrize(
    "statement",
    ["insert into t values (2)", "delete from t", "create table u (a)", "drop table t", "pragma user_version=3"],
)
def test_sqlite_refuses_every_write(desk: Path, statement: str) -> None:
    """Whatever is asked, and not a byte of the file changes."""
    before = desk.read_bytes()
    with engine("desk-ro").connect() as connection, pytest.raises(OperationalError, match=r"readonly|read-only"):
        connection.execute(text(statement))
    assert desk.read_bytes() == before


def test_the_session_is_told_to_only_query_even_where_the_file_could_be_written(desk: Path) -> None:
    """The pragma stands behind mode=ro."""
    with engine("desk-ro").connect() as connection:
        assert connection.execute(text("pragma query_only")).scalar() == 1


def test_reading_adds_no_file_beside_the_database(desk: Path) -> None:
    """In SQLite's default journal mode."""
    with engine("desk-ro").connect() as connection:
        connection.execute(text("select * from t")).all()
    assert [path.name for path in desk.parent.iterdir()] == [desk.name]


def test_a_database_that_is_not_there_is_an_error_and_is_not_created(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the connection, the file and the variable."""
    missing = tmp_path / "no.db"
    monkeypatch.setenv("SHADOW_CONN_GONE", f"sqlite:///{missing}")
    with pytest.raises(SourceError, match=r"connection gone: .*no\.db.*SHADOW_CONN_GONE"):
        engine("gone")
    assert not missing.exists()


def test_a_database_in_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be empty, and look like a quiet day."""
    monkeypatch.setenv("SHADOW_CONN_MEM", "sqlite://")
    with pytest.raises(SourceError, match="no such SQLite database"):
        engine("mem")


def test_an_unknown_id_names_its_variable() -> None:
    """And says what may stand in it."""
    with pytest.raises(SourceError, match="set the environment variable SHADOW_CONN_NOBODY_1"):
        engine("nobody.1")


def test_a_resolver_is_asked_where_the_environment_is_silent(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that does not know answers None; the environment goes first; adding twice changes nothing."""
    monkeypatch.setattr(connections, "_resolvers", [])
    asked: list[str] = []

    def resolver(name: str) -> str | None:
        asked.append(name)
        return f"sqlite:///{desk}" if name == "other" else None

    add_resolver(resolver)
    add_resolver(resolver)
    assert engine("other").dialect.name == "sqlite"
    engine("desk-ro")
    assert asked == ["other"]
    with pytest.raises(SourceError, match="no such connection"):
        engine("third")


@pytest.mark.parametrize("url", ["postgresql+nope://u:hunter2@h/d", "hunter2", "nonsense://u:hunter2@h/d"])
def test_a_bad_url_is_an_error_that_keeps_the_password(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable is named, its value is not shown."""
    monkeypatch.setenv("SHADOW_CONN_BAD", url)
    with pytest.raises(SourceError, match="SHADOW_CONN_BAD") as caught:
        engine("bad")
    assert "hunter2" not in str(caught.value)


def test_a_replaced_file_is_opened_anew(desk: Path) -> None:
    """An engine of the file that was there before would go on reading it."""
    with engine("desk-ro").connect() as connection:
        connection.execute(text("select * from t")).all()
    other = desk.with_name("new.db")
    with sqlite3.connect(other) as live:
        live.execute("create table t (a)")
        live.execute("insert into t values (7)")
    live.close()
    os.replace(other, desk)  # noqa: PTH105
    with engine("desk-ro").connect() as connection:
        assert connection.execute(text("select a from t")).scalar() == 7


def test_a_forked_child_gets_an_engine_of_its_own(desk: Path) -> None:
    """A connection that was opened before a fork is never used on both sides."""
    ours = engine("desk-ro")
    child = os.fork()
    if child == 0:
        os._exit(0 if engine("desk-ro") is not ours else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_what_a_database_answers_is_named_with_its_connection(desk: Path) -> None:
    """The database's own words, in one line."""
    with engine("desk-ro").connect() as connection, pytest.raises(OperationalError) as caught:
        connection.execute(text("select * from nowhere"))
    told = str(unreadable("desk-ro", caught.value, doing="reading"))
    assert "connection desk-ro: reading failed" in told
    assert "no such table: nowhere" in told
    assert variable("desk-ro") in told
