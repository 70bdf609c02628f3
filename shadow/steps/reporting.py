"""Report: everything a reader sees of one look, gathered once, then written as HTML, text and JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from math import ceil
from pathlib import Path
from typing import Any

from shadow.approval import signed
from shadow.contract import Contract, digests
from shadow.errors import UsageError
from shadow.evidence import distinct
from shadow.evidence.counts import Table
from shadow.gates import Verdict
from shadow.reports import html, text
from shadow.reports.blind import blind_spots
from shadow.reports.parts import (
    CandidateRow,
    Cost,
    Digests,
    FindingRow,
    Latency,
    Quality,
    Served,
    StoppedRow,
    Window,
)
from shadow.reports.report import Report
from shadow.setup import Setup
from shadow.steps.assessing import held_how
from shadow.steps.beginning import utc_now
from shadow.steps.certifying import certify
from shadow.steps.telling.causing import cause_rows
from shadow.steps.telling.containing import contained
from shadow.steps.telling.happened import happened
from shadow.steps.telling.history import curves, day_rows, first_day, look_day, look_rows
from shadow.steps.telling.limits import limit_curves
from shadow.steps.telling.validity import alike, expires, void_at
from shadow.steps.telling.walk import Walk, totals, walk
from shadow.store import Store
from shadow.store.deeds import deeds, not_taken
from shadow.store.registry import Experiment, contract_of, experiment, first_start, run, unsound, windows
from shadow.store.verdicts import StoredVerdict, verdicts_of

MICRO_USD = Decimal("0.000001")


def report(store: Store, setup: Setup, run_id: str, *, directory: Path) -> str:
    """Keep the run's certificate and write the report of its look; the path of its HTML page, .txt and .json beside."""
    one = run(store, run_id)
    certify(store, run_id)
    made = build_report(store, one.experiment, look=one.end)
    folder = directory / one.experiment
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / f"{look_day(one.end):%Y-%m-%d}-{run_id[:8]}.html"
    html.write(made, page)
    page.with_suffix(".txt").write_text(text.text(made), encoding="utf-8")
    page.with_suffix(".json").write_text(json.dumps(made.to_json(), ensure_ascii=False), encoding="utf-8")
    return str(page)


def build_report(
    store: Store, experiment_id: str, *, look: datetime | None = None, now: datetime | None = None
) -> Report:
    """The frozen report of an experiment's newest look, or of the one at `look`.

    Args:
        now: as of when it is said whether the verdict still holds, aware UTC; the present moment where not given.

    Raises:
        UsageError: there is no such look.
    """
    one = experiment(store, experiment_id)
    looks = [v for v in verdicts_of(store, one.id) if look is None or v.look <= look]
    if not looks or (look is not None and looks[-1].look != look):
        raise UsageError("there is no verdict of that look", where=one.id, seen=str(look), todo="run it first")
    last = looks[-1]
    contract = contract_of(store, last.contract)
    met = walk(store, one, contract=contract, look=last.look)
    made = _known(_report(store, one, contract, met, looks), last.body)
    return as_it_stands(store, _drawn(made, alike(store, looks), contract, len(looks)), now=now or utc_now())


def as_it_stands(store: Store, made: Report, *, now: datetime) -> Report:
    """A report, perhaps one that was kept, with what is known now of whether its verdict still holds.

    Args:
        now: aware UTC.
    """
    return replace(made, void=void_at(store, experiment(store, made.experiment), made.look, now=now), as_of=now)


def _report(store: Store, one: Experiment, contract: Contract, met: Walk, looks: Sequence[StoredVerdict]) -> Report:
    last = looks[-1]
    verdict = Verdict.from_json(last.body)
    summed = totals(met, not_taken=not_taken(store, one, look=last.look))
    open_causes, resolved = cause_rows(store, one, met)
    return Report(
        title=f"{contract.workflow}: {one.label}",
        workflow=contract.workflow,
        owner=contract.owner,
        candidate=CandidateRow(label=one.label, pin=one.pin),
        experiment=one.id,
        window=Window(start=first_start(store, one.id), end=last.look),
        look=last.look,
        verdict=last.word,
        reasons=verdict.reasons,
        forecast=verdict.forecast,
        first_ready=first_day(looks, "ready"),
        first_not_ready=first_day(looks, "not ready"),
        holds_now=last.word.startswith("ready"),
        isolation=held_how(store, one, last.look),
        findings=tuple(_finding(finding.to_json()) for finding in verdict.findings),
        served=_served(met, contract),
        totals=summed,
        happened=happened(deeds(store, one, look=last.look), contract, stale=met.stale),
        causes=open_causes,
        resolved=resolved,
        blind=blind_spots(summed),
        latency=_latency(met.durations),
        cost=_cost(met.costs),
        quality=_quality(store, one, last.look),
        digests=_digests(contract, one, last),
        days=day_rows(met.counts, last.look),
        looks=look_rows(looks),
        harm_limit=next((b.params["at_most"] for b in contract.gates if b.name == "harmful_rate"), None),
        unsigned=not signed(store, last.contract),
        notes=_notes(store, one, contract, met),
        contained=contained(store, one, look=last.look, run=last.run),
    )


