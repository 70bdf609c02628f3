"""Results as the search for causes sees them."""

from __future__ import annotations

from shadow.compare.compare import compare
from shadow.compare.result import Agreement, Result
from shadow.compare.seen import Seen, seen
from shadow.contract.model import Severity
from shadow.observation import Ending, Observation
from tests.compare.desk import CONTRACT, case, refund, side

PAID = {"decision": "approve", "amount": "20.00"}


def look(control: Observation, candidate: Observation, grade: Severity | None = None) -> Seen:
    """One case, compared and seen."""
    found = seen(CONTRACT, compare(CONTRACT, case(), control, candidate), slices={"country": "DE"}, grade=grade)
    if found is None:
        raise LookupError("the case is incomparable")
    return found


def test_states_tell_what_could_have_happened() -> None:
    """The control's category, number or none; whether it had the effect; agreeing cases too."""
    assert dict(look(side(PAID, refund()), side(PAID, refund())).states) == {
        "its containment": "any",
        "failure": "any",
        "decision": "approve",
        "amount": "number",
        "refund.issue": "had",
        "mail.send": "had not",
        "ticket.close": "had not",
        "escalate": "had not",
    }
    assert dict(look(side(), side()).states)["amount"] == "none"


def test_differences_stand_in_the_contracts_order() -> None:
    """With their own severities and the money."""
    found = look(side(PAID, refund()), side())
    assert [d.place for d in found.differences] == ["decision", "amount", "refund.issue"]
    assert [d.severity for d in found.differences] == [Severity.CRITICAL, Severity.MAJOR, Severity.CRITICAL]
    assert found.money


def test_a_label_lowers_every_place_to_its_grade_and_raises_none() -> None:
    """What the label grades is the case."""
    found = look(side(PAID, refund()), side(), grade=Severity.MAJOR)
    assert {d.severity for d in found.differences} == {Severity.MAJOR}
    found = look(side(PAID, refund()), side(), grade=Severity.CRITICAL)
    assert found.differences[1].severity is Severity.MAJOR


def test_a_failure_is_seen_without_the_other_places() -> None:
    """They were not compared, so they are in no denominator."""
    found = look(side(), Observation(ending=Ending.TIMEOUT))
    assert found.states == (("its containment", "any"), ("failure", "any"))
    assert [(d.place, d.direction) for d in found.differences] == [("failure", "timeout")]


def test_an_incomparable_case_is_not_seen() -> None:
    """It is evidence of nothing."""
    result = Result(case_id="c", agreement=Agreement.INCOMPARABLE, reason="stale read: x")
    assert seen(CONTRACT, result, slices={}) is None
