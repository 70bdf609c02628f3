"""Contracts, experiments and runs: what is being tried, and which window a run takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import func, select, update

from shadow.contract import Contract, Digests, digest, digests, from_json, to_json
from shadow.errors import CandidateError, StoreError, UsageError
from shadow.plug import nearest
from shadow.store.engine import Store, upsert
from shadow.store.tables import contracts, experiments, runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """One contract's conduct with one candidate version.

    Attributes:
        number: which version tried on this conduct it is, from 1.
        contract: id of the newest contract that it was run under.
    """

    id: str
    workflow: str
    conduct: str
    label: str
    pin: str
    number: int
    contract: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One window `[start, end)` of arrivals taken through an experiment; `at_most` cases of it, or all."""

    id: str
    experiment: str
    workflow: str
    start: datetime
    end: datetime
    at_most: int | None


def record_contract(store: Store, contract: Contract, *, now: datetime) -> tuple[str, Digests]:
    """Keep the contract's text under its digest; the id and the three digests."""
    parts = digests(contract)
    key = digest([parts.conduct, parts.judgement, parts.governance])
    row = {
        "id": key,
        "workflow": contract.workflow,
        "conduct": parts.conduct,
        "judgement": parts.judgement,
        "governance": parts.governance,
        "text": to_json(contract),
        "recorded_at": now,
    }
    with store.write() as connection:
        upsert(connection, contracts, [row])
    return key, parts


def contract_of(store: Store, key: str) -> Contract:
    """The contract that was recorded under this id."""
    with store.read() as connection:
        text = connection.execute(select(contracts.c.text).where(contracts.c.id == key)).scalar()
    if text is None:
        raise StoreError("no such contract", where=key)
    return _read(text)


@lru_cache(maxsize=32)
def _read(text: str) -> Contract:
    """The same text is the same frozen contract; a report asks for it once a run."""
    return from_json(text)


def register(store: Store, contract: Contract, *, label: str, pin: str, now: datetime) -> Experiment:
    """The experiment of this conduct and this pin; made when it is new.

    Raises:
        CandidateError: the label was used for another pin of this workflow.
    """
    key, parts = record_contract(store, contract, now=now)
    made = f"{digest([contract.workflow, parts.conduct, pin])[:12]}-{contract.workflow}"
    with store.write() as connection:
        same = experiments.c.workflow == contract.workflow
        old = connection.execute(select(experiments.c.pin).where(same, experiments.c.label == label)).scalars().all()
        if any(one != pin for one in old):
            raise CandidateError(
                "the candidate has changed under an old label",
                where=f"{contract.workflow}: {label}",
                seen=f"pin {pin[:12]}, recorded {old[0][:12]}",
                todo="give the changed version a new label",
            )
        tried = connection.execute(
            select(func.count()).select_from(experiments).where(same, experiments.c.conduct == parts.conduct)
        ).scalar_one()
        row = {
            "id": made,
            "workflow": contract.workflow,
            "conduct": parts.conduct,
            "label": label,
            "pin": pin,
            "number": tried + 1,
            "contract": key,
            "recorded_at": now,
        }
        if not upsert(connection, experiments, [row]):
            connection.execute(update(experiments).where(experiments.c.id == made).values(contract=key))
    return experiment(store, made)


def experiment(store: Store, key: str) -> Experiment:
    """The experiment of this id."""
    with store.read() as connection:
        row = connection.execute(select(experiments).where(experiments.c.id == key)).mappings().first()
    if row is None:
        raise StoreError("no such experiment", where=key)
    return Experiment(**{name: row[name] for name in Experiment.__dataclass_fields__})


def find_experiment(store: Store, workflow: str, *, label: str = "") -> Experiment:
    """The workflow's experiment of this candidate label; the newest one where no label is given.

    Raises:
        UsageError: nothing was ever run for it; the known ones are named.
    """
    with store.read() as connection:
        rows = connection.execute(select(experiments).order_by(experiments.c.recorded_at)).mappings().all()
    mine = [row for row in rows if row["workflow"] == workflow and label in ("", row["label"])]
    if not mine:
        known = [f"{row['workflow']} {row['label']}" for row in rows]
        raise UsageError(
            "nothing was run for it yet",
            where=f"{workflow} {label}".strip(),
            allowed=", ".join(known) or "(none)",
            todo=nearest(f"{workflow} {label}", known) or "run it first",
        )
    return experiment(store, mine[-1]["id"])


def experiments_of(store: Store, workflow: str) -> list[Experiment]:
    """Every experiment of a workflow, the oldest first."""
    mine = select(experiments.c.id).where(experiments.c.workflow == workflow)
    with store.read() as connection:
        ids = list(connection.execute(mine.order_by(experiments.c.recorded_at, experiments.c.id)).scalars())
    return [experiment(store, key) for key in ids]


def tried(store: Store, one: Experiment) -> int:
    """How many candidate versions were tried on this experiment's conduct, itself included."""
    with store.read() as connection:
        same = (experiments.c.workflow == one.workflow, experiments.c.conduct == one.conduct)
        return int(connection.execute(select(func.count()).select_from(experiments).where(*same)).scalar_one())


