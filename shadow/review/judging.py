"""How one case stands at one look, once labels, limits and the clock of the look are applied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta

from shadow.compare.result import Agreement
from shadow.contract import Contract, Severity, digests
from shadow.contract.codec import duration_text
from shadow.evidence.judged import Judged, Standing
from shadow.store import Store
from shadow.store.labels import Label, Side, labels_at
from shadow.store.registry import Experiment
from shadow.store.standings import StandingRow, earlier, standings

ONE_DAY = timedelta(days=1)
Judgement = tuple[StandingRow, Label | None, Judged]


def judged(store: Store, one: Experiment, *, contract: Contract, look: datetime) -> Iterator[Judgement]:
    """Every case that counts at the look, in the order that `evidence.tally` takes: its row, its label, its standing.

    A correction counts once people have judged it or their time is over; until then the outcome before it holds,
    so that a day which was closed does not open again.
    """
    words = labels_at(store, one.id, look=look)
    judgement = digests(contract).judgement
    for newest in standings(store, one, look=look, judgement=judgement):
        found = _said(newest, words, contract, look)
        while found[2].label_due and found[0].revision > 1:
            before = earlier(store, one, found[0], judgement=judgement)
            if before is None:
                break
            found = _said(before, words, contract, look)
        yield found


def _said(row: StandingRow, words: Mapping[tuple[str, str], Label], contract: Contract, look: datetime) -> Judgement:
    label = words.get((row.case_id, row.discrepancy))
    return row, label, judge(row, label, contract=contract, look=look)


def judge(row: StandingRow, label: Label | None, *, contract: Contract, look: datetime) -> Judged:
    """The case as a verdict sees it.

    Args:
        label: the word that holds at the look on what both sides did; None where nobody said one.
        look: aware UTC.
    """
    where = standing(row, contract=contract, look=look)
    severity = Severity(row.severity) if row.severity else None
    compared = where is Standing.COMPARED
    differs = compared and row.agreement == Agreement.DISCREPANCY
    said = label.graded(severity) if label and differs else None
    harmful = differs and severity is not None and severity.harmful
    return Judged(
        case_id=row.case_id,
        unit=row.unit,
        day=row.arrived_at.date(),
        standing=where,
        slices=row.slices,
        agreement=not differs,
        grade=(said if label else severity) if differs else None,
        confirmed=said,
        labelled=bool(label and differs),
        label_due=harmful and label is None and look < label_deadline(row, contract),
        stale=row.stale,
        duration_s=row.duration_s,
        cost_usd=row.cost_usd,
        similarity=row.similarity if compared else None,
        versus=versus(severity, label) if differs else 0,
        hour=row.arrived_at.hour,
        control_duration_s=_control_took(row),
    )


def versus(severity: Severity | None, label: Label | None) -> int:
    """1 where the candidate was harmfully wrong and the control right, -1 the other way round, else 0.

    Without a label a harmful discrepancy is held against the candidate; a label that says both or neither, against
    nobody. Where the control was wrong, how bad it was is what comparing found.
    """
    if label is None:
        return int(severity is not None and severity.harmful)
    found = label.graded(severity) if label.side is Side.CONTROL else severity
    if found is None or not found.harmful:
        return 0
    return {Side.CONTROL: 1, Side.CANDIDATE: -1}.get(label.side, 0)


def _control_took(row: StandingRow) -> float | None:
    if row.began_at is None or row.first_settled_at is None:
        return None
    return (row.first_settled_at - row.began_at).total_seconds()


def standing(row: StandingRow, *, contract: Contract, look: datetime) -> Standing:
    """Where the case stands: what never settles in time is set aside, whatever comes later."""
    if row.aside:
        return Standing.SET_ASIDE
    limit = row.arrived_at + contract.settles_within
    if row.first_settled_at is None or row.first_settled_at > limit:
        return Standing.SET_ASIDE if limit < look else Standing.WAITING
    if not row.ending or not row.agreement:
        return Standing.WAITING
    return Standing.INCOMPARABLE if row.agreement == Agreement.INCOMPARABLE else Standing.COMPARED


def label_deadline(row: StandingRow, contract: Contract) -> datetime:
    """Until when a label may still come: the end of the day on which the outcome settled, plus the label time.

    Counted from the outcome and not from when we looked, so that a recompute from nothing says the same.
    """
    settled = row.settled_at or row.arrived_at
    end_of_day = datetime.combine(settled.date(), time(), tzinfo=settled.tzinfo) + ONE_DAY
    return end_of_day + contract.labels_within


def why_aside(row: StandingRow, contract: Contract) -> str:
    """Why a case that is set aside was."""
    return row.aside or f"it did not settle within {duration_text(contract.settles_within)}"
