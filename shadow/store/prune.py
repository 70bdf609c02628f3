"""Keeping no longer than promised: bodies past their date are emptied, counts and digests stay.

What nothing is counted from, as models' answers that wait for a resume, goes as a whole.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Table, delete, func, select, update

from shadow.store.engine import Store
from shadow.store.tables import cases, dead_letters, metadata, observations, recordings, results, settlements

HOLDERS: tuple[tuple[Table, str], ...] = (
    (cases, "input"),
    (settlements, "body"),
    (observations, "body"),
    (results, "body"),
    (dead_letters, "body"),
)
DROPPED: tuple[Table, ...] = (recordings,)


def prune(store: Store, *, now: datetime) -> dict[str, int]:
    """Empty every body whose date has passed, drop the rows that are nothing without theirs; how many, by table."""
    counts = {}
    with store.write() as connection:
        for table, column in HOLDERS:
            past = (table.c.keep_until <= now, table.c[column].is_not(None))
            counts[table.name] = connection.execute(update(table).where(*past).values({column: None})).rowcount
        for table in DROPPED:
            counts[table.name] = connection.execute(delete(table).where(table.c.keep_until <= now)).rowcount
    if store.engine.dialect.name == "sqlite":
        with store.read() as connection:  # else the write-ahead log keeps what was emptied
            connection.commit()
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return counts


def sizes(store: Store) -> dict[str, int]:
    """Rows by table, for `shadow store show`."""
    with store.read() as connection:
        return {
            table.name: int(connection.execute(select(func.count()).select_from(table)).scalar_one())
            for table in metadata.sorted_tables
        }
