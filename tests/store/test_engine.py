"""Opening the store: made once, brought to its newest tables, refused when it is another's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select, text

from shadow.errors import StoreError
from shadow.store import Store, home, open_store
from shadow.store.engine import exists, replace, upsert
from shadow.store.registry import record_contract
from shadow.store.tables import HEAD, leases, metadata
from tests.store.desk import CONTRACT, START, bring, entry, everything, in_a_process


def test_the_migrations_make_what_the_tables_say(store: Store) -> None:
    """Nothing that Alembic compares differs: tables, columns, types, indexes, nullability."""
    with store.engine.connect() as connection:
        options = {"version_table": "shadow_version", "compare_type": True, "compare_server_default": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
        assert connection.execute(text("select version_num from shadow_version")).scalars().all() == [HEAD]


def test_ids_are_ordered_by_code_point(store: Store) -> None:
    """Every id column, in the migrated tables and in the declared ones: digests follow this order."""
    if store.engine.dialect.name != "postgresql":
        return
    with store.read() as connection:
        for table in metadata.sorted_tables:
            for column in inspect(connection).get_columns(table.name):
                if getattr(column["type"], "length", None) == 200:
                    assert column["type"].collation == "C", f"{table.name}.{column['name']}"  # type: ignore[attr-defined]


def test_an_unknown_revision_is_refused(store: Store) -> None:
    """A store of a newer version is left alone, with what to do."""
    with store.write() as connection:
        connection.execute(text("update shadow_version set version_num = '9999'"))
    before = everything(store)
    with pytest.raises(StoreError, match="made by a newer version") as caught:
        open_store(store.engine.url.render_as_string(hide_password=False))
    assert caught.value.seen == "revision 9999"
    assert caught.value.todo
    assert everything(store) == before


def test_several_processes_open_an_empty_store_at_once(empty_url: str) -> None:
    """All of them can use it, and its tables are made once."""
    ready, go = os.pipe()
    children = []
    for number in range(4):
        child = os.fork()
        if not child:
            code = 99
            try:
                os.close(go)
                os.read(ready, 1)  # ends when the parent closes its end: all start together
                opened = open_store(empty_url)
                bring(opened, entry(f"c{number}"))
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    os.close(ready)
    os.close(go)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0, 0, 0, 0]
    opened = open_store(empty_url)
    assert [name for name in ("c0", "c1", "c2", "c3") if name in everything(opened)] == ["c0", "c1", "c2", "c3"]
    opened.close()


def test_a_store_in_use_gets_no_second_key(empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another machine without the key is told so: what it hides and signs would be under a wrong one."""
    opened = open_store(empty_url)
    record_contract(opened, CONTRACT, now=START)
    (tmp_path / "redaction.key").rename(tmp_path / "elsewhere.key")
    with pytest.raises(StoreError, match="key is not here"):
        open_store(empty_url)
    monkeypatch.setenv("SHADOW_REDACTION_KEY", opened.key.hex())
    assert open_store(empty_url).key == opened.key
    opened.close()


def test_a_forked_process_has_connections_of_its_own(store: Store) -> None:
    """A task forks; a connection that two processes share would corrupt both."""
    bring(store, entry("before"))
    with store.read() as connection:  # now there is one in the pool
        connection.execute(text("select 1"))
    if store.engine.dialect.name == "sqlite":  # PostgreSQL's are opened anew each time
        mine = driver(store)
        assert in_a_process(lambda: int(driver(store) is mine)) == 0
        assert driver(store) is mine
    assert in_a_process(lambda: bring(store, entry("inside")).new) == 1
    assert bring(store, entry("after")).new == 1
    assert in_a_process(lambda: int("inside" in everything(store) and "after" in everything(store))) == 1


def driver(store: Store) -> object:
    """The driver's connection that the store lends next."""
    with store.read() as connection:
        return connection.connection.dbapi_connection


def test_a_known_row_is_left_and_a_replaced_one_is_not(store: Store) -> None:
    """`upsert` counts what was new, in one statement for all; `replace` takes the last."""
    rows = [
        {"experiment": "e", "shard": str(n), "epoch": n, "holder": "a", "taken_at": START} for n in range(3)
    ]  # fmt: skip
    with store.write() as connection:
        assert upsert(connection, leases, rows[:2]) == 2
        assert upsert(connection, leases, [{**row, "holder": "b"} for row in rows]) == 1
        assert upsert(connection, leases, []) == 0
        replace(connection, leases, [{**rows[0], "holder": "c"}])
        replace(connection, leases, [])
        found = connection.execute(select(leases.c.holder).order_by(leases.c.shard)).scalars().all()
    assert found == ["c", "a", "b"]


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    """Half a write is no write."""
    row = {"experiment": "e", "shard": "0", "epoch": 1, "holder": "a", "taken_at": START}
    with pytest.raises(RuntimeError), store.write() as connection:
        upsert(connection, leases, [row])
        raise RuntimeError("killed")
    with store.read() as connection:
        assert connection.execute(select(leases)).all() == []


def test_where_the_store_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The URL given, else SHADOW_STORE_URL, else a file under SHADOW_HOME; asking makes nothing."""
    monkeypatch.setenv("SHADOW_HOME", str(tmp_path / "home"))
    assert home() == tmp_path / "home"
    assert not exists()
    open_store().close()
    assert exists()
    assert (tmp_path / "home" / "store.db").is_file()
    monkeypatch.setenv("SHADOW_STORE_URL", f"sqlite:///{tmp_path / 'other' / 'one.db'}")
    assert not exists()
    open_store().close()
    assert (tmp_path / "other" / "one.db").is_file()
    assert exists()
    assert exists("postgresql://nobody@nowhere/x")


def test_a_store_that_cannot_be_opened_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its password; the kind of database, or that it is not there."""
    monkeypatch.setenv("SHADOW_HOME", str(tmp_path))
    with pytest.raises(StoreError, match="allowed: sqlite, postgresql"):
        open_store("mysql://root@localhost/x")
    with pytest.raises(StoreError, match="driver of this database is not installed"):
        open_store("postgresql+nothing://localhost/x")
    with pytest.raises(StoreError, match="no URL of a database"):
        open_store("store.db")
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(f"sqlite:///{tmp_path / 'file' / 'store.db'}")
    (tmp_path / "no.db").write_text("this is no database, but it is long enough to be looked at", encoding="utf-8")
    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(f"sqlite:///{tmp_path / 'no.db'}")
    pytest.importorskip("psycopg")
    with pytest.raises(StoreError) as caught:
        open_store(f"postgresql://ann:secret@/x?host={tmp_path}")
    assert "secret" not in str(caught.value)
    assert "SHADOW_STORE_URL" in caught.value.todo
