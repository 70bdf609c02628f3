"""How one case stands at one look: labels, limits and the clock of the look."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from shadow.contract import Severity
from shadow.evidence.judged import Standing
from shadow.review.judging import judge, judged, label_deadline, standing, why_aside
from shadow.store import Store
from shadow.store.labels import Label, Side, save_labels
from shadow.store.standings import StandingRow
from tests.store.desk import (
    CONTRACT,
    at,
    bring,
    compared,
    entry,
    experiment,
    outcome,
    plan,
    replayed,
    seen,
    settle,
    window,
)

ROW = StandingRow(
    case_id="c1", unit="u1", arrived_at=at(0, 9), slices={"country": "DE"}, input_digest="i", doubled=0, aside="",
    revision=1, first_settled_at=at(0, 12), settled_at=at(0, 12), ending="finished", duration_s=0.5, cost_usd=0.01,
    agreement="discrepancy", severity="major", stale=False, reason="", discrepancy="d",
)  # fmt: skip
WORD = Label(
    experiment="e", case_id="c1", discrepancy="d", side=Side.CONTROL, grade=None, comment="", who="ann", at=at(1)
)  # fmt: skip
DUE = at(2)  # the outcome settled on day 0, a label has one day from that day's end
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize("severity", list(Severity))
@pytest.mark.parametrize("grade", [None, *Severity])
@pytest.mark.parametrize("side", list(Side))
def test_a_word_grades_or_clears(side: Side, grade: Severity | None, severity: Severity) -> None:
    """Where the candidate was right nothing is left; else the word's grade is confirmed, and nothing is due."""
    word = replace(WORD, side=side, grade=grade)
    found = judge(replace(ROW, severity=str(severity)), word, contract=CONTRACT, look=at(1))
    said = None if side in (Side.CANDIDATE, Side.BOTH) else grade or severity
    assert (found.grade, found.confirmed) == (said, said)
    assert (found.agreement, found.labelled, found.label_due) == (False, True, False)


@pytest.mark.parametrize("severity", list(Severity))
def test_without_a_word_the_comparison_holds(severity: Severity) -> None:
    """Nothing is confirmed; a harmful one waits for its label, a lesser one does not."""
    found = judge(replace(ROW, severity=str(severity)), None, contract=CONTRACT, look=at(1))
    assert (found.grade, found.confirmed, found.labelled) == (severity, None, False)
    assert found.label_due is severity.harmful


@pytest.mark.parametrize(("look", "due"), [(at(1), True), (DUE - TICK, True), (DUE, False), (DUE + TICK, False)])
def test_a_label_is_due_until_its_time_is_over(look: datetime, due: bool) -> None:
    """Half-open: at the deadline itself it is over. Counted from the end of the day on which the outcome settled."""
    assert label_deadline(ROW, CONTRACT) == DUE
    assert judge(ROW, None, contract=CONTRACT, look=look).label_due is due


@pytest.mark.parametrize("hour", [0, 12, 23.999])
def test_the_deadline_is_the_same_for_a_whole_day(hour: float) -> None:
    """Whenever on that day the outcome settled."""
    assert label_deadline(replace(ROW, settled_at=at(0, hour)), CONTRACT) == DUE


def test_a_word_on_an_agreement_says_nothing() -> None:
    """A label belongs to a discrepancy."""
    found = judge(replace(ROW, agreement="agree", severity=""), WORD, contract=CONTRACT, look=at(1))
    assert (found.agreement, found.grade, found.confirmed, found.labelled) == (True, None, None, False)


LIMIT = ROW.arrived_at + CONTRACT.settles_within
LATE = {"first_settled_at": LIMIT + TICK, "settled_at": LIMIT + TICK}
NEVER: dict[str, Any] = {"first_settled_at": None, "settled_at": None, "revision": 0, "agreement": ""}


@pytest.mark.parametrize(
    ("changed", "look", "where"),
    [
        ({}, at(1), Standing.COMPARED),
        ({"agreement": "agree"}, at(1), Standing.COMPARED),
        ({"agreement": "incomparable"}, at(1), Standing.INCOMPARABLE),
        ({"agreement": ""}, at(1), Standing.WAITING),
        ({"ending": ""}, at(1), Standing.WAITING),
        ({"aside": "no id"}, at(1), Standing.SET_ASIDE),
        (NEVER, at(1), Standing.WAITING),
        (NEVER, LIMIT - TICK, Standing.WAITING),
        (NEVER, LIMIT, Standing.WAITING),  # what settles at the limit is seen from the next moment on
        (NEVER, LIMIT + TICK, Standing.SET_ASIDE),
        ({"first_settled_at": LIMIT}, LIMIT + TICK, Standing.COMPARED),
        (LATE, LIMIT + 2 * TICK, Standing.SET_ASIDE),
        (LATE, LIMIT - TICK, Standing.WAITING),
    ],
)
def test_where_a_case_stands(changed: dict[str, Any], look: datetime, where: Standing) -> None:
    """Settled in time up to the very limit; what settles later stays aside, whatever comes."""
    assert standing(replace(ROW, **changed), contract=CONTRACT, look=look) is where


