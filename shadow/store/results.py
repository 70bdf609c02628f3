"""Results: what comparing found, once per revision of the control's outcome and per judgement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select

from shadow.compare.result import Result
from shadow.store.cases import chunks
from shadow.store.engine import Store, upsert
from shadow.store.leases import Lease, guard
from shadow.store.registry import Run
from shadow.store.tables import observations, results, settlements, taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A result with the revision that it belongs to and the digest of what both sides did."""

    result: Result
    revision: int
    discrepancy: str
    stale: bool
    keep_until: datetime


def newest_revision(before: datetime) -> Any:
    """Subquery: each case's newest revision that had settled before this moment."""
    return (
        select(
            settlements.c.workflow,
            settlements.c.case_id,
            func.max(settlements.c.revision).label("revision"),
            func.min(settlements.c.settled_at).label("first_settled_at"),
        )
        .where(settlements.c.settled_at < before)
        .group_by(settlements.c.workflow, settlements.c.case_id)
        .subquery("newest")
    )


def uncompared(store: Store, run: Run, *, judgement: str) -> list[tuple[str, int]]:
    """(case id, revision) of the experiment, replayed and settled before the run's end, that has no result yet.

    Every revision is compared, not the newest alone: until people have judged a correction, what they said of the
    outcome before it holds.
    """
    have = and_(
        results.c.experiment == taken.c.experiment,
        results.c.case_id == taken.c.case_id,
        results.c.revision == settlements.c.revision,
        results.c.judgement == judgement,
    )
    seen = and_(observations.c.experiment == taken.c.experiment, observations.c.case_id == taken.c.case_id)
    settled = and_(settlements.c.workflow == run.workflow, settlements.c.case_id == taken.c.case_id)
    with store.read() as connection:
        rows = connection.execute(
            select(taken.c.case_id, settlements.c.revision)
            .select_from(taken.join(observations, seen).join(settlements, settled).outerjoin(results, have))
            .where(taken.c.experiment == run.experiment, results.c.case_id.is_(None))
            .where(settlements.c.settled_at < run.end, settlements.c.body.is_not(None))
            .where(observations.c.body.is_not(None))
            .order_by(taken.c.case_id, settlements.c.revision)
        )
        return [(case_id, revision) for case_id, revision in rows]


def save_results(store: Store, run: Run, lease: Lease, batch: Sequence[Compared], *, judgement: str) -> int:
    """Commit results under the lease; how many were new."""
    rows = [
        {
            "experiment": run.experiment,
            "case_id": one.result.case_id,
            "revision": one.revision,
            "judgement": judgement,
            "agreement": str(one.result.agreement),
            "severity": str(one.result.severity) if one.result.severity else None,
            "stale": one.stale,
            "reason": one.result.reason[:200],
            "discrepancy": one.discrepancy,
            "similarity": one.result.similarity,
            "body": one.result.to_json(),
            "keep_until": one.keep_until,
        }
        for one in batch
    ]
    with store.write() as connection:
        guard(connection, lease)
        return upsert(connection, results, rows)


def load_results(
    store: Store, experiment: str, pairs: Sequence[tuple[str, int]], *, judgement: str
) -> Iterator[tuple[int, str, Result]]:
    """Revision, discrepancy digest and result for each (case id, revision); pruned ones are left out."""
    for chunk in chunks(pairs, 300):
        wanted = set(chunk)
        with store.read() as connection:
            rows = connection.execute(
                select(results.c.case_id, results.c.revision, results.c.discrepancy, results.c.body).where(
                    results.c.experiment == experiment,
                    results.c.judgement == judgement,
                    results.c.case_id.in_({case_id for case_id, _ in chunk}),
                    results.c.body.is_not(None),
                )
            ).all()
        for key, revision, mark, body in rows:
            if (key, revision) in wanted:
                yield revision, mark, Result.from_json(body)