def begin_run(store: Store, *, experiment_id: str, start: datetime, end: datetime, at_most: int | None) -> Run:
    """The run of this window; the same arguments give the same run."""
    if start.tzinfo is None or end.tzinfo is None:
        raise UsageError("a window's moments need a zone", where=experiment_id, seen=f"[{start}, {end})")
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    if not start < end:
        raise UsageError("a window needs a start before its end", where=experiment_id, seen=f"[{start}, {end})")
    if at_most is not None and at_most < 1:
        raise UsageError("at most so many cases: a whole number from 1", where=experiment_id, seen=str(at_most))
    one = experiment(store, experiment_id)
    key = digest([experiment_id, start.isoformat(), end.isoformat(), at_most])[:20]
    row = {
        "id": key,
        "experiment": experiment_id,
        "workflow": one.workflow,
        "start": start,
        "end": end,
        "at_most": at_most,
    }
    with store.write() as connection:
        upsert(connection, runs, [row])
    return run(store, key)


def run(store: Store, key: str) -> Run:
    """The run of this id."""
    with store.read() as connection:
        row = connection.execute(select(runs).where(runs.c.id == key)).mappings().first()
    if row is None:
        raise StoreError("no such run", where=key)
    return Run(**{name: row[name] for name in ("id", "experiment", "workflow", "start", "end", "at_most")})


def first_start(store: Store, experiment_id: str) -> datetime:
    """Where the experiment's evidence begins: the earliest start of its runs."""
    with store.read() as connection:
        earliest = select(func.min(runs.c.start)).where(runs.c.experiment == experiment_id)
        found: datetime | None = connection.execute(earliest).scalar()
    if found is None:
        raise StoreError("the experiment has no run", where=experiment_id)
    return found


def note_run(store: Store, key: str, **values: Any) -> None:
    """Write what a step found out about its run: counts, isolation, mode."""
    with store.write() as connection:
        connection.execute(update(runs).where(runs.c.id == key).values(**values))


def run_notes(store: Store, key: str) -> Mapping[str, Any]:
    """All columns of a run."""
    with store.read() as connection:
        row = connection.execute(select(runs).where(runs.c.id == key)).mappings().first()
    if row is None:
        raise StoreError("no such run", where=key)
    return dict(row)


def save_validation(store: Store, key: str, validation: Mapping[str, Any]) -> None:
    """Keep what was found in a run's data; `validation["ok"]` decides whether anything is spent on it."""
    note_run(store, key, validation=dict(validation), sound=bool(validation["ok"]))


def profiles(store: Store, workflow: str, *, before: datetime) -> list[dict[str, Any]]:
    """Profiles of the workflow's earlier sound windows, oldest first, one a window."""
    with store.read() as connection:
        rows = connection.execute(
            select(runs.c.start, runs.c.end, runs.c.validation)
            .where(runs.c.workflow == workflow, runs.c.sound.is_(True), runs.c.end <= before)
            .order_by(runs.c.start, runs.c.end)
        ).all()
    found = {(start, end): validation["profile"] for start, end, validation in rows}
    return list(found.values())


def unsound(store: Store, experiment_id: str, *, look: datetime) -> list[dict[str, Any]]:
    """Windows up to `look` whose data was stopped: id, start, end, and the problems by column."""
    with store.read() as connection:
        rows = connection.execute(
            select(runs.c.id, runs.c.start, runs.c.end, runs.c.validation)
            .where(runs.c.experiment == experiment_id, runs.c.sound.is_(False), runs.c.end <= look)
            .where(runs.c.at_most.is_(None))
            .order_by(runs.c.start)
        ).all()
    return [
        {"run": key, "start": start, "end": end, "problems": validation["problems"]}
        for key, start, end, validation in rows
    ]


def validated(store: Store, experiment_id: str, *, look: datetime) -> tuple[int, int]:
    """How many of the experiment's windows up to `look` were validated, and how many were not."""
    with store.read() as connection:
        rows = connection.execute(
            select(runs.c.sound).where(runs.c.experiment == experiment_id, runs.c.end <= look, runs.c.at_most.is_(None))
        ).scalars()
        found = list(rows)
    return sum(sound is not None for sound in found), sum(sound is None for sound in found)


def windows(store: Store, experiment_id: str, *, look: datetime) -> list[list[str]]:
    """The notes of each validated window up to `look`, in order: what its data could not be held against."""
    with store.read() as connection:
        rows = connection.execute(
            select(runs.c.validation)
            .where(runs.c.experiment == experiment_id, runs.c.end <= look, runs.c.sound.is_not(None))
            .order_by(runs.c.start)
        ).scalars()
        return [list(validation.get("notes", [])) for validation in rows]


def accept_window(
    store: Store, experiment_id: str, *, start: datetime, end: datetime, who: str, why: str, now: datetime
) -> str:
    """Take a stopped window as sound after all, on somebody's word; the run's id.

    The word holds for exactly what was found: other problems in the same window stop it again. The window becomes
    part of what later ones are held against.

    Raises:
        UsageError: no such window was stopped, or nobody and no reason is named.
    """
    if not who.strip() or not why.strip():
        raise UsageError("a person and a reason are needed", where=experiment_id, todo='--who and --why "…"')
    found = [one for one in unsound(store, experiment_id, look=end) if (one["start"], one["end"]) == (start, end)]
    if not found:
        raise UsageError("no such window was stopped", where=experiment_id, seen=f"[{start}, {end})")
    key = str(found[0]["run"])
    word = {"who": who, "why": why, "at": now.isoformat(), "of": digest(found[0]["problems"])}
    note_run(store, key, sound=True, validation={**run_notes(store, key)["validation"], "accepted": word})
    return key


def accepted(store: Store, key: str) -> Mapping[str, str] | None:
    """Who took the run's window as sound, why, when, and the digest of what was found; None where nobody did."""
    validation = run_notes(store, key)["validation"] or {}
    word: Mapping[str, str] | None = validation.get("accepted")
    return word
