"""The same worlds in a real store: rows as the steps would write them, labels as people would give them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from benchmarks.readiness.told import label_of, row_of
from benchmarks.readiness.world import FIRST, World
from shadow.contract import Contract, digests
from shadow.store import Store, open_store
from shadow.store.labels import save_labels
from shadow.store.registry import Experiment, begin_run, register, save_validation
from shadow.store.standings import StandingRow
from shadow.store.tables import cases, observations, results, settlements, taken

KEEP = timedelta(days=90)
SOUND = {"ok": True, "rows": 0, "problems": [], "notes": [], "profile": {}}
TABLES = (cases, settlements, taken, observations, results)
Rows = list[dict[str, Any]]


def stored(world: World, contract: Contract, place: Path, *, days: int) -> tuple[Store, Experiment]:
    """A store with all cases of the first days, each day taken in by a run of its own; labels lie at their moments."""
    store = open_store(f"sqlite:///{place / 'store.db'}")
    start = datetime.combine(FIRST, time(), tzinfo=UTC)
    one = register(store, contract, label="drawn", pin="5" * 64, now=start)
    runs = []
    for day in range(days):
        begin = start + timedelta(days=day)
        run = begin_run(store, experiment_id=one.id, start=begin, end=begin + timedelta(days=1), at_most=None)
        save_validation(store, run.id, SOUND)
        runs.append(run.id)
    rows: Mapping[str, Rows] = {table.name: [] for table in TABLES}
    said = []
    for number in range(int((world.cases.day < days).sum())):
        row = row_of(world, number)
        _add(rows, row, (one, runs[int(world.cases.day[number])], digests(contract).judgement))
        said += [label for label in (label_of(world, number, row, experiment=one.id),) if label]
    with store.write() as connection:
        for table in TABLES:
            connection.execute(insert(table), rows[table.name])
    save_labels(store, said)
    return store, one


def _add(rows: Mapping[str, Rows], row: StandingRow, held: tuple[Experiment, str, str]) -> None:
    one, run, judgement = held
    keep = row.arrived_at + KEEP
    case = {"workflow": one.workflow, "case_id": row.case_id}
    mine = {"experiment": one.id, "case_id": row.case_id}
    rows[cases.name].append({
        "workflow": one.workflow, "id": row.case_id, "unit": row.unit, "arrived_at": row.arrived_at,
        "began_at": row.began_at or row.arrived_at, "input": {}, "input_digest": "0" * 64, "slices": dict(row.slices),
        "aside": row.aside or None, "doubled": 0, "keep_until": keep,
    })  # fmt: skip
    rows[taken.name].append({**mine, "run": run, "shard": 0, "counted": True})
    if row.settled_at is not None:
        rows[settlements.name].append({
            **case, "revision": 1, "digest": "0" * 64, "settled_at": row.settled_at, "body": {}, "keep_until": keep,
        })  # fmt: skip
    if not row.ending:
        return
    rows[observations.name].append({
        **mine, "run": run, "ending": row.ending, "body": {}, "duration_s": row.duration_s, "cost_usd": row.cost_usd,
        "finished_at": keep, "keep_until": keep,
    })  # fmt: skip
    rows[results.name].append({
        **mine, "revision": 1, "judgement": judgement, "agreement": str(row.agreement),
        "severity": row.severity or None, "stale": row.stale, "reason": "", "discrepancy": row.discrepancy,
        "similarity": row.similarity, "body": {}, "keep_until": keep,
    })  # fmt: skip
