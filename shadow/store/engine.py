"""Opening the store: SQLite (WAL) under a home of its own by default, PostgreSQL by URL; same tables, same code."""

from __future__ import annotations

import fcntl
import hmac
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Column, Connection, Engine, Table, create_engine, event, insert, inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from shadow import places
from shadow.errors import StoreError
from shadow.store.redact import Redactor, load_key, redactor
from shadow.store.tables import HEAD, contracts, dumps

_HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """An open store: an engine, and the key under which customer data is made storable."""

    engine: Engine
    key: bytes = field(repr=False)

    def redactor(self, fields: Sequence[str]) -> Redactor:
        """The redaction of these fields; the only way to what `body` and `input` columns hold."""
        return redactor(fields, self.key)

    def secret(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose, derived from the store's own; two purposes never share one."""
        return hmac.digest(self.key, f"shadow {purpose}".encode(), "sha256")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that only reads."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction; SQLite takes its write lock at once, so that nothing fails half-way for being late."""
        with self.engine.execution_options(shadow_write=True).begin() as connection:
            yield connection

    def close(self) -> None:
        """Drop all connections; the store can still be used and opens new ones."""
        self.engine.dispose()


def home() -> Path:
    """Where the embedded store and everything beside it lives: `SHADOW_HOME`, else `.shadow` here."""
    return Path(places.home())


def open_store(url: str | None = None) -> Store:
    """The store at `url`, else at `SHADOW_STORE_URL`, else `store.db` in `home()`; an empty one is made ready.

    Raises:
        StoreError: the database is not there, or its tables are of a version that this code does not know.
    """
    where = url or os.environ.get("SHADOW_STORE_URL") or f"sqlite:///{home() / 'store.db'}"
    place = _place(where)
    engine = _engine(place)
    try:
        if place.get_backend_name() == "sqlite" and place.database:
            Path(place.database).parent.mkdir(parents=True, exist_ok=True)
        _bring_to_head(engine)
    except (SQLAlchemyError, OSError) as error:
        raise StoreError(
            "the store cannot be opened",
            where=place.render_as_string(hide_password=True),
            seen=str(error).splitlines()[0][:200],
            todo="check SHADOW_STORE_URL and that the database is running",
        ) from error
    beside = Path(place.database).parent if place.get_backend_name() == "sqlite" and place.database else home()
    return Store(engine=engine, key=load_key(beside, drawn=_is_used(engine)))


def _is_used(engine: Engine) -> bool:
    with engine.connect() as connection:
        return connection.execute(select(contracts.c.id).limit(1)).first() is not None


def exists(url: str | None = None) -> bool:
    """Whether there is a store to open; an embedded one that was never made is not made by asking."""
    where = url or os.environ.get("SHADOW_STORE_URL")
    place = _place(where) if where else None
    if place is not None and place.get_backend_name() != "sqlite":
        return True
    return Path(place.database if place and place.database else home() / "store.db").is_file()


def _place(where: str) -> URL:
    try:
        return make_url(where)
    except (ArgumentError, ValueError) as error:  # the text is not shown: it may hold a password
        raise StoreError(
            "no URL of a database", where="the store's URL", allowed="sqlite:///file.db, postgresql://…"
        ) from error


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert rows whose key is new, leave the others as they are; how many were new."""
    if not rows:
        return 0
    made: Any = _insert(connection)(table).on_conflict_do_nothing().returning(*table.primary_key.columns)
    return len(connection.execute(made, list(rows)).all())  # a row count of many rows is not told by every driver


def insert_new(connection: Connection, table: Table, row: Mapping[str, Any], *, unique: Column[Any]) -> bool:
    """Insert a row unless its `unique` column's value is taken; whether it was new."""
    made: Any = _insert(connection)(table).values(**row)
    told = made.on_conflict_do_nothing(index_elements=[unique]).returning(unique)
    return connection.execute(told).first() is not None


def replace(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; where the key is taken, the new row replaces the old one."""
    if not rows:
        return
    made: Any = _insert(connection)(table)
    keys = [column.name for column in table.primary_key.columns]
    rest = {name: made.excluded[name] for name in rows[0] if name not in keys}
    connection.execute(made.on_conflict_do_update(index_elements=keys, set_=rest), list(rows))


def _insert(connection: Connection) -> Any:
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert
    return insert


def _engine(url: URL) -> Engine:
    kind = url.get_backend_name()
    if kind not in ("sqlite", "postgresql"):
        raise StoreError("unknown kind of database", where="the store's URL", seen=kind, allowed="sqlite, postgresql")
    # tasks fork, and a connection that two processes share corrupts both: no pool, or one that knows its process
    try:
        engine = create_engine(
            url, json_serializer=dumps, json_deserializer=json.loads, poolclass=NullPool if kind != "sqlite" else None
        )
    except (ImportError, ArgumentError) as error:
        raise StoreError(
            "the driver of this database is not installed",
            where="the store's URL",
            seen=str(error)[:200],
            todo="pip install 'shadow-harness[postgres]'",
        ) from error
    if kind == "sqlite":
        event.listen(engine, "connect", _tune)
        event.listen(engine, "connect", _sign)
        event.listen(engine, "checkout", _own)
        event.listen(engine, "begin", _begin)
    else:
        event.listen(engine, "connect", _utc)
    return engine


def _utc(connection: Any, _: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("set time zone 'UTC'")
        cursor.execute("set datestyle to 'ISO'")  # a moment's text begins with its day, see `standings`
    connection.commit()


def _tune(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # transactions begin where we say so, in `_begin`
    # busy first, for the switch to WAL waits too; what prune empties is overwritten, not only let go
    for pragma in ("busy_timeout=60000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _sign(_: Any, record: Any) -> None:
    record.info["process"] = os.getpid()


def _own(_: Any, record: Any, lent: Any) -> None:
    """Before a pooled connection is used: a process that forked opens its own."""
    if record.info["process"] != os.getpid():
        record.dbapi_connection = lent.dbapi_connection = None
        raise DisconnectionError("this connection belongs to the process that forked this one")


def _begin(connection: Connection) -> None:
    write = connection.get_execution_options().get("shadow_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _bring_to_head(engine: Engine) -> None:
    if _in_wal(engine.url) and _revision(engine) == HEAD:
        return
    with _one_at_a_time(engine):
        found = _revision(engine)
        if found == HEAD:
            return
        if found is not None and not any(
            path.stem.startswith(found) for path in _HERE.glob("migrations/versions/*.py")
        ):
            raise StoreError(
                "the store was made by a newer version",
                where=engine.url.render_as_string(hide_password=True),
                seen=f"revision {found}",
                allowed=f"up to {HEAD}",
                todo="install that version, or open another store",
            )
        _migrate(engine)


def _in_wal(url: URL) -> bool:
    """Whether connecting changes nothing: two that switch one file to WAL at once do not wait for each other."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return True
    path = Path(url.database)
    with path.open("rb") if path.exists() else io.BytesIO() as file:
        return file.read(20)[18:] == b"\x02\x02"


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table("shadow_version"):
            return None
        return connection.execute(text("select version_num from shadow_version")).scalar()


def _migrate(engine: Engine) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_HERE / "migrations"))
    with engine.execution_options(shadow_write=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def _one_at_a_time(engine: Engine) -> Iterator[None]:
    """Two processes that open an empty store together must not both make its tables."""
    database = engine.url.database
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            connection.execute(text("select pg_advisory_lock(7424207)"))
            yield
            connection.execute(text("select pg_advisory_unlock(7424207)"))
    elif database and database != ":memory:":
        with Path(f"{database}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    else:
        yield
