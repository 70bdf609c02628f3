"""Asking people: about a cutover when a verdict says ready, about a contract when it is new.

Nothing here waits. A request is a row, and its message lies in the outbox until Slack takes it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, select

from shadow.approval.evidence import contract_evidence, ground_of
from shadow.approval.ground import present, still_holds
from shadow.approval.proof import proof
from shadow.approval.settling import settle, tell
from shadow.contract import Contract, digest
from shadow.errors import UsageError
from shadow.store import Store
from shadow.store.ledger import Event, append
from shadow.store.registry import contract_of, experiment
from shadow.store.requests import (
    Request,
    Status,
    Subject,
    add_request,
    asked_before,
    change_request,
    id_of,
    open_about,
    open_requests,
    request,
    requests_about,
)
from shadow.store.tables import contracts, experiments


class Word(StrEnum):
    """What became of asking."""

    OPENED = "opened"
    REVISED = "revised"  # asked before on the same ground: the message is updated, votes stand
    KNOWN = "known"  # asked before with the same evidence
    APPROVED = "approved"  # on this very ground, and not used yet
    REJECTED = "rejected"  # on this very ground: not asked again by itself
    NOT_READY = "not ready"
    UNSIGNED = "unsigned"  # the contract has to be signed first
    NOBODY = "nobody decides"  # the contract names no approvers


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The request, where there is one, and what became of asking."""

    word: Word
    request: Request | None = None


def ask_cutover(store: Store, experiment_id: str, *, now: datetime, again: bool = False) -> Asked:
    """Ask whether the candidate may have the contract's first share, if the newest verdict says ready.

    Args:
        again: ask once more although people have rejected it on this very ground.
    """
    held = experiment(store, experiment_id)
    contract = contract_of(store, held.contract)
    if contract.approval is None:
        return Asked(word=Word.NOBODY)
    withdraw_stale(store, experiment_id, now=now)
    evidence = present(store, experiment_id, now=now)
    if evidence is None or not str(evidence["verdict"]).startswith("ready"):
        return Asked(word=Word.NOT_READY)
    if not signed(store, held.contract):
        return Asked(word=Word.UNSIGNED)
    before = [one for one in requests_about(store, held.id) if one.ground == ground_of(evidence, Subject.CUTOVER)]
    if before and before[-1].status is Status.APPROVED:
        return Asked(word=Word.APPROVED, request=before[-1])
    if before and before[-1].status is Status.REJECTED and not again:
        return Asked(word=Word.REJECTED, request=before[-1])
    return _ask(store, contract, Subject.CUTOVER, held.id, held.contract, evidence, now)


def ask_signature(store: Store, contract_id: str, *, now: datetime) -> Asked:
    """Ask the contract's approvers to sign it on its page in plain words."""
    contract = contract_of(store, contract_id)
    if contract.approval is None:
        return Asked(word=Word.NOBODY)
    if signed(store, contract_id):
        return Asked(word=Word.APPROVED, request=_newest_approved(store, contract_id))
    evidence = contract_evidence(store, contract_id)
    return _ask(store, contract, Subject.CONTRACT, contract_id, contract_id, evidence, now)


def signed(store: Store, contract_id: str) -> bool:
    """Whether the contract's approvers have signed it, by the ledger and not by a row that somebody may have edited."""
    one = _newest_approved(store, contract_id)
    return one is not None and one.subject is Subject.CONTRACT and proof(store, one.id).ok


def withdraw_stale(store: Store, experiment_id: str, *, now: datetime) -> list[str]:
    """Supersede, at once, open requests about this experiment whose ground has moved; their ids."""
    held = [one for one in open_requests(store) if one.about == experiment_id]
    return _withdraw(store, [(one, still_holds(store, one, now=now)) for one in held], now)


def withdraw_others(store: Store, workflow: str, contract_id: str, *, now: datetime) -> list[str]:
    """Supersede open requests of the workflow that were asked under another contract; their ids."""
    held = [one for one in open_requests(store, workflow) if one.contract != contract_id]
    return _withdraw(store, [(one, "the contract") for one in held], now)


def withdraw_all(store: Store, workflow: str, *, why: str, now: datetime) -> list[str]:
    """Supersede every open cutover request of the workflow, as after a rollback; their ids."""
    held = [one for one in open_requests(store, workflow) if one.subject is Subject.CUTOVER]
    return _withdraw(store, [(one, why) for one in held], now)


