"""One walk over an experiment's cases at a look: where each went, and what causes and sums are made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from shadow.compare.seen import Seen, seen
from shadow.contract import Contract, Severity, digests
from shadow.evidence.counts import Counts
from shadow.evidence.judged import Judged, Standing
from shadow.evidence.tally import tally
from shadow.observation import Ending
from shadow.reports.parts import Totals
from shadow.review.judging import judged, why_aside
from shadow.store import Store
from shadow.store.cases import chunks
from shadow.store.labels import Label, Side
from shadow.store.registry import Experiment
from shadow.store.results import load_results
from shadow.store.standings import StandingRow

BATCH = 300


@dataclass(slots=True, kw_only=True)
class Walk:
    """What was met on the way; filled while the cases pass by."""

    contract: Contract
    look: datetime
    standings: Counter[Standing] = field(default_factory=Counter)
    incomparable: Counter[str] = field(default_factory=Counter)
    aside: Counter[str] = field(default_factory=Counter)
    grades: Counter[Severity] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    agree: int = 0
    cleared: int = 0
    unlabelled: int = 0
    stale: set[str] = field(default_factory=set)
    dead: int = 0
    compared: list[tuple[StandingRow, Label | None]] = field(default_factory=list)
    durations: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)


def walk(store: Store, one: Experiment, *, contract: Contract, look: datetime) -> Walk:
    """Take every case of the experiment in, once."""
    met = Walk(contract=contract, look=look)
    met.counts = tally(_passing(store, one, met), look)
    return met


def _passing(store: Store, one: Experiment, met: Walk) -> Iterator[Judged]:
    for row, label, case in judged(store, one, contract=met.contract, look=met.look):
        _count(met, row, case, label)
        yield case


def _count(met: Walk, row: StandingRow, case: Judged, label: Label | None) -> None:
    met.standings[case.standing] += 1
    if row.duration_s is not None:
        met.durations.append(row.duration_s)
    if row.cost_usd is not None:
        met.costs.append(row.cost_usd)
    if case.standing is Standing.SET_ASIDE:
        met.dead += row.aside.startswith("dead letter")
        met.aside[why_aside(row, met.contract)] += not row.aside.startswith("dead letter")
    elif case.standing is Standing.INCOMPARABLE:
        met.incomparable[row.reason.partition(":")[0] or "not comparable"] += 1
        if row.stale:
            met.stale.add(row.case_id)
    elif case.standing is Standing.COMPARED:
        _count_compared(met, row, case, label)


def _count_compared(met: Walk, row: StandingRow, case: Judged, label: Label | None) -> None:
    met.compared.append((row, label if case.labelled else None))
    if row.ending != Ending.FINISHED:
        met.failures[row.ending] += 1
    if case.agreement:
        met.agree += 1
    elif case.grade is None:
        met.cleared += 1
    else:
        met.grades[case.grade] += 1
    met.unlabelled += case.grade is not None and case.grade.harmful and not case.labelled


def totals(met: Walk, *, not_taken: int) -> Totals:
    """Where every case went; a discrepancy that a label has cleared counts as agreeing."""
    return Totals(
        arrived=sum(met.standings.values()) + not_taken,
        compared=met.standings[Standing.COMPARED],
        agree=met.agree + met.cleared,
        discrepancies={severity: met.grades[severity] for severity in Severity},
        incomparable=dict(met.incomparable),
        set_aside={reason: count for reason, count in met.aside.items() if count},
        waiting=met.standings[Standing.WAITING],
        dead_letters=met.dead,
        not_taken=not_taken,
        unlabelled=met.unlabelled,
        stale=len(met.stale),
        failures=dict(met.failures),
    )


def seen_cases(store: Store, one: Experiment, met: Walk) -> Iterator[Seen]:
    """Every compared case as the search for causes takes it; results are read in batches."""
    judgement = digests(met.contract).judgement
    for batch in chunks(met.compared, BATCH):
        rows = {row.case_id: (row, label) for row, label in batch}
        pairs = [(row.case_id, row.revision) for row, _ in batch]
        for _, _, result in load_results(store, one.id, pairs, judgement=judgement):
            row, label = rows[result.case_id]
            right = label is not None and label.side in (Side.CANDIDATE, Side.BOTH)
            grade = label.grade if label is not None and not right else None
            found = seen(met.contract, result, slices=row.slices, grade=grade, candidate_right=right)
            if found is not None:
                yield found
