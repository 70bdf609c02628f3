"""Stages: how much of a workflow's traffic the candidate gets, and every change of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert, select

from shadow.store.decision_tables import stages
from shadow.store.engine import Store


class Stage(StrEnum):
    """Where a workflow's cutover stands."""

    SHADOW = "shadow"
    CANARY = "canary"
    LIVE = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRow:
    """One change of stage.

    Attributes:
        number: 1, 2, 3, …, within the workflow.
        share: percent of the traffic that the candidate gets, 0 to 100.
        experiment, contract: what was decided on.
        request: the approved request; empty for a rollback.
        demonstration: whether no real key may follow it.
        who, why: who changed it, and why.
        seq: the ledger's row of it.
    """

    workflow: str
    number: int
    stage: Stage
    share: float
    experiment: str
    contract: str
    request: str
    demonstration: bool
    who: str
    why: str
    at: datetime
    seq: int


def stage_of(store: Store, workflow: str) -> StageRow | None:
    """Where the workflow stands now; None where it never left shadow."""
    with store.read() as connection:
        return newest_stage(connection, workflow)


def newest_stage(connection: Connection, workflow: str) -> StageRow | None:
    """Like `stage_of`, inside a transaction."""
    wanted = select(stages).where(stages.c.workflow == workflow).order_by(stages.c.number.desc()).limit(1)
    row = connection.execute(wanted).mappings().first()
    return _row(row) if row else None


def stages_of(store: Store, workflow: str) -> list[StageRow]:
    """Every change of the workflow's stage, oldest first."""
    wanted = select(stages).where(stages.c.workflow == workflow).order_by(stages.c.number)
    with store.read() as connection:
        return [_row(row) for row in connection.execute(wanted).mappings()]


def add_stage(connection: Connection, row: StageRow) -> StageRow:
    """Keep one change; two that take the same number at once fail instead of both counting."""
    values = {name: getattr(row, name) for name in StageRow.__dataclass_fields__}
    connection.execute(insert(stages).values(**{**values, "stage": str(row.stage)}))
    return row


def _row(row: Mapping[Any, Any]) -> StageRow:
    values = {name: row[name] for name in StageRow.__dataclass_fields__}
    return StageRow(**{**values, "stage": Stage(row["stage"])})
