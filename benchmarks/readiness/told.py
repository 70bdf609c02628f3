"""The same worlds as rows of the store: what was replayed and compared, and what labels said by a look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from benchmarks.readiness.world import CHANNELS, COUNTRIES, FIRST, NEVER, World
from shadow.compare.result import Agreement
from shadow.contract import Contract, Severity
from shadow.evidence.judged import Judged
from shadow.review.judging import judge
from shadow.store.labels import Label, Side
from shadow.store.standings import StandingRow

HOUR = timedelta(hours=1)


def told(world: World, contract: Contract, look: datetime) -> Iterator[Judged]:
    """Every case that had arrived by the look, as `judge` sees it."""
    for number in range(len(world.cases.day)):
        row = row_of(world, number)
        if row.arrived_at < look:
            yield judge(_at(row, look), _said(label_of(world, number, row), look), contract=contract, look=look)


def row_of(world: World, number: int) -> StandingRow:
    """One case once all is known of it."""
    midnight = datetime.combine(FIRST, time(), tzinfo=UTC) + timedelta(days=int(world.cases.day[number]))
    arrived, delay = midnight + HOUR * int(world.hour[number]), int(world.cases.delay[number])
    settled = None if delay == NEVER else arrived + timedelta(days=delay)
    mine, theirs = bool(world.harmful[number]), bool(world.control_wrong[number])
    worst = world.critical[number] if mine else world.control_critical[number]
    found = Agreement.DISCREPANCY if mine or theirs else Agreement.AGREE
    aside = "it was not fit to be replayed" if world.aside[number] else ""
    return StandingRow(
        case_id=f"c{number:06d}",
        unit=f"u{int(world.cases.unit[number]):06d}",
        arrived_at=arrived,
        slices={"channel": CHANNELS[world.channel[number]], "country": COUNTRIES[world.cases.country[number]]},
        input_digest="",
        doubled=0,
        aside=aside,
        revision=1,
        first_settled_at=settled,
        settled_at=settled,
        ending="" if aside else "finished",
        duration_s=None if aside else float(world.took_s[number]),
        cost_usd=None if aside else float(world.usd[number]),
        agreement=Agreement.INCOMPARABLE if world.stale[number] else found,
        severity=str(Severity.CRITICAL if worst else Severity.MAJOR) if mine or theirs else "",
        stale=bool(world.stale[number]),
        reason="",
        discrepancy="d" * 64 if mine or theirs else "",
        began_at=settled and settled - timedelta(seconds=float(world.control_took_s[number])),
        similarity=float(world.similarity[number]),
    )


def _at(row: StandingRow, look: datetime) -> StandingRow:
    """The row as the store gives it at the look: nothing of what settles later."""
    if row.settled_at is not None and row.settled_at < look:
        return row
    return replace(
        row, revision=0, first_settled_at=None, settled_at=None, agreement="", severity="", stale=False, similarity=None
    )


def _said(label: Label | None, look: datetime) -> Label | None:
    return label if label is not None and label.at < look else None


def label_of(world: World, number: int, row: StandingRow, *, experiment: str = "e") -> Label | None:
    """What somebody says at noon of the day after the case settled; None where both sides agree."""
    if not row.discrepancy or row.settled_at is None:
        return None
    said = datetime.combine(row.settled_at.date() + timedelta(days=1), time(12), tzinfo=UTC)
    side = Side.CONTROL if world.harmful[number] else Side.CANDIDATE
    return Label(
        experiment=experiment,
        case_id=row.case_id,
        discrepancy=row.discrepancy,
        side=side,
        grade=None,
        comment="",
        who="p",
        at=said,
    )
