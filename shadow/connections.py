"""Connection ids: what a declaration names instead of a URL, and the read-only engines behind them.

An id is looked up in the environment (`desk_ro` in `SHADOW_CONN_DESK_RO`, a SQLAlchemy URL), then
asked of every resolver that was added, in order. No message ever holds a password.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from shadow.errors import SourceError

Resolver = Callable[[str], str | None]

# What a new connection is told first, so that the database itself refuses a write.
_READ_ONLY = {
    "sqlite": "PRAGMA query_only = ON",
    "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
}
_resolvers: list[Resolver] = []
_engines: dict[tuple[int, str, str], Engine] = {}


def add_resolver(resolver: Resolver) -> None:
    """Ask this function too: it gets a connection id and answers a SQLAlchemy URL, or None.

    Adding the same function again changes nothing.
    """
    if resolver not in _resolvers:
        _resolvers.append(resolver)


def engine(connection_id: str) -> Engine:
    """The read-only engine of a connection id, one for each process.

    SQLite is opened with `mode=ro` and `PRAGMA query_only` and never created; PostgreSQL, MySQL and
    MariaDB sessions are set read-only. Other databases are only as read-only as the user of the URL.
    A database in SQLite's WAL mode gets SQLite's own `-wal` and `-shm` beside it while it is read.

    Raises:
        SourceError: the id is unknown, its URL cannot be used, or its SQLite file is not there.
    """
    url, stamp = _url(connection_id), ""
    if url.get_backend_name() == "sqlite":
        url, stamp = _sqlite(connection_id, url)
    # A forked child must not share its parent's sockets, nor a reader a file that was replaced.
    key = (os.getpid(), connection_id, f"{url.render_as_string(hide_password=False)} {stamp}")
    if key not in _engines:
        _engines[key] = _create(connection_id, url)
    return _engines[key]


def variable(connection_id: str) -> str:
    """The environment variable that holds a connection id's URL.

    Example:
        >>> variable("desk-ro")
        'SHADOW_CONN_DESK_RO'
    """
    return "SHADOW_CONN_" + re.sub(r"\W", "_", connection_id).upper()


def unreadable(connection_id: str, error: SQLAlchemyError, *, doing: str) -> SourceError:
    """What a database answered, as a SourceError that names the connection and what to do."""
    cause = str(getattr(error, "orig", None) or error).strip().splitlines() or [type(error).__name__]
    return SourceError(
        f"{doing} failed",
        where=f"connection {connection_id}",
        seen=f"{type(error).__name__}: {' '.join(cause)[:300]}",
        todo=f"see that {variable(connection_id)} leads to a database that may be read and has these names",
    )


def _url(connection_id: str) -> URL:
    text = os.environ.get(variable(connection_id)) or _resolved(connection_id)
    if not text:
        raise SourceError(
            "no such connection",
            where=f"connection {connection_id}",
            allowed="a SQLAlchemy URL, as sqlite:////data/desk.db or postgresql://user@host/desk",
            todo=f"set the environment variable {variable(connection_id)}",
        )
    try:
        return make_url(text)
    except (ArgumentError, ValueError):
        raise _bad_url(connection_id, "its URL cannot be read") from None


def _resolved(connection_id: str) -> str | None:
    return next((url for url in (resolver(connection_id) for resolver in _resolvers) if url), None)


def _bad_url(connection_id: str, what: str) -> SourceError:
    return SourceError(
        what,
        where=f"connection {connection_id}",
        allowed="a SQLAlchemy URL, as sqlite:////data/desk.db or postgresql://user@host/desk",
        todo=f"correct {variable(connection_id)}; its value is not shown here, since it may hold a password",
    )


def _sqlite(connection_id: str, url: URL) -> tuple[URL, str]:
    """The URL that opens the file read-only, and a stamp that changes when the file is replaced."""
    name = str(url.database or "")
    path = Path(name.removeprefix("file:").split("?")[0])
    if name in ("", ":memory:") or not path.is_file():
        raise SourceError(
            "there is no such SQLite database",
            where=f"connection {connection_id}",
            seen=name or "no file in the URL",
            todo=f"correct {variable(connection_id)} or create the database; it is never created from here",
        )
    found = path.stat()
    opened: Mapping[str, Any] = {"mode": "ro", "uri": "true"}
    uri = f"file:{quote(str(path.absolute()))}"
    return URL.create(url.drivername, database=uri, query=opened), f"{found.st_dev}:{found.st_ino}"


def _create(connection_id: str, url: URL) -> Engine:
    try:
        made = create_engine(url, pool_pre_ping=True)
    except (SQLAlchemyError, ImportError) as error:
        raise _bad_url(connection_id, f"its URL cannot be used: {type(error).__name__}") from error
    statement = _READ_ONLY.get(made.dialect.name)
    if statement:
        event.listen(made, "connect", lambda connection, _record: _tell(connection, statement))
    return made


def _tell(connection: Any, statement: str) -> None:
    cursor = connection.cursor()
    cursor.execute(statement)
    cursor.close()
    connection.commit()
