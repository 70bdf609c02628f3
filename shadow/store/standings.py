"""How every case of an experiment stood at one look: the rows that evidence, causes and digests are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Text, and_, cast, func, select

from shadow.store.engine import Store
from shadow.store.registry import Experiment
from shadow.store.results import newest_revision
from shadow.store.tables import cases, dead_letters, observations, results, runs, settlements, taken


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingRow:
    """One case at one look; moments are aware UTC, texts empty where there is nothing.

    Attributes:
        aside: why it was set aside when it came in, or why it is a dead letter.
        revision: the control's newest outcome before the look; 0 where it had not settled.
        first_settled_at, settled_at: when the first and the newest of them settled.
        ending: how the candidate's work ended; empty where it was not replayed.
        agreement: of the result; empty where nothing was compared.
        began_at: when the control began the case; None where nobody said.
        similarity: share of the compared places that match, in [0, 1]; None where nothing was compared.
    """

    case_id: str
    unit: str
    arrived_at: datetime
    slices: Mapping[str, str]
    input_digest: str
    doubled: int
    aside: str
    revision: int
    first_settled_at: datetime | None
    settled_at: datetime | None
    ending: str
    duration_s: float | None
    cost_usd: float | None
    agreement: str
    severity: str
    stale: bool
    reason: str
    discrepancy: str
    began_at: datetime | None = None
    similarity: float | None = None


def standings(store: Store, one: Experiment, *, look: datetime, judgement: str) -> Iterator[StandingRow]:
    """Every case that counts at `look`, ordered by arrival day (UTC), unit and id; streamed, not gathered."""
    statement = _statement(one, look, judgement).order_by(_day(), cases.c.unit, cases.c.id)
    with store.read() as connection:
        rows = connection.execution_options(yield_per=1000).execute(statement)
        for row in rows.mappings():
            yield _row(dict(row))


_SHOWN = (
    cases.c.id,
    cases.c.unit,
    cases.c.arrived_at,
    cases.c.began_at,
    cases.c.slices,
    cases.c.input_digest,
    cases.c.doubled,
    cases.c.aside,
    dead_letters.c.reason.label("dead"),
    settlements.c.settled_at,
    observations.c.ending,
    observations.c.duration_s,
    observations.c.cost_usd,
    results.c.agreement,
    results.c.severity,
    results.c.stale,
    results.c.reason,
    results.c.discrepancy,
    results.c.similarity,
)


def _statement(one: Experiment, look: datetime, judgement: str) -> Any:
    newest = newest_revision(look)
    case = and_(cases.c.workflow == one.workflow, cases.c.id == taken.c.case_id)
    settled = and_(newest.c.workflow == one.workflow, newest.c.case_id == taken.c.case_id)
    last = and_(
        settlements.c.workflow == one.workflow,
        settlements.c.case_id == newest.c.case_id,
        settlements.c.revision == newest.c.revision,
    )
    seen = and_(observations.c.experiment == one.id, observations.c.case_id == taken.c.case_id)
    found = and_(
        results.c.experiment == one.id,
        results.c.case_id == taken.c.case_id,
        results.c.revision == newest.c.revision,
        results.c.judgement == judgement,
    )
    dead = and_(dead_letters.c.experiment == one.id, dead_letters.c.case_id == taken.c.case_id)
    tables = (
        taken.join(cases, case)
        .join(runs, and_(runs.c.id == taken.c.run, runs.c.end <= look))
        .outerjoin(newest, settled)
        .outerjoin(settlements, last)
        .outerjoin(observations, seen)
        .outerjoin(results, found)
        .outerjoin(dead_letters, dead)
    )
    wanted = (taken.c.experiment == one.id, taken.c.counted.is_(True))
    return select(*_SHOWN, newest.c.revision, newest.c.first_settled_at).select_from(tables).where(*wanted)


def _day() -> Any:
    # both databases print a moment as ISO text that begins with the day; PostgreSQL in the session's zone, set to UTC
    return func.substr(cast(cases.c.arrived_at, Text), 1, 10)


def _row(row: Mapping[str, Any]) -> StandingRow:
    return StandingRow(
        case_id=row["id"],
        unit=row["unit"],
        arrived_at=row["arrived_at"],
        slices=row["slices"],
        input_digest=row["input_digest"],
        doubled=row["doubled"],
        aside=row["aside"] or (f"dead letter: {row['dead']}" if row["dead"] else ""),
        revision=row["revision"] or 0,
        first_settled_at=row["first_settled_at"],
        settled_at=row["settled_at"],
        ending=row["ending"] or "",
        duration_s=row["duration_s"],
        cost_usd=row["cost_usd"],
        agreement=row["agreement"] or "",
        severity=row["severity"] or "",
        stale=bool(row["stale"]),
        reason=row["reason"] or "",
        discrepancy=row["discrepancy"] or "",
        began_at=row["began_at"],
        similarity=row["similarity"],
    )


def earlier(store: Store, one: Experiment, row: StandingRow, *, judgement: str) -> StandingRow | None:
    """The same case as it stood with the control's outcome before the last; None where there was none."""
    if row.revision <= 1:
        return None
    mine = (
        results.c.experiment == one.id,
        results.c.case_id == row.case_id,
        results.c.revision == row.revision - 1,
        results.c.judgement == judgement,
        settlements.c.workflow == one.workflow,
        settlements.c.case_id == results.c.case_id,
        settlements.c.revision == results.c.revision,
    )
    with store.read() as connection:
        found = connection.execute(select(results, settlements.c.settled_at).where(*mine)).mappings().first()
    if found is None:
        return None
    return replace(
        row,
        revision=found["revision"],
        settled_at=found["settled_at"],
        agreement=found["agreement"],
        severity=found["severity"] or "",
        stale=bool(found["stale"]),
        reason=found["reason"],
        discrepancy=found["discrepancy"],
        similarity=found["similarity"],
    )
