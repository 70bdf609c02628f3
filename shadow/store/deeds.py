"""Both sides' deeds of every case that counts at a look, as plain data: for telling what would have happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, func, select

from shadow.certificate.counting import Replayed
from shadow.store.engine import Store
from shadow.store.registry import Experiment
from shadow.store.results import newest_revision
from shadow.store.tables import cases, dead_letters, observations, runs, settlements, taken


class Deeds(NamedTuple):
    """One case: the JSON of the candidate's observation, and of the control's where it has settled."""

    case_id: str
    candidate: Mapping[str, Any]
    control: Mapping[str, Any] | None


def deeds(store: Store, one: Experiment, *, look: datetime) -> Iterator[Deeds]:
    """Every replayed case of the experiment's counting runs up to `look`, in order of id; streamed."""
    newest = newest_revision(look)
    seen = and_(observations.c.experiment == one.id, observations.c.case_id == taken.c.case_id)
    last = and_(newest.c.workflow == one.workflow, newest.c.case_id == taken.c.case_id)
    settled = and_(
        settlements.c.workflow == one.workflow,
        settlements.c.case_id == newest.c.case_id,
        settlements.c.revision == newest.c.revision,
    )
    statement = (
        select(taken.c.case_id, observations.c.body, settlements.c.body.label("control"))
        .select_from(
            taken.join(runs, and_(runs.c.id == taken.c.run, runs.c.end <= look))
            .join(observations, seen)
            .outerjoin(newest, last)
            .outerjoin(settlements, settled)
        )
        .where(taken.c.experiment == one.id, taken.c.counted.is_(True), observations.c.body.is_not(None))
        .order_by(taken.c.case_id)
    )
    with store.read() as connection:
        for case_id, body, control in connection.execution_options(yield_per=500).execute(statement):
            yield Deeds(case_id, body, control)


def replayed(store: Store, run: str) -> Iterator[Replayed]:
    """Every observation that a run has stored, in order of case id; streamed."""
    wanted = (
        select(observations.c.case_id, observations.c.isolation, observations.c.body)
        .where(observations.c.run == run)
        .order_by(observations.c.case_id)
    )
    with store.read() as connection:
        for case_id, isolation, body in connection.execution_options(yield_per=500).execute(wanted):
            yield Replayed(case_id, isolation or "", body)


def not_taken(store: Store, one: Experiment, *, look: datetime) -> int:
    """Cases that runs over a part of their window left out, and that no run has taken since."""
    case = and_(
        cases.c.workflow == runs.c.workflow, cases.c.arrived_at >= runs.c.start, cases.c.arrived_at < runs.c.end
    )
    mine = and_(taken.c.experiment == one.id, taken.c.case_id == cases.c.id)
    left_out = (
        select(func.count(cases.c.id.distinct()))
        .select_from(runs.join(cases, case).outerjoin(taken, mine))
        .where(runs.c.experiment == one.id, runs.c.end <= look, runs.c.at_most.is_not(None))
        .where(taken.c.case_id.is_(None))
    )
    with store.read() as connection:
        return int(connection.execute(left_out).scalar_one())


def letters(store: Store, run: str) -> int:
    """How many dead letters a run has left."""
    with store.read() as connection:
        wanted = select(func.count()).select_from(dead_letters).where(dead_letters.c.run == run)
        return int(connection.execute(wanted).scalar_one())


def dead(store: Store, one: Experiment) -> int:
    """How many of the experiment's cases are dead letters."""
    with store.read() as connection:
        wanted = select(func.count()).select_from(dead_letters).where(dead_letters.c.experiment == one.id)
        return int(connection.execute(wanted).scalar_one())
