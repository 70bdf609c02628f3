"""One change of a workflow's stage: its row, the ledger's row and the word to people, together or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from shadow.errors import ShadowError
from shadow.store import Store
from shadow.store.ledger import Event, append
from shadow.store.outbox import STAGE, queue_in
from shadow.store.registry import contract_of
from shadow.store.stages import Stage, StageRow, add_stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A change of stage, before it is written.

    Attributes:
        before: the workflow's newest row; None where it never left shadow.
        more: what else the ledger's row says.
    """

    event: Event
    workflow: str
    before: StageRow | None
    to: Stage
    share: float
    experiment: str
    contract: str
    request: str
    demonstration: bool
    who: str
    why: str
    more: Mapping[str, Any] = field(default_factory=dict)


def add(store: Store, connection: Connection, move: Move, *, now: datetime) -> StageRow:
    """Write it in the caller's transaction; of two that do so at one moment the database refuses one."""
    number = move.before.number + 1 if move.before else 1
    said = {
        "from": str(move.before.stage if move.before else Stage.SHADOW),
        "to": str(move.to),
        "share": move.share,
        "who": move.who,
        "why": move.why,
        "request": move.request,
    }
    body = {
        **said,
        "number": number,
        "experiment": move.experiment,
        "contract": move.contract,
        "demonstration": move.demonstration,
        **move.more,
    }
    workflow = move.workflow
    entry = append(store, connection, event=move.event, workflow=workflow, subject=move.request, body=body, now=now)
    row = StageRow(
        workflow=workflow,
        number=number,
        stage=move.to,
        share=move.share,
        experiment=move.experiment,
        contract=move.contract,
        request=move.request,
        demonstration=move.demonstration,
        who=move.who,
        why=move.why,
        at=now,
        seq=entry.seq,
    )
    channel = _channel(store, move.contract)
    if channel:
        key = f"stage:{number}:{workflow}"[:200]
        queue_in(connection, key=key, kind=STAGE, about=workflow, channel=channel, payload=said, now=now)
    return add_stage(connection, row)


def _channel(store: Store, contract: str) -> str:
    """Where it is told; nowhere where the contract names no channel, or cannot be read any more."""
    try:
        approval = contract_of(store, contract).approval
    except ShadowError:
        return ""
    return approval.channel if approval else ""
