"""Promotion: an approval is used, once; the stage moves, and everything that it stands on is looked at again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError

from shadow.approval import Proof, proof, signed, still_holds
from shadow.errors import ShadowError, StoreError, UsageError
from shadow.rollout.auditing import differences
from shadow.rollout.moving import Move, add
from shadow.store import Store
from shadow.store.ledger import Event, entries
from shadow.store.requests import Request, Subject, request_in
from shadow.store.stages import Stage, StageRow, newest_stage, stages_of

_TRIES = 5  # of two changes at one moment one comes later, and looks again
_READY = {"ready": False, "ready (demonstration)": True}


def promote(store: Store, request_id: str, *, now: datetime) -> StageRow:
    """Move the workflow's stage as an approved cutover request says; asked for twice, the same row.

    Everything is judged anew, and by the ledger: the votes, the quorum, the expiry, the contract's signature, the
    newest verdict, the stage that it was asked from. An approval is used once; after a rollback a new one is needed.

    Raises:
        ShadowError: something of that does not hold; it says what, and what to do.
    """
    for _ in range(_TRIES):
        try:
            return _promote(store, request_id, now)
        except IntegrityError:  # somebody else has just changed this workflow's stage
            continue
    raise StoreError("the stage changes all the time", where=request_id, todo="call it again")


def _promote(store: Store, request_id: str, now: datetime) -> StageRow:
    with store.write() as connection:
        one = request_in(connection, request_id, lock=True)
        if one is None:
            raise StoreError("no such request", where=request_id[:60], todo="see `shadow stage show WORKFLOW`")
        current = newest_stage(connection, one.workflow)
        used = [row for row in stages_of(store, one.workflow) if row.request == one.id]
        if used and used[-1] == current and not differences(store, workflow=one.workflow):
            return used[-1]
        if used:
            raise _refusal(one, "the approval was used, and the stage has changed since", "ask for a new approval")
        evidence, proven = _evidence(store, one)
        _check_now(store, one, current, evidence, now)
        return add(store, connection, _move(one, current, evidence, proven), now=now)


def _evidence(store: Store, one: Request) -> tuple[Mapping[str, Any], Proof]:
    """What was approved, as the ledger has it."""
    if one.subject is not Subject.CUTOVER:
        raise _refusal(one, "this request is about a contract's signature", "approve a cutover request")
    found = proof(store, one.id)
    if not found.ok:
        raise _refusal(one, found.problem, "see `shadow audit verify`, and ask for approval")
    wrong = differences(store, workflow=one.workflow)
    if wrong:
        raise _refusal(one, f"a record is not what the ledger says: {wrong[0]}", "see `shadow audit verify`")
    asked = [row for row in entries(store, subject=one.id) if row.event in (Event.REQUESTED, Event.REVISED)]
    evidence: Mapping[str, Any] = asked[-1].body["evidence"]
    return evidence, found


def _check_now(
    store: Store, one: Request, current: StageRow | None, evidence: Mapping[str, Any], now: datetime
) -> None:
    """Whether what was approved can still be done: the same step, on the same ground, under a signed contract."""
    if not signed(store, one.contract):
        raise _refusal(one, "the contract is not signed", "have its approvers sign it")
    stands = (current.number, current.stage) if current else (0, Stage.SHADOW)
    if stands != (evidence["from_number"], evidence["from_stage"]):
        seen = f"from {evidence['from_stage']} (change {evidence['from_number']}) to {stands[1]} (change {stands[0]})"
        raise _refusal(one, f"the stage has changed since it was asked: {seen}", "ask for a new approval")
    changed = still_holds(store, one, now=now)
    if changed:
        raise _refusal(one, f"what was approved no longer holds: {changed}", "ask for approval of the newest verdict")
    if _READY.get(evidence["verdict"]) is not evidence["demonstration"]:
        raise _refusal(one, f"the verdict is {evidence['verdict']!r}", "only a ready verdict moves a stage")


def _move(one: Request, current: StageRow | None, evidence: Mapping[str, Any], proven: Proof) -> Move:
    return Move(
        event=Event.PROMOTED,
        workflow=one.workflow,
        before=current,
        to=Stage(evidence["to_stage"]),
        share=evidence["share"],
        experiment=one.about,
        contract=one.contract,
        request=one.id,
        demonstration=evidence["demonstration"],
        who=", ".join(proven.people),
        why=f"approved on the verdict {evidence['verdict']!r} at the look of {evidence['look']}",
        more={"decided": proven.seq, "digest": proven.digest},
    )


def _refusal(one: Request, what: str, todo: str) -> ShadowError:
    return UsageError(f"not promoted: {what}", where=f"{one.workflow}: request {one.id}", todo=todo)
