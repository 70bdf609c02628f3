"""Which cases a run takes, in which shard, and what the candidate did with each: once, whatever happens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, select, update

from shadow.case import Case
from shadow.observation import Observation
from shadow.store.cases import IN_ONE, chunks
from shadow.store.engine import Store, upsert
from shadow.store.leases import Lease, guard
from shadow.store.redact import Redactor
from shadow.store.registry import Run
from shadow.store.tables import cases, dead_letters, experiments, observations, recordings, runs, taken


def take_cases(store: Store, run: Run, *, since: datetime, shard_size: int) -> tuple[list[int], dict[str, int]]:
    """Give the run's cases that nobody has taken to shards; the shards with work left, and counts.

    The window's cases, and late ones: cases that arrived from `since` on in a window whose own run was already
    planned. Cases of a window that was stopped, or whose run is still to come, are left to that run. A case that
    only a run over part of its window has taken is adopted: its replay is not repeated.
    """
    counted = run.at_most is None
    with store.write() as connection:
        _alone(connection, run.experiment)
        fresh, adopted, skipped = _fresh(connection, run, since)
        last = connection.execute(select(func.max(taken.c.shard)).where(taken.c.run == run.id)).scalar()
        first = 0 if last is None else last + 1
        for number, chunk in enumerate(chunks(fresh, shard_size), start=first):
            rows = [
                {"experiment": run.experiment, "case_id": key, "run": run.id, "shard": number, "counted": counted}
                for key in chunk
            ]
            connection.execute(insert(taken), rows)
        for chunk in chunks(adopted, IN_ONE):
            mine = and_(taken.c.experiment == run.experiment, taken.c.case_id.in_(chunk))
            connection.execute(update(taken).where(mine).values(counted=True))
    return open_shards(store, run), {"taken": len(fresh), "adopted": len(adopted), "not_taken": skipped}


def _alone(connection: Connection, experiment: str) -> None:
    """Two runs of one experiment do not plan at once; SQLite's writing transactions are alone anyway."""
    connection.execute(select(experiments.c.id).where(experiments.c.id == experiment).with_for_update()).all()


def _fresh(connection: Connection, run: Run, since: datetime) -> tuple[list[str], list[str], int]:
    mine = and_(taken.c.case_id == cases.c.id, taken.c.experiment == run.experiment)
    found = connection.execute(
        select(cases.c.id, cases.c.arrived_at, taken.c.counted, taken.c.run)
        .select_from(cases.outerjoin(taken, mine))
        .where(cases.c.workflow == run.workflow, cases.c.arrived_at >= since, cases.c.arrived_at < run.end)
        .order_by(cases.c.arrived_at, cases.c.id)
    ).all()
    windows = [(run.start, run.end), *_planned(connection, run)]
    rows = [row for row in found if any(start <= row.arrived_at < end for start, end in windows)]
    fresh = [row.id for row in rows if row.counted is None]
    if run.at_most is None:
        return fresh, [row.id for row in rows if row.counted is False], 0
    room = max(run.at_most - sum(row.run == run.id for row in rows), 0)
    return fresh[:room], [], max(len(fresh) - room, 0)


def _planned(connection: Connection, run: Run) -> list[tuple[datetime, datetime]]:
    """Windows of the experiment's other runs that were planned: what appears in them now came late."""
    rows = connection.execute(
        select(runs.c.start, runs.c.end, runs.c.counts).where(
            runs.c.experiment == run.experiment,
            runs.c.id != run.id,
            runs.c.at_most.is_(None),
            runs.c.sound.is_not(False),
        )
    )
    return [(start, end) for start, end, counts in rows if counts and "taken" in counts]


def open_shards(store: Store, run: Run) -> list[int]:
    """The run's shards that hold a case which was neither replayed nor set aside, in order."""
    with store.read() as connection:
        return list(
            connection.execute(_open(run).with_only_columns(taken.c.shard).distinct().order_by(taken.c.shard)).scalars()
        )


def open_cases(store: Store, run: Run, shard: int) -> list[str]:
    """Ids of the shard's cases that were neither replayed nor set aside, in order of arrival."""
    with store.read() as connection:
        wanted = _open(run).where(taken.c.shard == shard).order_by(cases.c.arrived_at, cases.c.id)
        return list(connection.execute(wanted).scalars())


