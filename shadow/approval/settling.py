"""The end of a request: its status, the ledger's row, the message's last update, and whoever waits is woken."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from shadow.store import Store
from shadow.store.ledger import Entry, Event, append
from shadow.store.outbox import REQUEST, WAKE, queue_in
from shadow.store.requests import Parked, Request, Status, change_request, parked_on

# Airflow fails a task that is answered while the process that parked it is still ending
SETTLE = timedelta(seconds=15)

_EVENTS = {
    Status.APPROVED: Event.DECIDED,
    Status.REJECTED: Event.DECIDED,
    Status.EXPIRED: Event.EXPIRED,
    Status.SUPERSEDED: Event.SUPERSEDED,
}


def settle(
    store: Store, connection: Connection, one: Request, status: Status, *, body: Mapping[str, Any], now: datetime
) -> Entry:
    """Close an open request in the caller's transaction."""
    entry = append(
        store,
        connection,
        event=_EVENTS[status],
        workflow=one.workflow,
        subject=one.id,
        body={"outcome": str(status), "digest": one.digest, **body},
        now=now,
    )
    change_request(connection, one.id, status=str(status), settled_at=now, settled_seq=entry.seq)
    tell(connection, one, mark=str(status), now=now)
    for task in parked_on(connection, one.id):
        wake_later(connection, task, now=now)
    return entry


def tell(connection: Connection, one: Request, *, mark: str, now: datetime) -> None:
    """Have the request's message posted, or updated to how it stands when that is done."""
    queue_in(connection, key=f"request:{one.id}:{mark}", kind=REQUEST, about=one.id, channel=one.channel, now=now)


def wake_later(connection: Connection, task: Parked, *, now: datetime) -> None:
    """Have a parked task woken, once for each time that it was parked, and not before its parking is over."""
    since = task.parked_at
    key = f"wake:{task.request}:{task.run_id}:{task.task_id}:{since:%Y%m%dT%H%M%S.%f}"
    queue_in(connection, key=key[-200:], kind=WAKE, about=task.request, now=now, not_before=max(now, since + SETTLE))
