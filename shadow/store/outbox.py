"""The outbox: what is to be said to people or to Airflow, kept until it is said; each key once.

Whoever queues never waits for a network and never fails because of one. Whoever sends takes a row for a short while
(`claim`), so that several senders do not send it together; one that dies leaves it to the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select, update

from shadow.store.decision_tables import outbox
from shadow.store.engine import Store, insert_new

MESSAGE = "message"  # the payload is the finished message
REQUEST = "request"  # about is a request; posted or updated as it stands when it is sent
STAGE = "stage"  # about is a workflow; the payload says from, to, share, who, why, request
WAKE = "wake"  # about is a request; what waits for its decision in Airflow is to be woken
KINDS = (MESSAGE, REQUEST, STAGE, WAKE)

QUEUED, SENT, DEAD = "queued", "sent", "dead"
_LONGEST = 500  # characters of an error that are kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One row.

    Attributes:
        kind: one of `KINDS`.
        about: what it is about: a request's id, a workflow, or nothing.
        channel: where it is said, as the contract names it; empty for "wake".
        tries: how often sending it has failed.
        next_at: not before; while somebody is sending it, until when nobody else does.
    """

    id: int
    key: str
    kind: str
    about: str
    channel: str
    payload: Mapping[str, Any] | None
    tries: int
    queued_at: datetime
    next_at: datetime


def queue(store: Store, *, key: str, kind: str, now: datetime, **more: Any) -> bool:
    """Keep one message; False where something was said under this key before. See `queue_in` for the rest."""
    with store.write() as connection:
        return queue_in(connection, key=key, kind=kind, now=now, **more)


def queue_in(
    connection: Connection,
    *,
    key: str,
    kind: str,
    now: datetime,
    about: str = "",
    channel: str = "",
    payload: Mapping[str, Any] | None = None,
    not_before: datetime | None = None,
) -> bool:
    """Like `queue`, in the caller's transaction: what is told about and the telling are there together, or neither."""
    row = {
        "key": key,
        "kind": kind,
        "about": about,
        "channel": channel,
        "payload": dict(payload) if payload is not None else None,
        "state": QUEUED,
        "tries": 0,
        "queued_at": now,
        "next_at": not_before or now,
    }
    return insert_new(connection, outbox, row, unique=outbox.c.key)


def due(store: Store, *, now: datetime, kinds: Sequence[str] = KINDS) -> list[Message]:
    """What waits and may be sent now, oldest first."""
    wanted = select(outbox).where(outbox.c.state == QUEUED, outbox.c.next_at <= now, outbox.c.kind.in_(kinds))
    with store.read() as connection:
        return [_message(row) for row in connection.execute(wanted.order_by(outbox.c.id)).mappings()]


def claim(store: Store, message: Message, *, now: datetime, lease_s: float = 30) -> bool:
    """Take a message for so many seconds; False where another sender has it, or it was sent."""
    free = (outbox.c.id == message.id, outbox.c.state == QUEUED, outbox.c.next_at == message.next_at)
    with store.write() as connection:
        taken = connection.execute(
            update(outbox).where(*free).values(next_at=now + timedelta(seconds=lease_s)).returning(outbox.c.id)
        )
        return taken.first() is not None


def sent(store: Store, message: Message, *, now: datetime, ts: str = "") -> None:
    """It was said; `ts` is Slack's timestamp of it."""
    _settle(store, message, state=SENT, done_at=now, ts=ts or None, error=None)


def later(store: Store, message: Message, *, at: datetime, error: str) -> None:
    """It could not be said now: not before `at` again."""
    _settle(store, message, tries=message.tries + 1, next_at=at, error=error[:_LONGEST])


def dead(store: Store, message: Message, *, now: datetime, error: str) -> None:
    """It will never be taken as it is; it stays here to be seen."""
    _settle(store, message, state=DEAD, done_at=now, error=error[:_LONGEST])


def waiting(store: Store) -> dict[str, int]:
    """How many messages are queued, sent and dead."""
    with store.read() as connection:
        rows = connection.execute(select(outbox.c.state, func.count()).group_by(outbox.c.state)).all()
    return {str(state): int(count) for state, count in rows}


def _settle(store: Store, message: Message, **values: Any) -> None:
    with store.write() as connection:
        connection.execute(update(outbox).where(outbox.c.id == message.id).values(**values))


def _message(row: Mapping[Any, Any]) -> Message:
    return Message(**{name: row[name] for name in Message.__dataclass_fields__})