def _open(run: Run) -> Any:
    case = and_(cases.c.workflow == run.workflow, cases.c.id == taken.c.case_id)
    done = and_(observations.c.experiment == taken.c.experiment, observations.c.case_id == taken.c.case_id)
    dead = and_(dead_letters.c.experiment == taken.c.experiment, dead_letters.c.case_id == taken.c.case_id)
    return (
        select(taken.c.case_id)
        .select_from(taken.join(cases, case).outerjoin(observations, done).outerjoin(dead_letters, dead))
        .where(taken.c.run == run.id, cases.c.aside.is_(None))
        .where(observations.c.case_id.is_(None), dead_letters.c.case_id.is_(None))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """What every commit of one shard is made with.

    Attributes:
        lease: the right to commit; a younger one's holder makes the next commit fail.
        redactor: the only way to what is stored of a case.
        keep: how long customer data is kept after a case's arrival.
        isolation: how the candidate was held, in the words that a verdict reads; empty before it was started.
    """

    run: Run
    lease: Lease
    redactor: Redactor
    keep: timedelta
    isolation: str = ""


def save_observations(store: Store, shard: Shard, done: Sequence[tuple[Case, Observation]], *, now: datetime) -> int:
    """Commit finished replays under the lease; how many were new. A case is never stored twice.

    What models had answered these cases is dropped in the same commit: it was kept for a resume alone.

    Raises:
        LeaseLost: a younger attempt has taken the shard; nothing of this batch was written.
    """
    rows = [
        {
            "experiment": shard.run.experiment,
            "case_id": case.id,
            "run": shard.run.id,
            "ending": str(seen.ending),
            "body": _clean(shard, case, seen.to_json()),
            "duration_s": seen.duration_s,
            "cost_usd": seen.cost_usd,
            "isolation": shard.isolation,
            "finished_at": now,
            "keep_until": case.arrived_at + shard.keep,
        }
        for case, seen in done
    ]
    with store.write() as connection:
        guard(connection, shard.lease)
        _forget(connection, shard, [case.id for case, _ in done])
        return upsert(connection, observations, rows)


def save_dead_letter(
    store: Store, shard: Shard, case: Case, *, reason: str, context: Mapping[str, Any], now: datetime
) -> None:
    """Keep, under the lease, a case that could not be processed, with everything needed to take it up again."""
    row = {
        "experiment": shard.run.experiment,
        "case_id": case.id,
        "run": shard.run.id,
        "reason": reason,
        "body": _clean(shard, case, dict(context)),
        "at": now,
        "keep_until": case.arrived_at + shard.keep,
    }
    with store.write() as connection:
        guard(connection, shard.lease)
        _forget(connection, shard, [case.id])
        upsert(connection, dead_letters, [row])


def _forget(connection: Connection, shard: Shard, ids: Sequence[str]) -> None:
    for chunk in chunks(ids, IN_ONE):
        mine = and_(recordings.c.experiment == shard.run.experiment, recordings.c.case_id.in_(chunk))
        connection.execute(delete(recordings).where(mine))


def _clean(shard: Shard, case: Case, data: Any) -> Any:
    return shard.redactor.clean(data, known=shard.redactor.marks(dict(case.input)))


def isolations(store: Store, experiment: str, *, look: datetime) -> list[str]:
    """How the candidate was held in the replays that count at a look, each way once; "" where nobody wrote it down."""
    counted = (taken.c.experiment == experiment, taken.c.counted.is_(True))
    case = and_(observations.c.experiment == taken.c.experiment, observations.c.case_id == taken.c.case_id)
    tables = taken.join(runs, and_(runs.c.id == taken.c.run, runs.c.end <= look)).join(observations, case)
    with store.read() as connection:
        found = connection.execute(select(observations.c.isolation).select_from(tables).where(*counted).distinct())
        return sorted({held or "" for held in found.scalars()})


def counting_runs(store: Store, experiment: str, *, look: datetime) -> list[str]:
    """Ids of the runs that stored the observations which count at a look, sorted."""
    counted = (taken.c.experiment == experiment, taken.c.counted.is_(True))
    case = and_(observations.c.experiment == taken.c.experiment, observations.c.case_id == taken.c.case_id)
    tables = taken.join(runs, and_(runs.c.id == taken.c.run, runs.c.end <= look)).join(observations, case)
    with store.read() as connection:
        found = connection.execute(select(observations.c.run).select_from(tables).where(*counted).distinct())
        return sorted(found.scalars())


def load_observations(store: Store, experiment: str, ids: Sequence[str]) -> dict[str, Observation]:
    """What the candidate did with each of these cases, as far as it was replayed and not pruned."""
    found: dict[str, Observation] = {}
    with store.read() as connection:
        for chunk in chunks(ids, IN_ONE):
            rows = connection.execute(
                select(observations.c.case_id, observations.c.body).where(
                    observations.c.experiment == experiment,
                    observations.c.case_id.in_(chunk),
                    observations.c.body.is_not(None),
                )
            )
            found.update({key: Observation.from_json(body) for key, body in rows})
    return found


def count_taken(store: Store, run: Run) -> dict[str, int]:
    """How many cases the run has taken and how many of them are replayed, set aside or dead letters."""
    with store.read() as connection:
        took = connection.execute(select(func.count()).select_from(taken).where(taken.c.run == run.id)).scalar_one()
        left = connection.execute(select(func.count()).select_from(_open(run).subquery())).scalar_one()
    return {"taken": int(took), "open": int(left)}


def redrive(store: Store, experiment: str) -> int:
    """Open the experiment's dead letters again, so that the next run of their windows takes them; how many."""
    with store.write() as connection:
        return connection.execute(delete(dead_letters).where(dead_letters.c.experiment == experiment)).rowcount
