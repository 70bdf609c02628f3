"""Rolling back: from any stage everything goes to the control, on one person's word."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.exc import IntegrityError

from shadow.approval import withdraw_all
from shadow.errors import StoreError, UsageError
from shadow.rollout.moving import Move, add
from shadow.rollout.refreshing import refresh
from shadow.store import Store
from shadow.store.ledger import Event
from shadow.store.registry import find_experiment
from shadow.store.stages import Stage, StageRow, newest_stage

_TRIES = 20  # a rollback is not to be refused because somebody else is writing


def roll_back(store: Store, workflow: str, *, who: str, why: str, now: datetime) -> StageRow:
    """Give everything to the control: recorded, known on this machine at once and elsewhere within seconds.

    Nobody is asked, and neither a broken ledger nor a missing signature stands in its way. It also counts where the
    stage is shadow already: whatever was asked or approved before it is void, and a new approval is needed.

    Raises:
        UsageError: nobody, no reason, or a workflow that nothing is known of.
        StoreError: the store cannot be written; or all is recorded but this machine's route file cannot be written.
    """
    if not who.strip() or not why.strip():
        raise UsageError("a person and a reason are needed", where=workflow, todo='--why "…"')
    row = _record(store, workflow, who=who, why=why, now=now)
    try:
        refresh(store, workflow)
    finally:
        withdraw_all(store, workflow, why="the workflow was rolled back", now=now)
    return row


def _record(store: Store, workflow: str, *, who: str, why: str, now: datetime) -> StageRow:
    for _ in range(_TRIES):
        try:
            with store.write() as connection:
                return add(
                    store, connection, _move(store, newest_stage(connection, workflow), workflow, who, why), now=now
                )
        except IntegrityError:  # somebody else has just changed this workflow's stage
            continue
    raise StoreError(
        "the stage changes all the time", where=workflow, todo=f"set SHADOW_KILL={workflow}, and try again"
    )


def _move(store: Store, current: StageRow | None, workflow: str, who: str, why: str) -> Move:
    held = None if current else find_experiment(store, workflow)
    return Move(
        event=Event.ROLLED_BACK,
        workflow=workflow,
        before=current,
        to=Stage.SHADOW,
        share=0,
        experiment=current.experiment if current else held.id if held else "",
        contract=current.contract if current else held.contract if held else "",
        request="",
        demonstration=current.demonstration if current else False,
        who=who,
        why=why,
    )
