"""A fresh store on each of the two databases: SQLite in a file, and a real PostgreSQL from its wheel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import text

from shadow.store import Store, open_store
from shadow.store.tables import HEAD, metadata
from tests.postgres import server

NUMBERS = count()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], str]]:
    """One server a session; a function that makes a database and gives its URL."""
    psycopg = pytest.importorskip("psycopg")
    with (
        server(tmp_path_factory.mktemp("pg")) as running,
        psycopg.connect(running.get_uri(), autocommit=True) as live,
    ):
        live.execute("alter system set fsync to off")  # nobody pulls a plug here
        live.execute("select pg_reload_conf()")

        def make() -> str:
            name = f"shadow_{next(NUMBERS)}"
            live.execute(f"create database {name}")
            return str(running.get_uri(database=name))

        yield make


@pytest.fixture(scope="session")
def postgres_ready(postgres: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a database whose tables are made; each test finds them empty."""
    url = postgres()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHADOW_HOME", str(tmp_path_factory.mktemp("home")))
        open_store(url).close()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a database without tables."""
    monkeypatch.setenv("SHADOW_HOME", str(tmp_path))
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    return str(request.getfixturevalue("postgres")())


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """An empty store of the test's own."""
    monkeypatch.setenv("SHADOW_HOME", str(tmp_path))
    url = f"sqlite:///{tmp_path / 'store.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_ready")
    opened = open_store(url)
    yield opened
    if request.param == "postgresql":
        with opened.write() as connection:
            connection.execute(text("alter table shadow_ledger disable trigger user"))  # it refuses to be emptied
            connection.execute(text(f"truncate {', '.join(metadata.tables)}"))
            connection.execute(text("alter table shadow_ledger enable trigger user"))
            connection.execute(text("update shadow_version set version_num = :head"), {"head": HEAD})
    opened.close()
