"""Assess: the evidence at the end of the run's window, every gate asked, the verdict kept with its digests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from shadow.approval import withdraw_stale
from shadow.candidates.parts import parts_of
from shadow.contract import Contract, Severity, canonical, digests
from shadow.evidence.counts import Table
from shadow.evidence.evidence import Evidence, Problem
from shadow.evidence.judged import Judged, Standing
from shadow.evidence.tally import tally
from shadow.evidence.version import VERSION
from shadow.gates import Verdict, decide
from shadow.gates.grounds import Grounds, grounds
from shadow.gates.verdict import COOPERATIVE, enforced
from shadow.review.judging import judged
from shadow.setup import Setup
from shadow.steps.beginning import Clock, utc_now
from shadow.steps.certifying import not_shown
from shadow.store import Store
from shadow.store.labels import Label
from shadow.store.references import reference_of
from shadow.store.registry import Experiment, contract_of, experiment, run, tried, unsound, validated
from shadow.store.replays import isolations
from shadow.store.standings import StandingRow
from shadow.store.verdicts import StoredVerdict, save_verdict


@dataclass(slots=True, kw_only=True)
class Fingerprints:
    """Two digests that grow as the cases pass by: what was decided on, and what was measured."""

    decision: Any = field(default_factory=sha256)
    measurement: Any = field(default_factory=sha256)

    def add(self, row: StandingRow, seen: Judged, label: Label | None) -> None:
        """Take in one case; rows come in the order of `standings`."""
        word = [label.side, label.grade] if label and seen.labelled else None
        decided = [
            row.case_id,
            row.input_digest,
            str(seen.standing),
            row.revision,
            row.agreement,
            row.severity,
            row.discrepancy,
            row.reason,
            seen.similarity,
            word,
            seen.label_due,
        ]
        self.decision.update(canonical(decided).encode() + b"\n")
        self.measurement.update(
            canonical([row.case_id, row.duration_s, row.cost_usd, seen.control_duration_s]).encode() + b"\n"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What one look found: the evidence, the verdict, and the digests that it is bound to."""

    evidence: Evidence
    verdict: Verdict
    decision_digest: str
    measurement_digest: str


def assess(store: Store, setup: Setup, run_id: str, *, clock: Clock = utc_now) -> dict[str, Any]:
    """Take the run's look and keep its verdict; what people were asked about and no longer holds is withdrawn.

    Returns:
        verdict (its word), experiment, run, look, decision_digest, open (findings that do not pass), reasons.
    """
    one = run(store, run_id)
    held = experiment(store, one.experiment)
    found = assess_at(store, held, contract=setup.contract, look=one.end)
    now = clock()
    save_verdict(store, _stored(found, held, run_id, _grounds(found, held, setup, now)))
    withdraw_stale(store, held.id, now=now)
    return {
        "verdict": str(found.verdict.word),
        "experiment": held.id,
        "run": run_id,
        "look": one.end.isoformat(),
        "decision_digest": found.decision_digest,
        "open": [finding.gate for finding in found.verdict.findings if finding.status != "pass"],
        "reasons": list(found.verdict.reasons),
    }


def assess_at(store: Store, held: Experiment, *, contract: Contract | None = None, look: datetime) -> Assessment:
    """The verdict at any look, from what the store holds; nothing is written."""
    contract = contract or contract_of(store, held.contract)
    prints = Fingerprints()
    counts = tally(_passing(store, held, contract=contract, look=look, prints=prints), look)
    good, bad = validated(store, held.id, look=look)
    evidence = Evidence(
        counts=counts,
        look=look,
        settles_within=contract.settles_within,
        labels_within=contract.labels_within,
        cases_per_day=contract.cases_per_day,
        price_known=not counts.number(Table.UNKNOWN, "cost"),
        problems=tuple(_problems(unsound(store, held.id, look=look))),
        validated=good,
        unvalidated=bad,
        versions_tried=tried(store, held),
        reference=reference_of(store, held.id),
    )
    verdict = decide(
        evidence,
        contract.gates,
        demonstration=contract.demonstration,
        isolation=held_how(store, held, look),
        horizon_days=contract.horizon_days,
        family=held.number if contract.family else 0,
    )
    parts = digests(contract)
    prints.decision.update(
        canonical(
            [parts.conduct, parts.judgement, held.pin, [bound.spec() for bound in contract.gates], VERSION]
        ).encode()
    )
    return Assessment(
        evidence=evidence,
        verdict=verdict,
        decision_digest=prints.decision.hexdigest(),
        measurement_digest=prints.measurement.hexdigest(),
    )


def held_how(store: Store, held: Experiment, look: datetime) -> str:
    """How the candidate was held in what the look rests on: the weakest way, where it was not always the same.

    What claims to be enforced counts as that only where every attempt behind it told how it held the candidate, and
    a preflight that passed, or an attestation in time, stands behind each that did.
    """
    found = isolations(store, held.id, look=look)
    weakest = next((way for way in found if not enforced(way)), found[0] if found else "") or COOPERATIVE
    return (not_shown(store, held, look=look) if enforced(weakest) else "") or weakest


def _passing(
    store: Store, held: Experiment, *, contract: Contract, look: datetime, prints: Fingerprints
) -> Iterator[Judged]:
    for row, label, seen in judged(store, held, contract=contract, look=look):
        prints.add(row, seen, label)
        yield seen


def _problems(windows: Iterable[dict[str, Any]]) -> Iterator[Problem]:
    for window in windows:
        span = f"{window['start']:%Y-%m-%d %H:%M} to {window['end']:%Y-%m-%d %H:%M}"
        for problem in window["problems"]:
            yield Problem(span, problem["column"], problem["what"], int(problem["count"]))


def _grounds(found: Assessment, held: Experiment, setup: Setup, now: datetime) -> Grounds:
    here = next((one for one in setup.candidates if one.label == held.label and one.pin == held.pin), None)
    return grounds(
        setup.contract,
        counts=found.verdict.counts,
        pin=held.pin,
        taken=now,
        candidate=parts_of(here) if here else None,
    )


def _stored(found: Assessment, held: Experiment, run_id: str, stands_on: Grounds) -> StoredVerdict:
    return StoredVerdict(
        run=run_id,
        experiment=held.id,
        look=found.evidence.look,
        word=str(found.verdict.word),
        contract=held.contract,
        decision_digest=found.decision_digest,
        measurement_digest=found.measurement_digest,
        counts_digest=found.verdict.counts,
        body={
            **found.verdict.to_json(),
            "numbers": _numbers(found.evidence),
            "grounds": stands_on.to_json(),
        },
    )


def _numbers(evidence: Evidence) -> dict[str, int]:
    """What a person who decides reads first."""
    counts = evidence.counts
    return {
        "compared": counts.number(Table.CASES, Standing.COMPARED),
        "discrepancies": counts.number(Table.DISCREPANCIES),
        "critical": counts.number(Table.GRADES, Severity.CRITICAL),
        "days": len(counts.days),
    }
