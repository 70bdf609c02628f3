"""The ledger: who asked, voted, decided, promoted and rolled back; only ever added to, each row bound to the last.

A row's hash is keyed with a secret of the store, so whoever can write to the database but does not hold the key cannot
make a chain that verifies. What a chain cannot show by itself is that its last rows were cut off: for that, a row's
number and hash are told to people (the settled Slack message) and given back to `verify` as an anchor.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, text

from shadow.contract import canonical
from shadow.store.decision_tables import ledger
from shadow.store.engine import Store

FIRST = "0" * 64  # what the first row calls the one before it
_LOCK = 7424208  # PostgreSQL: two writers do not take the same number


class Event(StrEnum):
    """What a row of the ledger says."""

    REQUESTED = "requested"  # people are asked
    REVISED = "revised"  # a later look on the same ground: newer evidence, no new votes
    VOTED = "voted"
    REFUSED = "refused"  # a click or answer that was not counted, and why
    DECIDED = "decided"  # approved or rejected
    EXPIRED = "expired"
    SUPERSEDED = "superseded"  # what was asked about no longer holds
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled back"
    UNDELIVERED = "undelivered"  # a message that Slack will never take


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row.

    Attributes:
        seq: 1, 2, 3, …, without a gap.
        subject: the request's id; empty where there is none.
        body: plain data; `at` is its moment, ISO 8601 in UTC.
        prev, hash: 64 hex digits; `prev` is the hash of the row before.
    """

    seq: int
    event: Event
    workflow: str
    subject: str
    body: Mapping[str, Any]
    prev: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """Whether the chain holds, its length, its last row's number and hash, and else the first thing that is wrong."""

    ok: bool
    count: int
    seq: int
    hash: str
    problem: str = ""


def append(
    store: Store,
    connection: Connection,
    *,
    event: Event,
    workflow: str,
    subject: str = "",
    body: Mapping[str, Any],
    now: datetime,
) -> Entry:
    """Add one row in the caller's transaction; what it records and the row are there together, or neither."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"select pg_advisory_xact_lock({_LOCK})"))
    last = connection.execute(select(ledger.c.seq, ledger.c.hash).order_by(ledger.c.seq.desc()).limit(1)).first()
    row = {
        "seq": last.seq + 1 if last else 1,
        "event": str(event),
        "workflow": workflow,
        "subject": subject,
        "body": canonical({**body, "at": now.astimezone(UTC).isoformat()}),
        "prev": last.hash if last else FIRST,
    }
    row["hash"] = _hash(store, row)
    connection.execute(insert(ledger).values(**row))
    return _entry(row)


def entries(store: Store, *, subject: str | None = None, workflow: str | None = None) -> Iterator[Entry]:
    """Rows in order: all, or those of one request, or of one workflow. Not verified; see `verify`."""
    wanted = select(ledger).order_by(ledger.c.seq)
    if subject is not None:
        wanted = wanted.where(ledger.c.subject == subject)
    if workflow is not None:
        wanted = wanted.where(ledger.c.workflow == workflow)
    with store.read() as connection:
        for row in connection.execute(wanted).mappings():
            yield _entry(row)


def entries_in(connection: Connection, subject: str) -> list[Entry]:
    """The rows about one request, inside a transaction: those that it has added as well."""
    wanted = select(ledger).where(ledger.c.subject == subject).order_by(ledger.c.seq)
    return [_entry(row) for row in connection.execute(wanted).mappings()]


def verify(store: Store, *, anchor: tuple[int, str] | None = None) -> Verified:
    """Walk the whole chain.

    Args:
        anchor: a row's number and the first digits of its hash (12 or more), as people were told; without one, rows
            cut off at the end are not missed.
    """
    seq, prev, problem = 0, FIRST, ""
    met = anchor is None
    with store.read() as connection:
        for row in connection.execute(select(ledger).order_by(ledger.c.seq)).mappings():
            problem = _wrong(store, row, seq, prev)
            if problem:
                break
            seq, prev = row["seq"], row["hash"]
            met = met or (anchor is not None and seq == anchor[0] and _begins(prev, anchor[1]))
    if not problem and not met and anchor is not None:
        problem = f"row {anchor[0]} with hash {anchor[1][:12]} is missing: rows were cut off or replaced"
    return Verified(ok=not problem, count=seq, seq=seq, hash=prev, problem=problem)


def last(store: Store, *, subject: str) -> Entry | None:
    """The newest row about one request."""
    found = list(entries(store, subject=subject))
    return found[-1] if found else None


def _wrong(store: Store, row: RowMapping, seq: int, prev: str) -> str:
    if row["seq"] != seq + 1:
        return f"row {seq + 1} is missing"
    if row["prev"] != prev:
        return f"row {row['seq']} does not follow the row before it"
    if not hmac.compare_digest(row["hash"], _hash(store, row)):
        return f"row {row['seq']} was edited, or written without the store's key"
    return ""


def _begins(whole: str, start: str) -> bool:
    return len(start) >= 12 and whole.startswith(start.lower())


def _hash(store: Store, row: Mapping[Any, Any]) -> str:
    said = canonical([row[name] for name in ("prev", "seq", "event", "workflow", "subject", "body")])
    return hmac.new(store.secret("ledger"), said.encode(), "sha256").hexdigest()


def _entry(row: Mapping[Any, Any]) -> Entry:
    return Entry(
        seq=row["seq"],
        event=Event(row["event"]),
        workflow=row["workflow"],
        subject=row["subject"],
        body=json.loads(row["body"]),
        prev=row["prev"],
        hash=row["hash"],
    )
