"""What the home page says of each workflow, gathered from the store: small rows, no case is looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from shadow.approval import signed
from shadow.store import Store
from shadow.store.registry import Experiment, experiment
from shadow.store.requests import Request, open_requests
from shadow.store.stages import StageRow, stage_of
from shadow.store.tables import contracts, experiments
from shadow.store.verdicts import StoredVerdict, verdicts_of

UNSIGNED = "unsigned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One candidate version of a workflow at its newest look.

    Attributes:
        word: the verdict's word; "not assessed" before the first look.
        look: aware UTC; None before the first.
        days: as the calendar counts them, "9 of 14"; the days with cases where no gate counts any; empty if unknown.
        missing: what each gate that does not pass still needs, or why it does not, one sentence each.
        forecast: when it may be there; empty where nothing is missing or nobody knows.
    """

    experiment: str
    label: str
    word: str
    look: datetime | None
    days: str
    missing: tuple[str, ...]
    forecast: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """One workflow.

    Attributes:
        contract: id of the newest contract; `signed` says whether its approvers have signed it.
        stage: the newest change of stage; None where it never left shadow.
        trials: candidate versions, the newest first.
        requests: what waits for people's votes, oldest first.
    """

    workflow: str
    contract: str
    signed: bool
    stage: StageRow | None
    trials: tuple[Trial, ...]
    requests: tuple[Request, ...]


def workflows(store: Store) -> list[str]:
    """Every workflow that the store knows, by name."""
    with store.read() as connection:
        return list(
            connection.execute(select(contracts.c.workflow).distinct().order_by(contracts.c.workflow)).scalars()
        )


def glance(store: Store, workflow: str) -> Glance:
    """How a workflow stands."""
    newest = select(contracts.c.id).where(contracts.c.workflow == workflow).order_by(contracts.c.recorded_at.desc())
    mine = select(experiments.c.id).where(experiments.c.workflow == workflow)
    with store.read() as connection:
        contract = str(connection.execute(newest.limit(1)).scalar_one())
        ids = list(connection.execute(mine.order_by(experiments.c.recorded_at.desc(), experiments.c.id)).scalars())
    held = [experiment(store, key) for key in ids]
    now = held[0].contract if held else contract
    proven = {key: signed(store, key) for key in {now, *(one.contract for one in held)}}  # each walks the ledger
    return Glance(
        workflow=workflow,
        contract=now,
        signed=proven[now],
        stage=stage_of(store, workflow),
        trials=tuple(_trial(one, verdicts_of(store, one.id), proven[one.contract]) for one in held),
        requests=tuple(open_requests(store, workflow)),
    )


def word_of(verdict: StoredVerdict | None, *, is_signed: bool) -> str:
    """A verdict's word as people see it: under a contract that nobody has signed it says so."""
    if verdict is None:
        return "not assessed"
    return verdict.word if is_signed else f"{verdict.word}, {UNSIGNED}"


def _trial(one: Experiment, looks: list[StoredVerdict], is_signed: bool) -> Trial:
    last = looks[-1] if looks else None
    body: Mapping[str, Any] = last.body if last else {}
    findings = body.get("findings", [])
    return Trial(
        experiment=one.id,
        label=one.label,
        word=word_of(last, is_signed=is_signed),
        look=last.look if last else None,
        days=_days(body),
        missing=_missing(findings),
        forecast=str(body.get("forecast", "")),
    )


def _missing(findings: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """What is still needed; gates that wait for the same thing stand together."""
    waiting: dict[str, list[str]] = {}
    for finding in findings:
        if finding["status"] != "pass":
            waiting.setdefault(str(finding["needs"] or finding["reason"]), []).append(str(finding["gate"]))
    return tuple(f"{', '.join(gates)}: {need}" for need, gates in waiting.items())


def _days(body: Mapping[str, Any]) -> str:
    for finding in body.get("findings", []):
        if finding["gate"] == "calendar":
            numbers = finding["numbers"]
            return f"{numbers.get('closed_days', 0)} of {numbers.get('days', '?')}"
    days = body.get("numbers", {}).get("days")
    return "" if days is None else str(days)