def expire(store: Store, *, now: datetime) -> list[str]:
    """Close the requests whose time is over; silence is never a yes. Their ids."""
    over = [one for one in open_requests(store) if one.expires_at <= now]
    if not over:  # the courier asks every second
        return []
    with store.write() as connection:
        return [
            live.id
            for one in over
            for live in open_about(connection, one.about)
            if live.id == one.id
            and settle(store, connection, live, Status.EXPIRED, body={"expires_at": str(live.expires_at)}, now=now)
        ]


def _withdraw(store: Store, changed: list[tuple[Request, str]], now: datetime) -> list[str]:
    done: list[str] = []
    if not any(why for _, why in changed):
        return done
    with store.write() as connection:
        for one, why in changed:
            if why and any(live.id == one.id for live in open_about(connection, one.about)):
                settle(store, connection, one, Status.SUPERSEDED, body={"changed": why}, now=now)
                done.append(one.id)
    return done


def _ask(
    store: Store,
    contract: Contract,
    subject: Subject,
    about: str,
    contract_id: str,
    evidence: dict[str, Any],
    now: datetime,
) -> Asked:
    with store.write() as connection:
        _alone(connection, subject, about)
        live = next((one for one in open_about(connection, about) if one.expires_at > now), None)
        for over in open_about(connection, about):
            if over.expires_at <= now:
                settle(store, connection, over, Status.EXPIRED, body={"expires_at": str(over.expires_at)}, now=now)
        if live is None:
            made = _new(contract, subject, about, contract_id, asked_before(connection, about) + 1, evidence, now)
            return _open(store, connection, made, now)
        return _again(store, connection, live, evidence, now)


def _alone(connection: Connection, subject: Subject, about: str) -> None:
    """Two that ask at once ask one after the other; SQLite's writing transactions are alone anyway."""
    table = contracts if subject is Subject.CONTRACT else experiments
    connection.execute(select(table.c.id).where(table.c.id == about).with_for_update()).all()


def _new(
    contract: Contract,
    subject: Subject,
    about: str,
    contract_id: str,
    number: int,
    evidence: dict[str, Any],
    now: datetime,
) -> Request:
    approval = contract.approval
    if approval is None:
        raise UsageError("nobody is named who decides", where=f"{contract.workflow}: approval")
    bound = {**evidence, "cutover": f"{about}#{number}"}
    return Request(
        id=id_of(subject, about, number),
        workflow=contract.workflow,
        subject=subject,
        about=about,
        status=Status.OPEN,
        revision=1,
        ground=ground_of(bound, subject),
        evidence=bound,
        digest=digest(bound),
        contract=contract_id,
        quorum=approval.quorum,
        approvers=approval.approvers,
        candidate_owner=approval.candidate_owner,
        channel=approval.channel,
        opened_at=now,
        expires_at=now + timedelta(hours=approval.expires_h),
    )


def _open(store: Store, connection: Connection, made: Request, now: datetime) -> Asked:
    add_request(connection, made)
    _log(store, connection, Event.REQUESTED, made, now)
    tell(connection, made, mark="1", now=now)
    return Asked(word=Word.OPENED, request=made)


def _again(store: Store, connection: Connection, live: Request, evidence: dict[str, Any], now: datetime) -> Asked:
    bound = {**evidence, "cutover": live.evidence["cutover"]}
    if digest(bound) == live.digest:
        return Asked(word=Word.KNOWN, request=live)
    newer = replace(live, revision=live.revision + 1, evidence=bound, digest=digest(bound))
    change_request(connection, live.id, revision=newer.revision, evidence=bound, digest=newer.digest)
    _log(store, connection, Event.REVISED, newer, now)
    tell(connection, newer, mark=str(newer.revision), now=now)
    return Asked(word=Word.REVISED, request=newer)


def _log(store: Store, connection: Connection, event: Event, one: Request, now: datetime) -> None:
    body = {
        "subject": str(one.subject),
        "about": one.about,
        "contract": one.contract,
        "revision": one.revision,
        "ground": one.ground,
        "digest": one.digest,
        "evidence": dict(one.evidence),
        "expires_at": one.expires_at.isoformat(),
    }
    append(store, connection, event=event, workflow=one.workflow, subject=one.id, body=body, now=now)


def _newest_approved(store: Store, about: str) -> Request | None:
    held = [one for one in requests_about(store, about) if one.status is Status.APPROVED]
    return request(store, held[-1].id) if held else None
