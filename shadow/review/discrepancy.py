"""One discrepancy as a reviewer sees it: the input, both sides place by place, why it was graded so, what was said.

All of it comes from the store. What was pruned meanwhile is None, and a page says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from shadow.case import Case
from shadow.compare.result import CONTAINMENT, FAILURE, STOP, Agreement, Comparison, Result
from shadow.compare.sentences import in_this_case
from shadow.compare.stale import stale_reads
from shadow.contract import ESCALATE, Contract, Severity, digests
from shadow.contract.model import EffectRule
from shadow.errors import StoreError
from shadow.observation import Observation
from shadow.review.story import Step, story
from shadow.store import Store
from shadow.store.cases import load_cases, load_revisions
from shadow.store.labels import Label, words_on
from shadow.store.registry import Experiment, contract_of, experiment
from shadow.store.replays import load_observations
from shadow.store.results import load_results
from shadow.store.tables import cases, results


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What was found at one place, and the contract's rule for it in plain words."""

    found: Comparison
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One person's word; `holds` for the newest one on this discrepancy that nobody took back."""

    label: Label
    withdrawn_at: datetime | None
    here: bool
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """One case of one experiment, compared at one revision of the control's outcome.

    Attributes:
        mark: digest of what both sides did; a label belongs to it.
        severity: as the comparison graded it; None where the case does not differ.
        newest: whether the control's outcome has not been corrected since.
        input: what both were given; None where it is no longer kept.
        places: every place that was compared, matches too, in the contract's order.
        why: one plain sentence each: why it was graded so.
        sentence: what happened at the first place that differs; empty where none does.
        control, candidate: what each side did; None where it is no longer kept.
        money: at stake, ≥ 0 per currency.
        words: everything that was said of the case, the oldest first.
    """

    workflow: str
    experiment: str
    candidate_label: str
    case_id: str
    unit: str
    arrived_at: datetime
    began_at: datetime
    slices: Mapping[str, str]
    revision: int
    newest: bool
    mark: str
    agreement: Agreement
    severity: Severity | None
    reason: str
    input: Mapping[str, Any] | None
    places: tuple[Place, ...] = ()
    why: tuple[str, ...] = ()
    sentence: str = ""
    control: Observation | None = None
    candidate: Observation | None = None
    steps: tuple[Step, ...] = ()
    money: Mapping[str, Decimal] = field(default_factory=dict)
    irreversible: frozenset[str] = frozenset()
    words: tuple[Said, ...] = ()


def discrepancy(store: Store, experiment_id: str, case_id: str, *, mark: str = "") -> Discrepancy:
    """What the store holds of one compared case.

    Args:
        mark: digest of what both sides did; without one, the newest outcome that was compared.

    Raises:
        StoreError: no such experiment, or nothing of that kind was compared.
    """
    held = experiment(store, experiment_id)
    contract = contract_of(store, held.contract)
    judgement = digests(contract).judgement
    row, newest = _row(store, held, case_id, mark, judgement)
    found = next(
        (one for _, _, one in load_results(store, held.id, [(case_id, row["revision"])], judgement=judgement)), None
    )
    known = load_cases(store, held.workflow, [case_id])
    control = load_revisions(store, held.workflow, [(case_id, row["revision"])]).get((case_id, row["revision"]))
    candidate = load_observations(store, held.id, [case_id]).get(case_id)
    return Discrepancy(
        workflow=held.workflow,
        experiment=held.id,
        candidate_label=held.label,
        case_id=case_id,
        unit=row["unit"],
        arrived_at=row["arrived_at"],
        began_at=row["began_at"],
        slices=row["slices"],
        revision=row["revision"],
        newest=newest,
        mark=row["discrepancy"],
        agreement=Agreement(row["agreement"]),
        severity=Severity(row["severity"]) if row["severity"] else None,
        reason=row["reason"],
        input=known[0].input if known else None,
        places=tuple(Place(found=one, rule=rule_of(contract, one.place)) for one in found.comparisons) if found else (),
        why=why(contract, found) if found else (),
        sentence=_sentence(contract, found) if found else "",
        control=control,
        candidate=candidate,
        steps=_steps(contract, known, control, candidate),
        money=dict(found.money) if found else {},
        irreversible=frozenset(tool.name for tool in contract.writes if not tool.reversible),
        words=_words(store, held, case_id, row["discrepancy"]),
    )


