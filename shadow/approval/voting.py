"""Voting: every check, in one order, at the click and again when the words are sent; a refusal is written down too.

Who may vote is read from the contract, never from the message, and whether the evidence still holds from the store.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from shadow.approval import binding
from shadow.approval.answers import SENTENCES, SHORTEST, Checked, Click, Recorded, Refusal, Why
from shadow.approval.ground import altered, still_holds
from shadow.approval.people import People, people
from shadow.approval.proof import policy
from shadow.approval.settling import settle, tell
from shadow.contract import Approval
from shadow.store import Store
from shadow.store.ledger import Event, append, entries_in
from shadow.store.requests import Request, Status, Vote, add_vote, request_in

LONGEST = 1000  # characters of a reason that are kept
AIRFLOW = "airflow"  # via: answered behind Airflow's login, so no token is asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """Whose answer to which request, before anything is looked up."""

    request_id: str
    identity: str
    via: str
    click: Click | None = None


def check(store: Store, click: Click, *, now: datetime, known: People | None = None) -> Checked | Refusal:
    """Whether this click may become a vote; nothing but a refusal is written."""
    answer = _of(click)
    with store.write() as connection:
        found = _checked(store, connection, answer, known or people(), now)
        return _refused(store, connection, answer, found, now) if isinstance(found, Refusal) else found


def vote(
    store: Store, click: Click, *, approve: bool, reason: str, now: datetime, known: People | None = None
) -> Recorded | Refusal:
    """Take a vote from Slack; all is checked again, in the transaction that records it."""
    return _vote(store, _of(click), approve, reason, now, known or people())


def vote_as(
    store: Store,
    request_id: str,
    *,
    identity: str,
    approve: bool,
    reason: str,
    now: datetime,
    known: People | None = None,
) -> Recorded | Refusal:
    """Take a vote of somebody whom Airflow's login has named, `airflow:<user>`."""
    answer = _Answer(request_id=request_id, identity=identity, via=AIRFLOW)
    return _vote(store, answer, approve, reason, now, known or people())


def _of(click: Click) -> _Answer:
    claim = binding.read(click.token)
    return _Answer(request_id=claim.request if claim else "", identity=click.identity, via=click.via, click=click)


def _vote(
    store: Store, answer: _Answer, approve: bool, reason: str, now: datetime, known: People
) -> Recorded | Refusal:
    said = " ".join(reason.split())[:LONGEST]
    with store.write() as connection:
        found = _checked(store, connection, answer, known, now)
        if isinstance(found, Checked) and not approve and len(said) < SHORTEST:
            found = _refusal(Why.REASON, found.request)
        if isinstance(found, Refusal):
            return _refused(store, connection, answer, found, now)
        return _record(store, connection, answer, found, (approve, said), now)


def _record(
    store: Store, connection: Connection, answer: _Answer, found: Checked, said: tuple[bool, str], now: datetime
) -> Recorded:
    one, (approve, reason) = found.request, said
    body = {
        "person": found.person,
        "identity": answer.identity,
        "via": answer.via,
        "approve": approve,
        "reason": reason,
        "revision": one.revision,
        "digest": one.digest,
        "ground": one.ground,
    }
    entry = append(store, connection, event=Event.VOTED, workflow=one.workflow, subject=one.id, body=body, now=now)
    made = Vote(
        request=one.id,
        person=found.person,
        identity=answer.identity,
        via=answer.via,
        approve=approve,
        reason=reason,
        digest=one.digest,
        at=now,
        seq=entry.seq,
    )
    add_vote(connection, made)
    return Recorded(request=_counted(store, connection, one, now), vote=made)


def _counted(store: Store, connection: Connection, one: Request, now: datetime) -> Request:
    """One no settles it; so does the quorum of yeses. Else the message says how many there are."""
    given = _given(connection, one)
    against = [str(vote["person"]) for vote in given if not vote["approve"]]
    outcome = Status.REJECTED if against else Status.APPROVED if len(given) >= _quorum(store, one) else None
    if outcome is None:
        tell(connection, one, mark=f"votes-{len(given)}", now=now)
        return one
    body = {"ground": one.ground, "people": against or [str(vote["person"]) for vote in given]}
    entry = settle(store, connection, one, outcome, body=body, now=now)
    return replace(one, status=outcome, settled_at=now, settled_seq=entry.seq)


