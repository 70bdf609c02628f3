"""Every row of what people have decided, as the database holds it: for whoever compares it with the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table, select

from shadow.store.decision_tables import requests, stages, votes
from shadow.store.engine import Store

Row = Mapping[str, Any]


def request_rows(store: Store, workflow: str | None = None) -> list[Row]:
    """All requests, or a workflow's, by id."""
    return _rows(store, requests, workflow)


def stage_rows(store: Store, workflow: str | None = None) -> list[Row]:
    """All changes of stage, or a workflow's, by workflow and number."""
    return _rows(store, stages, workflow)


def vote_rows(store: Store) -> list[Row]:
    """All votes, by request and person."""
    return _rows(store, votes, None)


def _rows(store: Store, table: Table, workflow: str | None) -> list[Row]:
    wanted = select(table).order_by(*table.primary_key.columns)
    if workflow is not None:
        wanted = wanted.where(table.c.workflow == workflow)
    with store.read() as connection:
        return [dict(row) for row in connection.execute(wanted).mappings()]
