"""What gates read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shadow.contract.model import Severity
from shadow.evidence.forecast import cases_per_day, days_for, unit_days_per_day, until_first_close
from shadow.evidence.judged import Standing
from shadow.gates import calendar, harmful_rate
from tests.evidence.rows import FIRST, days_of, discrepancy, evidence, ordered, row

WAITING: dict[str, Any] = {"standing": Standing.WAITING}


def test_ready_sees_closed_days_not_ready_sees_all() -> None:
    """A confirmed case of an open day is evidence of harm and none for ready."""
    rows = ordered([row(1), row(2, day=1, **WAITING), row(3, day=1, **discrepancy(Severity.CRITICAL, confirmed=True))])
    seen = evidence(rows, days=2)
    assert seen.closed == (FIRST,)
    assert seen.served() == [(0.0, 1)]
    assert seen.confirmed() == [(0.0, 2), (1.0, 1)]
    assert seen.critical_cases == ("c000003",)
    assert (seen.compared, seen.waiting, seen.distinct_units) == (1, 1, 2)


def test_unlabelled_are_told() -> None:
    """Those of closed days, major or critical, that no label stands on."""
    special = {
        0: discrepancy(Severity.MAJOR),
        1: discrepancy(Severity.MINOR),
        2: discrepancy(Severity.CRITICAL, labelled=True),
        9: discrepancy(Severity.MAJOR),
    }
    rows = days_of(10, days=2, special={**special, 8: WAITING})
    assert evidence(rows, days=2).unlabelled == 1


def test_the_past_is_what_the_past_was() -> None:
    """Evidence until a day equals the evidence of its rows at that day's end."""
    rows = days_of(40, days=8, special={3: discrepancy(Severity.MAJOR, confirmed=True)})
    day = FIRST + timedelta(days=4)
    then = evidence([r for r in rows if r.day <= day], days=5)
    cut = evidence(rows, days=8).until(day)
    assert cut.look == then.look
    assert cut.closed == then.closed
    assert cut.counts.days == then.counts.days


def test_path_has_one_point_a_closed_day() -> None:
    """log E by day as the gate itself says it; it ends where the finding stands; unknown numbers give none."""
    rows = days_of(700, days=7, special={3: discrepancy(Severity.MAJOR), 699: WAITING})
    seen, gate = evidence(rows, days=7), harmful_rate(at_most=0.02)
    path = seen.path(gate)
    assert [day for day, _ in path] == [FIRST + timedelta(days=n) for n in range(6)]
    assert path[-1][1] == pytest.approx(gate(seen.until(FIRST + timedelta(days=5))).numbers["log_e"])
    assert path[-1][1] > path[1][1]
    assert seen.path(calendar(days=3)) == ()


def test_volume() -> None:
    """Of closed days where there are any, else of what arrives, else what the contract expects."""
    pairs = ordered(row(n, day=n // 10, unit=f"u{n // 2:03d}") for n in range(40))
    assert unit_days_per_day(evidence(pairs, days=4)) == 5
    assert cases_per_day(evidence(pairs, days=4)) == 10
    opened = ordered([row(99, unit="zz", **WAITING), *pairs])
    assert unit_days_per_day(evidence(opened, days=4)) == 21 / 4
    assert unit_days_per_day(evidence([], days=4, cases_per_day=357)) == 357


def test_days_wait_for_the_first_to_close() -> None:
    """Before a day is closed its settling and label time come on top; afterwards a day brings a day's evidence."""
    closed = evidence(days_of(40, days=4), days=4)
    assert until_first_close(closed) == 0
    assert days_for(closed, 25, 10) == 3
    waits = evidence(ordered([row(999, **WAITING), *days_of(40, days=4)]), days=4)
    assert until_first_close(waits) == 3
    assert days_for(waits, 25, 10) == 5
    assert days_for(closed, None, 10) is None
    assert days_for(closed, 25, 0) is None


def test_closed_through_the_day_before_the_first_that_is_open() -> None:
    """Days without a case are closed with those around them; a waiting case, or today, ends the stretch."""
    rows = [row(1), row(2, day=1), row(3, day=4)]
    assert evidence(rows, days=7).through == FIRST + timedelta(days=6)
    waits = [*rows[:2], row(3, day=4, standing=Standing.WAITING)]
    assert evidence(waits, days=7).through == FIRST + timedelta(days=3)
    assert evidence([*rows, row(4, day=7)], days=7).through == FIRST + timedelta(days=6)
    assert evidence([row(1, standing=Standing.WAITING)], days=7).through is None
    assert evidence([], days=7).through is None