def _given(connection: Connection, one: Request) -> list[Mapping[str, Any]]:
    """The votes by the ledger: a row that somebody put into the table of votes is none."""
    return [row.body for row in entries_in(connection, one.id) if row.event is Event.VOTED]


def _quorum(store: Store, one: Request) -> int:
    held = policy(store, one.contract)
    return held.quorum if isinstance(held, Approval) else one.quorum


def _checked(store: Store, connection: Connection, answer: _Answer, known: People, now: datetime) -> Checked | Refusal:
    """The checks in their order; the first that fails is the answer."""
    genuine = answer.click is None or _genuine(store, answer.click)
    one = request_in(connection, answer.request_id, lock=True) if genuine and answer.request_id else None
    if one is None:
        return Refusal(why=Why.UNKNOWN if genuine else Why.FORGED, sentence="", request_id="")
    rules: tuple[Callable[[], Why | None], ...] = (
        lambda: _misplaced(one, answer.click),
        lambda: None if one.status is Status.OPEN else Why.SETTLED,
        lambda: Why.EXPIRED if now >= one.expires_at else None,
        lambda: Why.ALTERED if altered(connection, one) else None,
        lambda: _older(one, answer.click),
        lambda: Why.STALE if still_holds(store, one, now=now) else None,
        lambda: _not_allowed(store, connection, one, known.person(answer.identity)),
    )
    for rule in rules:
        why = rule()
        if why is not None:
            return _refusal(why, one)
    return Checked(request=one, person=str(known.person(answer.identity)))


def _genuine(store: Store, click: Click) -> bool:
    claim = binding.read(click.token)
    return claim is not None and binding.genuine(store, claim)


def _misplaced(one: Request, click: Click | None) -> Why | None:
    """A true button in another message, channel or workspace is a plant."""
    if click is None:
        return None
    if click.place.team != one.team or not click.identity.startswith(f"slack:{one.team}/"):
        return Why.WORKSPACE
    return None if (click.place.channel, click.place.ts) == (one.posted_in, one.ts) else Why.COPY


def _older(one: Request, click: Click | None) -> Why | None:
    claim = binding.read(click.token) if click else None
    if claim is None:
        return None
    return None if claim.revision == one.revision and one.digest.startswith(claim.digest) else Why.REVISED


def _not_allowed(store: Store, connection: Connection, one: Request, person: str | None) -> Why | None:
    held = policy(store, one.contract)
    if not isinstance(held, Approval):
        return Why.ALTERED
    if person == held.candidate_owner:
        return Why.OWNER
    if person is None or person not in held.approvers:
        return Why.STRANGER
    return Why.TWICE if person in [vote["person"] for vote in _given(connection, one)] else None


def _refusal(why: Why, one: Request) -> Refusal:
    return Refusal(why=why, sentence=SENTENCES[why], request_id=one.id)


def _refused(store: Store, connection: Connection, answer: _Answer, found: Refusal, now: datetime) -> Refusal:
    """Write the refusal down; what is over or no longer holds is closed on the way."""
    one = request_in(connection, found.request_id) if found.request_id else None
    body = {"why": str(found.why), "identity": answer.identity[:200], "via": answer.via}
    workflow = one.workflow if one else ""
    append(store, connection, event=Event.REFUSED, workflow=workflow, subject=found.request_id, body=body, now=now)
    if one and found.why is Why.EXPIRED:
        settle(store, connection, one, Status.EXPIRED, body={"expires_at": str(one.expires_at)}, now=now)
    if one and found.why is Why.STALE:
        settle(store, connection, one, Status.SUPERSEDED, body={"changed": still_holds(store, one, now=now)}, now=now)
    return replace(found, sentence=SENTENCES[found.why])
