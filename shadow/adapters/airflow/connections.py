"""Airflow's connections as database URLs: what `shadow.connections` asks where no variable gives one."""

from __future__ import annotations

import os

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

# what Airflow calls a connection's type, where SQLAlchemy would not know the word
_DIALECTS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "sqlite": "sqlite",
    "mysql": "mysql",
    "mssql": "mssql",
}

_found: dict[tuple[int, str], str] = {}  # by process: each question is a call to Airflow's API


def url_of(connection_id: str) -> str | None:
    """The SQLAlchemy URL of an Airflow connection, or None where Airflow has no such connection.

    A connection that was given as a URI keeps its driver (`postgresql+psycopg://…`). One that was
    filled in by form or as JSON has only a type, which is
    translated. SQLite's file is in the host of the one and in the schema of the other.
    """
    mine = (os.getpid(), connection_id)
    if mine not in _found:
        url = _ask(connection_id)
        if url is None:
            return None
        _found[mine] = url
    return _found[mine]


def _ask(connection_id: str) -> str | None:
    try:
        connection = BaseHook.get_connection(connection_id)
    except AirflowNotFoundException:
        return None
    if connection.conn_type == "sqlite":
        return f"sqlite:///{connection.host or connection.schema or ''}"
    kind, separator, rest = connection.get_uri().partition("://")
    return f"{_DIALECTS.get(kind, kind)}{separator}{rest}"