@pytest.mark.parametrize("changed", [{"aside": "no id"}, LATE, {"agreement": ""}, {"agreement": "incomparable"}])
def test_only_what_was_compared_has_a_grade(changed: dict[str, Any]) -> None:
    """A case that stands elsewhere neither differs nor waits for a label."""
    found = judge(replace(ROW, **changed), WORD, contract=CONTRACT, look=at(9))
    assert (found.agreement, found.grade, found.confirmed, found.label_due) == (True, None, None, False)


def test_a_day_is_the_day_of_arrival() -> None:
    """In UTC; numbers are handed on."""
    found = judge(ROW, None, contract=CONTRACT, look=at(1))
    assert (found.day, found.unit, found.duration_s, found.cost_usd) == (date(2026, 11, 1), "u1", 0.5, 0.01)


def test_why_a_case_is_aside() -> None:
    """What it was when it came in, else that it never settled."""
    assert why_aside(replace(ROW, aside="no id"), CONTRACT) == "no id"
    assert why_aside(ROW, CONTRACT) == "it did not settle within 5d"


def test_a_correction_counts_once_people_have_judged_it(store: Store) -> None:
    """Until then, or until their time is over, the outcome before it holds: a closed day does not open again."""
    one = entry("c1")
    bring(store, one)
    held = experiment(store)
    run = window(store, held)
    plan(store, run)
    settle(store, outcome("c1", 0), outcome("c1", 3, "decline"))
    replayed(store, run, (one, seen()))
    compared(store, run, one, seen(), seen(), revision=1)
    compared(store, run, one, seen("decline"), seen(), revision=2)

    def found(look: float) -> tuple[int, bool, Severity | None]:
        ((row, _, case),) = judged(store, held, contract=CONTRACT, look=at(look))
        return row.revision, case.label_due, case.grade

    assert found(1) == (1, False, None)
    assert found(4) == (1, False, None)  # the correction waits for a word
    assert found(5) == (2, False, Severity.MAJOR)  # their time is over
    ((row, _, _),) = judged(store, held, contract=CONTRACT, look=at(5))
    word = replace(WORD, experiment=held.id, discrepancy=row.discrepancy, at=at(3.5), side=Side.CANDIDATE)
    save_labels(store, [word])
    assert found(4) == (2, False, None)
    assert found(3.2) == (1, False, None)


@pytest.mark.parametrize(
    ("side", "grade", "severity", "versus"),
    [
        (None, None, "major", 1),
        (None, None, "critical", 1),
        (None, None, "minor", 0),
        (Side.CONTROL, None, "major", 1),
        (Side.CONTROL, Severity.MINOR, "critical", 0),
        (Side.CONTROL, Severity.CRITICAL, "minor", 1),
        (Side.CANDIDATE, None, "major", -1),
        (Side.CANDIDATE, None, "cosmetic", 0),
        (Side.BOTH, None, "critical", 0),
        (Side.NEITHER, None, "critical", 0),
    ],
)
def test_who_was_harmfully_wrong(side: Side | None, grade: Severity | None, severity: str, versus: int) -> None:
    """Candidate 1, control -1; both, neither and what harms nobody 0. Without a word it is the candidate."""
    word = replace(WORD, side=side, grade=grade) if side else None
    assert judge(replace(ROW, severity=severity), word, contract=CONTRACT, look=at(9)).versus == versus


@pytest.mark.parametrize("agreement", ["agree", "incomparable", ""])
def test_who_does_not_differ_is_not_wrong(agreement: str) -> None:
    """Whatever severity or word is left over from another revision."""
    for word in (None, WORD):
        assert judge(replace(ROW, agreement=agreement), word, contract=CONTRACT, look=at(9)).versus == 0


def test_what_else_the_evidence_takes() -> None:
    """The hour of arrival, the control's time from its beginning to its first outcome, how alike both sides were."""
    row = replace(ROW, began_at=at(0, 10), first_settled_at=at(0, 12), settled_at=at(3), similarity=0.75)
    found = judge(row, None, contract=CONTRACT, look=at(9))
    assert (found.hour, found.control_duration_s, found.similarity) == (9, 7200.0, 0.75)
    bare = judge(replace(row, began_at=None), None, contract=CONTRACT, look=at(9))
    assert bare.control_duration_s is None
    unlike = replace(row, agreement="incomparable")
    assert judge(unlike, None, contract=CONTRACT, look=at(9)).similarity is None