def why(contract: Contract, found: Result) -> tuple[str, ...]:
    """Why a result is graded as it is, in plain words; empty where it is no discrepancy."""
    worst = [one for one in found.mismatches if one.severity is found.severity]
    if not worst:
        return ()
    first = worst[0]
    said = [f"It is graded {found.severity} for {_named(first.place)}: {rule_of(contract, first.place)}"]
    if first.why:
        said.append(f"What was found there: {first.why.rstrip('….')}{'…' if first.why.endswith('…') else '.'}")
    others = len(found.mismatches) - 1
    if others:
        rest = "one more place differs" if others == 1 else f"{others} more places differ"
        said.append(f"The worst place decides; {rest}, none of them worse.")
    return tuple(said)


def rule_of(contract: Contract, place: str) -> str:
    """The contract's rule for one place as a sentence."""
    if place == FAILURE:
        return f"when the candidate fails, runs too long or answers nonsense, the contract calls it {contract.failure}."
    if place == CONTAINMENT:
        return f"when the candidate tries to get past its doors, the contract calls it {contract.violation}."
    if place.startswith(STOP):
        return "acting where it must stop is always critical."
    rule = contract.rule(place)
    if isinstance(rule.how, EffectRule):
        skipped = f" (its {', '.join(rule.how.ignore)} is not compared)" if rule.how.ignore else ""
        return f"asked for by one side only, or differently{skipped}, the contract calls it {rule.severity}."
    return f"{rule.how.words()}, the contract calls it {rule.severity}."


def _named(place: str) -> str:
    if place == FAILURE:
        return "the candidate's failure"
    if place == CONTAINMENT:
        return "what the candidate tried"
    return f"the stop {place.removeprefix(STOP)!r}" if place.startswith(STOP) else place


def _row(store: Store, held: Experiment, case_id: str, mark: str, judgement: str) -> tuple[dict[str, Any], bool]:
    """The newest result of this mark with its case's row, and whether it is the newest of all."""
    here = (cases.c.workflow == held.workflow) & (cases.c.id == results.c.case_id)
    shown = [column for column in results.c if column.name not in ("body", "keep_until")]
    wanted = (
        select(*shown, cases.c.unit, cases.c.arrived_at, cases.c.began_at, cases.c.slices)
        .select_from(results.join(cases, here))
        .where(results.c.experiment == held.id, results.c.case_id == case_id, results.c.judgement == judgement)
        .order_by(results.c.revision.desc())
    )
    with store.read() as connection:
        rows = connection.execute(wanted).mappings().all()
    mine = [row for row in rows if mark in ("", row["discrepancy"])]
    if not mine:
        raise StoreError("no such discrepancy", where=f"{held.id}: case {case_id[:80]}", seen=mark[:12])
    return dict(mine[0]), mine[0]["revision"] == rows[0]["revision"]


def _sentence(contract: Contract, found: Result) -> str:
    if not found.mismatches:
        return ""
    first = found.mismatches[0]
    write = first.place == ESCALATE or any(tool.name == first.place for tool in contract.writes)
    return in_this_case(first.place, first.direction, write=write)


def _steps(
    contract: Contract, known: Sequence[Case], control: Observation | None, candidate: Observation | None
) -> tuple[Step, ...]:
    if candidate is None:
        return ()
    stale = stale_reads(contract, known[0], control=control, candidate=candidate) if known and control else ()
    return story(candidate, stale=stale)


def _words(store: Store, held: Experiment, case_id: str, mark: str) -> tuple[Said, ...]:
    words = words_on(store, held.id, case_id)
    standing = [one for one, back in words if back is None and one.discrepancy == mark]
    return tuple(
        Said(
            label=one,
            withdrawn_at=back,
            here=one.discrepancy == mark,
            holds=bool(standing) and one is standing[-1],
        )
        for one, back in words
    )
