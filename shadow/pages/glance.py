"""What the home page says of each workflow, gathered from the store: small rows, no case is looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from shadow.approval import signed, void_because
from shadow.reports.words import outlook, tried
from shadow.store import Store
from shadow.store.registry import Experiment, experiment
from shadow.store.requests import Request, open_requests
from shadow.store.stages import StageRow, stage_of
from shadow.store.tables import contracts, experiments
from shadow.store.verdicts import StoredVerdict, verdicts_of

UNSIGNED, VOID = "unsigned", "void"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One candidate version of a workflow at its newest look.

    Attributes:
        word: the verdict's word; "not assessed" before the first look.
        look: aware UTC; None before the first.
        days: as the calendar counts them, "9 of 14"; the days with cases where no gate counts any; empty if unknown.
        missing: what each gate that does not pass still needs, or why it does not, one sentence each.
        forecast: when it may be there, or that the trial is over; empty where nothing is missing or nobody knows.
        void: why the verdict no longer says anything, a sentence each; empty where it holds.
        ended: whether the trial is over without an answer.
        tried: how many versions were tried and what that does to the error rates; empty where this is the only one.
    """

    experiment: str
    label: str
    word: str
    look: datetime | None
    days: str
    missing: tuple[str, ...]
    forecast: str
    void: tuple[str, ...] = ()
    ended: bool = False
    tried: str = ""


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


def glance(store: Store, workflow: str, *, now: datetime | None = None) -> Glance:
    """How a workflow stands.

    Args:
        now: as of when verdicts hold or are void, aware UTC; the present moment where not given.
    """
    newest = select(contracts.c.id).where(contracts.c.workflow == workflow).order_by(contracts.c.recorded_at.desc())
    mine = select(experiments.c.id).where(experiments.c.workflow == workflow)
    with store.read() as connection:
        contract = str(connection.execute(newest.limit(1)).scalar_one())
        ids = list(connection.execute(mine.order_by(experiments.c.recorded_at.desc(), experiments.c.id)).scalars())
    held = [experiment(store, key) for key in ids]
    current = held[0].contract if held else contract
    proven = {key: signed(store, key) for key in {current, *(one.contract for one in held)}}  # each walks the ledger
    at = now or datetime.now(UTC)
    return Glance(
        workflow=workflow,
        contract=current,
        signed=proven[current],
        stage=stage_of(store, workflow),
        trials=tuple(
            _trial(one, verdicts_of(store, one.id), proven[one.contract], void_because(store, one, now=at))
            for one in held
        ),
        requests=tuple(open_requests(store, workflow)),
    )


def word_of(verdict: StoredVerdict | None, *, is_signed: bool, is_void: bool = False) -> str:
    """A verdict's word as people see it: that it is void, or under a contract that nobody has signed, stands in it."""
    if verdict is None:
        return "not assessed"
    marks = ((VOID, is_void), (UNSIGNED, not is_signed))
    return ", ".join((verdict.word, *(mark for mark, stands in marks if stands)))


def _trial(one: Experiment, looks: list[StoredVerdict], is_signed: bool, void: tuple[str, ...]) -> Trial:
    last = looks[-1] if looks else None
    body: Mapping[str, Any] = last.body if last else {}
    findings = body.get("findings", [])
    return Trial(
        experiment=one.id,
        label=one.label,
        word=word_of(last, is_signed=is_signed, is_void=bool(void)),
        look=last.look if last else None,
        days=_days(body),
        missing=_missing(findings),
        forecast=_forecast(body),
        void=void,
        ended=bool(body.get("ended", False)),
        tried=_tried(body),
    )


def _forecast(body: Mapping[str, Any]) -> str:
    ended, said = bool(body.get("ended", False)), str(body.get("forecast", ""))
    return ": ".join(outlook(said, ended=True)) if ended else said


def _tried(body: Mapping[str, Any]) -> str:
    versions, family = int(body.get("versions_tried", 0)), int(body.get("family", 0))
    return tried(versions, family) if max(versions, family) > 1 else ""


def _missing(findings: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """What is still needed; gates that wait for the same thing stand together."""
    waiting: dict[str, list[str]] = {}
    for finding in findings:
        if finding["status"] != "pass":
            waiting.setdefault(str(finding.get("needs") or finding["reason"]), []).append(str(finding["gate"]))
    return tuple(f"{', '.join(gates)}: {need}" for need, gates in waiting.items())


def _days(body: Mapping[str, Any]) -> str:
    for finding in body.get("findings", []):
        if finding["gate"] == "calendar":
            numbers = finding["numbers"]
            return f"{numbers.get('closed_days', 0)} of {numbers.get('days', '?')}"
    days = body.get("numbers", {}).get("days")
    return "" if days is None else str(days)