def _known(made: Report, body: Mapping[str, Any]) -> Report:
    """With what the verdict knows beside its word; a body that was kept before it did knows none of it."""
    return replace(
        made,
        until=expires(body),
        ended=bool(body.get("ended", False)),
        versions_tried=int(body.get("versions_tried", 0)),
        family=int(body.get("family", 0)),
    )


def _drawn(made: Report, looks: Sequence[StoredVerdict], contract: Contract, of: int) -> Report:
    """With each gate's way over these looks, out of so many that there are."""
    left = of - len(looks)
    what = "earlier looks were" if left > 1 else "earlier look was"
    note = f"{left:,} {what} taken under another judgement: what was measured then is not drawn."
    notes = (*made.notes, note) if left else made.notes
    return replace(made, curves=curves(looks), limits=limit_curves(looks, contract), notes=notes)


def _finding(data: dict[str, object]) -> FindingRow:
    return FindingRow(**data)  # type: ignore[arg-type]  # the same fields by construction


def _served(met: Walk, contract: Contract) -> Served:
    days = [*met.counts.days]
    return Served(
        units=distinct.estimate(met.counts.units),
        unit_days=sum(met.counts.table(Table.SERVED, days).values()),
        cases=len(met.compared),
        unit=contract.unit.removesuffix("_id").replace("_", " "),
    )


def _latency(seconds: Sequence[float]) -> Latency:
    ordered = sorted(seconds)
    if not ordered:
        return Latency(cases=0, p50_s=None, p95_s=None, max_s=None)
    p50, p95 = (ordered[max(ceil(share * len(ordered)) - 1, 0)] for share in (0.5, 0.95))
    return Latency(cases=len(ordered), p50_s=p50, p95_s=p95, max_s=ordered[-1])


def _cost(dollars: Sequence[float]) -> Cost:
    if not dollars:
        return Cost(cases=0, total_usd=None, per_case_usd=None)
    total = sum((Decimal(str(one)) for one in dollars), Decimal(0))
    return Cost(cases=len(dollars), total_usd=total, per_case_usd=(total / len(dollars)).quantize(MICRO_USD))


def _quality(store: Store, one: Experiment, look: datetime) -> Quality:
    looked = windows(store, one.id, look=look)
    stopped = tuple(
        StoppedRow(
            window=Window(start=window["start"], end=window["end"]),
            check=str(problem["expectation"]),
            column=str(problem["column"]),
            count=int(problem["count"]),
            sentence=str(problem["what"]),
        )
        for window in unsound(store, one.id, look=look)
        for problem in window["problems"]
    )
    without = sum(bool(notes) for notes in looked)
    return Quality(windows=len(looked), without_reference=without, stopped=stopped)


def _digests(contract: Contract, one: Experiment, last: StoredVerdict) -> Digests:
    parts = digests(contract)
    return Digests(
        decision=last.decision_digest,
        measurement=last.measurement_digest,
        conduct=parts.conduct,
        judgement=parts.judgement,
        governance=parts.governance,
        pin=one.pin,
        counts=last.counts_digest,
    )


def _notes(store: Store, one: Experiment, contract: Contract, met: Walk) -> tuple[str, ...]:
    notes = []
    if met.cleared:
        notes.append(f"In {met.cleared:,} discrepancies a label says that the candidate was right.")
    if contract.demonstration:
        notes.append("The contract is a demonstration: this verdict never routes real work.")
    if not signed(store, one.contract):
        notes.append("The contract is unsigned: until its approvers have signed it, nothing can be promoted.")
    return tuple(notes)
