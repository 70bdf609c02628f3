"""How alike both sides were in one case: the share of the compared places that match."""

from __future__ import annotations

import pytest

from shadow.compare.compare import compare
from shadow.compare.result import Agreement, Comparison, Outcome, Result
from shadow.contract.model import Severity
from shadow.observation import AnswerKind, Ending, Observation, Read
from tests.compare.desk import CONTRACT, NOW, case, refund, side

PAID = {"decision": "approve", "amount": "20.00"}


def alike(control: Observation, candidate: Observation) -> float | None:
    """Of one case."""
    return compare(CONTRACT, case(), control, candidate).similarity


def test_places_that_match_are_counted() -> None:
    """All; all but three where the candidate denies what the control paid; none where it failed."""
    places = len(CONTRACT.places)
    assert alike(side(PAID, refund()), side(PAID, refund())) == 1.0
    assert alike(side(PAID, refund()), side({"decision": "deny", "amount": None})) == (places - 3) / places
    assert alike(side(PAID, refund()), Observation(ending=Ending.TIMEOUT, error="too long")) == 0.0


def test_what_was_not_compared_is_not_alike() -> None:
    """A stale read, a control that failed: no number, neither 0 nor 1."""
    stale = Read(tool="orders.get", args={"order": "o1"}, kind=AnswerKind.STALE, at=NOW)
    assert alike(side(PAID), Observation(ending=Ending.FINISHED, value=PAID, reads=(stale,))) is None
    assert alike(Observation(ending=Ending.ERROR, error="x"), side(PAID)) is None


@pytest.mark.parametrize(("unclear", "share"), [(0, 0.5), (3, 0.5)])
def test_an_incomparable_place_is_no_place(unclear: int, share: float) -> None:
    """It neither helps nor hurts."""
    places = [Comparison(place="a", outcome=Outcome.MATCH)]
    places += [Comparison(place="b", outcome=Outcome.MISMATCH, severity=Severity.MINOR)]
    places += [Comparison(place=f"c{n}", outcome=Outcome.INCOMPARABLE) for n in range(unclear)]
    made = Result(case_id="c", agreement=Agreement.DISCREPANCY, severity=Severity.MINOR, comparisons=tuple(places))
    assert made.similarity == share
