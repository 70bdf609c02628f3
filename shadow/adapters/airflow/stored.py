"""The store as a task of Airflow's opens it: by the named connection, else by the environment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shadow.store import Store


@contextmanager
def stored(connection: str | None) -> Iterator[Store]:
    """An open store, closed at the end of the block.

    Raises:
        UsageError: `connection` names no connection of this Airflow.
    """
    from shadow.store import open_store

    store = open_store(store_url(connection))
    try:
        yield store
    finally:
        store.close()


def store_url(connection: str | None) -> str | None:
    """The store's URL by an Airflow connection; None where none is named."""
    from shadow.adapters.airflow.connections import url_of
    from shadow.errors import UsageError

    if connection is None:
        return None
    url = url_of(connection)
    if url is None:
        raise UsageError(
            "Airflow has no such connection",
            where="store_connection",
            seen=connection,
            todo=f"set AIRFLOW_CONN_{connection.upper()}, or leave the option out",
        )
    return url
