"""A small desk whose cases, outcomes and observations are made by name."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from comparators.exact import exact
from shadow.case import Arrival, Case, Settlement
from shadow.compare.compare import compare
from shadow.compare.result import digest_of
from shadow.contract import Contract, contract, digests, major, write
from shadow.gates.calendar import calendar
from shadow.observation import Effect, Ending, Observation
from shadow.steps.entries import entry_of
from shadow.store import Store
from shadow.store.cases import Entry, Kept, save_cases, save_settlements
from shadow.store.leases import Lease, take
from shadow.store.registry import Experiment, Run, begin_run, note_run, register, run_notes
from shadow.store.replays import Shard, save_observations, take_cases
from shadow.store.results import Compared, save_results
from shadow.store.tables import metadata

START = datetime(2026, 11, 1, tzinfo=UTC)
KEEP = timedelta(days=90)
CONTRACT: Contract = contract(
    "desk",
    owner="ops",
    unit="unit",
    accepts={
        "type": "object",
        "properties": {"unit": {"type": "string"}, "country": {}, "email": {}, "note": {}},
        "required": ["unit"],
    },
    produces={"type": "object", "properties": {"decision": {"type": "string"}}, "required": ["decision"]},
    tools=[write("pay", entity="order", key="order", reversible=False)],
    compare={"decision": major(exact())},
    gates=[calendar(days=2)],
    slices=["country"],
    redact=["email", "phone"],
)
JUDGEMENT = digests(CONTRACT).judgement


def at(day: float = 0, hour: float = 0) -> datetime:
    """So many days and hours after the start."""
    return START + timedelta(days=day, hours=hour)


def entry(key: str, day: float = 0, *, hour: float = 9, unit: str = "u1", **given: Any) -> Entry:
    """A case that arrived on this day."""
    moment = at(day, hour)
    row = {"unit": unit, "country": "DE", **given}
    return entry_of(CONTRACT, Arrival(id=key, arrived_at=moment, began_at=moment, input=row))


def bring(store: Store, *entries: Entry) -> Kept:
    """Keep these cases."""
    return save_cases(store, "desk", entries, redactor=store.redactor(CONTRACT.redact), keep=KEEP)


def settle(store: Store, *outcomes: Settlement, **more: Any) -> dict[str, int]:
    """Keep these outcomes."""
    redactor = store.redactor(CONTRACT.redact)
    return save_settlements(store, "desk", outcomes, redactor=redactor, keep=KEEP, **more)


def outcome(key: str, day: float = 0, decision: str = "approve", *, hour: float = 12, **more: Any) -> Settlement:
    """What the control did with a case, as of this day."""
    return Settlement(case_id=key, settled_at=at(day, hour), observation=seen(decision, **more))


def seen(decision: str = "approve", *, effects: tuple[Effect, ...] = (), **value: Any) -> Observation:
    """A finished observation."""
    return Observation(
        ending=Ending.FINISHED, value={"decision": decision, **value}, effects=effects, duration_s=0.5, cost_usd=0.01
    )


def experiment(store: Store, label: str = "v1", **more: Any) -> Experiment:
    """The experiment of this label."""
    return register(store, more.get("of", CONTRACT), label=label, pin=(label * 64)[:64], now=START)


def window(store: Store, one: Experiment, day: float = 0, *, days: float = 1, at_most: int | None = None) -> Run:
    """A run of some days."""
    return begin_run(store, experiment_id=one.id, start=at(day), end=at(day + days), at_most=at_most)


def plan(store: Store, run: Run, *, since: float = 0, size: int = 100) -> tuple[list[int], dict[str, int]]:
    """Take cases, and write down that it was done, as the step does."""
    shards, counts = take_cases(store, run, since=at(since), shard_size=size)
    note_run(store, run.id, counts={**(run_notes(store, run.id)["counts"] or {}), **counts})
    return shards, counts


def lease(store: Store, run: Run, shard: int = 0, *, holder: str = "me") -> Lease:
    """The right to commit for a shard."""
    return take(store, run.experiment, f"replay:{run.id}:{shard}", holder=holder, now=START)


def replayed(store: Store, run: Run, *pairs: tuple[Entry, Observation], held: Lease | None = None) -> int:
    """Commit what the candidate did."""
    done = [(one.case, observation) for one, observation in pairs]
    return save_observations(store, shard(store, run, held), done, now=at(1))


def shard(store: Store, run: Run, held: Lease | None = None, **more: Any) -> Shard:
    """What commits of the run's first shard are made with."""
    redactor = store.redactor(CONTRACT.redact)
    return Shard(run=run, lease=held or lease(store, run), redactor=redactor, keep=KEEP, **more)


def compared(
    store: Store, run: Run, one: Entry, control: Observation, candidate: Observation, revision: int = 1
) -> int:
    """Commit what comparing found."""
    found = Compared(
        result=compare(CONTRACT, one.case, control, candidate),
        revision=revision,
        discrepancy=digest_of(control, candidate),
        stale=False,
        keep_until=one.case.arrived_at + KEEP,
    )
    return save_results(store, run, lease(store, run), [found], judgement=JUDGEMENT)


def case(key: str, day: float = 0, **more: Any) -> Case:
    """A case alone."""
    return entry(key, day, **more).case


def everything(store: Store) -> str:
    """All that stands in all tables, as the database prints it."""
    with store.read() as connection:
        return "\n".join(
            str(tuple(row)) for table in metadata.sorted_tables for row in connection.execute(select(table))
        )


def in_a_process(work: Callable[[], int]) -> int:
    """What `work` answers in a forked process, 99 if it raises."""
    child = os.fork()
    if not child:
        code = 99
        try:
            code = work()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
