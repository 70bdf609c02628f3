"""Requests for people's decision, their votes, and what waits for them in Airflow.

These rows are for looking things up. What counts in the end is the ledger, which says the same and shows an edit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from shadow.contract import canonical, digest
from shadow.errors import StoreError
from shadow.store.decision_tables import parked, requests, votes
from shadow.store.engine import Store, replace, upsert


class Subject(StrEnum):
    """What people are asked about."""

    CUTOVER = "cutover"
    CONTRACT = "contract"


class Status(StrEnum):
    """How a request stands; all but open are final."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question to people.

    Attributes:
        about: the experiment (cutover) or the contract (contract) that it is about.
        revision: 1, and one more for each later look on the same ground.
        ground: digest of what must not change while people vote.
        evidence: plain data that the decision is bound to; `digest` is its digest.
        contract: id of the contract that says who decides.
        settled_seq: the ledger's row of the decision; None while open.
        team, posted_in, ts: Slack's workspace, channel and timestamp of the one live message; None before.
    """

    id: str
    workflow: str
    subject: Subject
    about: str
    status: Status
    revision: int
    ground: str
    evidence: Mapping[str, Any]
    digest: str
    contract: str
    quorum: int
    approvers: tuple[str, ...]
    candidate_owner: str
    channel: str
    opened_at: datetime
    expires_at: datetime
    settled_at: datetime | None = None
    settled_seq: int | None = None
    team: str | None = None
    posted_in: str | None = None
    ts: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One person's vote on one request; `digest` is of the evidence that the person saw."""

    request: str
    person: str
    identity: str
    via: str
    approve: bool
    reason: str
    digest: str
    at: datetime
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """An Airflow task that waits for a request's decision."""

    request: str
    dag_id: str
    run_id: str
    task_id: str
    parked_at: datetime


def request(store: Store, key: str) -> Request:
    """The request of this id.

    Raises:
        StoreError: there is none.
    """
    with store.read() as connection:
        found = request_in(connection, key)
    if found is None:
        raise StoreError("no such request", where=key[:60])
    return found


def request_in(connection: Connection, key: str, *, lock: bool = False) -> Request | None:
    """Like `request`, inside a transaction; with `lock`, nobody else decides on it meanwhile."""
    wanted = select(requests).where(requests.c.id == key)
    row = connection.execute(wanted.with_for_update() if lock else wanted).mappings().first()
    return _request(row) if row else None


def requests_of(store: Store, workflow: str) -> list[Request]:
    """All requests of a workflow, newest first."""
    wanted = select(requests).where(requests.c.workflow == workflow)
    return _all(store, wanted.order_by(requests.c.opened_at.desc(), requests.c.id))


def requests_about(store: Store, about: str) -> list[Request]:
    """All requests about one experiment or contract, oldest first."""
    wanted = select(requests).where(requests.c.about == about).order_by(requests.c.opened_at, requests.c.id)
    return _all(store, wanted)


def open_requests(store: Store, workflow: str | None = None) -> list[Request]:
    """Every request that still waits for votes, oldest first."""
    wanted = select(requests).where(requests.c.status == str(Status.OPEN))
    if workflow is not None:
        wanted = wanted.where(requests.c.workflow == workflow)
    return _all(store, wanted.order_by(requests.c.opened_at, requests.c.id))


def asked_before(connection: Connection, about: str) -> int:
    """How many requests about this there were."""
    wanted = select(func.count()).select_from(requests).where(requests.c.about == about)
    return int(connection.execute(wanted).scalar_one())


def open_about(connection: Connection, about: str) -> list[Request]:
    """The open requests about one experiment or contract, inside a transaction."""
    wanted = select(requests).where(requests.c.about == about, requests.c.status == str(Status.OPEN))
    return [_request(row) for row in connection.execute(wanted.with_for_update()).mappings()]


def add_request(connection: Connection, one: Request) -> None:
    """Keep a new request."""
    row = {name: getattr(one, name) for name in Request.__dataclass_fields__}
    words = {"subject": str(one.subject), "status": str(one.status), "approvers": list(one.approvers)}
    connection.execute(insert(requests).values(**{**row, **words, "evidence": canonical(one.evidence)}))


def change_request(connection: Connection, key: str, **values: Any) -> None:
    """Write down how a request goes on; its evidence is given as plain data."""
    if "evidence" in values:
        values["evidence"] = canonical(values["evidence"])
    connection.execute(update(requests).where(requests.c.id == key).values(**values))


def note_posted(store: Store, key: str, *, team: str, channel: str, ts: str) -> None:
    """Where the request's one live message is; a click anywhere else is not taken."""
    with store.write() as connection:
        change_request(connection, key, team=team, posted_in=channel, ts=ts)


def votes_of(store: Store, key: str) -> tuple[Vote, ...]:
    """The votes on a request, in order."""
    with store.read() as connection:
        return votes_in(connection, key)


def votes_in(connection: Connection, key: str) -> tuple[Vote, ...]:
    """Like `votes_of`, inside a transaction."""
    rows = connection.execute(select(votes).where(votes.c.request == key).order_by(votes.c.seq)).mappings()
    return tuple(Vote(**{name: row[name] for name in Vote.__dataclass_fields__}) for row in rows)


def add_vote(connection: Connection, one: Vote) -> bool:
    """Keep a vote; False where this person has voted on it before."""
    return bool(upsert(connection, votes, [{name: getattr(one, name) for name in Vote.__dataclass_fields__}]))


def park(store: Store, one: Parked) -> None:
    """An Airflow task begins to wait; parked again, it waits since then."""
    with store.write() as connection:
        replace(connection, parked, [{name: getattr(one, name) for name in Parked.__dataclass_fields__}])


def parked_on(connection: Connection, key: str) -> list[Parked]:
    """What waits for this request's decision."""
    rows = connection.execute(select(parked).where(parked.c.request == key)).mappings()
    return [Parked(**{name: row[name] for name in Parked.__dataclass_fields__}) for row in rows]


def waits_for(store: Store, *, dag_id: str, run_id: str, task_id: str) -> str | None:
    """The id of the request that this Airflow task was parked on last; None where it was on none."""
    mine = (parked.c.dag_id == dag_id, parked.c.run_id == run_id, parked.c.task_id == task_id)
    wanted = select(parked.c.request).where(*mine).order_by(parked.c.parked_at.desc())
    with store.read() as connection:
        found: str | None = connection.execute(wanted).scalars().first()
        return found


def waiting_tasks(store: Store, key: str) -> list[Parked]:
    """The Airflow tasks that are parked on a request."""
    with store.read() as connection:
        return parked_on(connection, key)


def leave(store: Store, one: Parked) -> None:
    """An Airflow task no longer waits."""
    mine = [getattr(parked.c, name) == getattr(one, name) for name in ("request", "dag_id", "run_id", "task_id")]
    with store.write() as connection:
        connection.execute(delete(parked).where(*mine))


def id_of(subject: Subject, about: str, number: int) -> str:
    """The id of the n-th request about something: 12 hex digits."""
    return digest([str(subject), about, number])[:12]


def _all(store: Store, wanted: Any) -> list[Request]:
    with store.read() as connection:
        return [_request(row) for row in connection.execute(wanted).mappings()]


def _request(row: Mapping[Any, Any]) -> Request:
    values = {name: row[name] for name in Request.__dataclass_fields__}
    words = {"subject": Subject(row["subject"]), "status": Status(row["status"]), "approvers": tuple(row["approvers"])}
    return Request(**{**values, **words, "evidence": json.loads(row["evidence"])})
