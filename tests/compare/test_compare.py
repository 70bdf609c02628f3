"""What both sides did with one case, compared."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from comparators.exact import exact
from comparators.text import text
from shadow.compare.compare import compare
from shadow.compare.result import Agreement, Comparison, Outcome, Result
from shadow.contract.model import Contract, EffectRule, Rule, Severity
from shadow.contract.parts import cosmetic, effect, major
from shadow.observation import AnswerKind, Effect, Ending, Observation, Read
from tests.compare.desk import CONTRACT, NOW, case, refund, side

PAID = {"decision": "approve", "amount": "20.00"}
DENIED = {"decision": "deny", "amount": None}
STALE = Read(tool="orders.get", args={"order": "o1"}, kind=AnswerKind.STALE, at=NOW)


def found(control: Observation, candidate: Observation, contract: Contract = CONTRACT, **given: Any) -> Result:
    """The result of one case."""
    return compare(contract, case(**given), control, candidate)


def place(result: Result, name: str) -> Comparison:
    """The comparison of one place."""
    return next(c for c in result.comparisons if c.place == name)


def test_two_sides_that_do_the_same_agree() -> None:
    """Every place of the contract is compared, in its order, unlisted writes and escalations too."""
    result = found(side(PAID, refund()), side(dict(PAID, amount=20), refund(20)))
    assert result.agreement is Agreement.AGREE
    assert tuple(c.place for c in result.comparisons) == CONTRACT.places
    assert (result.severity, result.money, result.reason) == (None, {}, "")


def test_the_worst_mismatch_grades_the_case() -> None:
    """Each place has its own severity and direction; places that agree stay a match."""
    result = found(side(PAID, refund()), side(DENIED))
    assert (result.agreement, result.severity) == (Agreement.DISCREPANCY, Severity.CRITICAL)
    assert [(c.place, c.direction, c.severity) for c in result.mismatches] == [
        ("decision", "approve -> deny", Severity.CRITICAL),
        ("amount", "number -> none", Severity.MAJOR),
        ("refund.issue", "missing", Severity.CRITICAL),
    ]
    assert place(result, "mail.send").outcome is Outcome.MATCH
    assert result.money == {"EUR": Decimal("20.00")}
    assert place(result, "refund.issue").control == [refund().args]


@pytest.mark.parametrize("ending", [e for e in Ending if e is not Ending.FINISHED])
@pytest.mark.parametrize("reads", [(), (STALE,)])
def test_a_candidate_that_fails_is_a_mismatch_whatever_it_read(ending: Ending, reads: tuple[Read, ...]) -> None:
    """It must not look better by failing on its hard cases; what it asked for first still counts."""
    candidate = Observation(ending=ending, error="it broke", effects=(refund("30"),), reads=reads)
    result = found(side(PAID, refund()), candidate)
    (failure,) = result.comparisons
    assert (failure.place, failure.direction, failure.severity) == ("failure", ending.value, Severity.MAJOR)
    assert failure.why == "it broke"
    assert result.agreement is Agreement.DISCREPANCY
    assert result.money == {"EUR": Decimal("10.00")}


def test_a_candidates_failure_is_as_bad_as_the_contract_says() -> None:
    """Critical where it says so."""
    strict = dataclasses.replace(CONTRACT, failure=Severity.CRITICAL)
    assert found(side(), Observation(ending=Ending.ERROR), strict).severity is Severity.CRITICAL


@pytest.mark.parametrize("value", [{"decision": "maybe", "amount": None}, {"decision": "deny"}, {}])
def test_a_candidates_value_that_the_contract_does_not_know_is_a_mismatch(value: dict[str, Any]) -> None:
    """At `failure`, and what is wrong with it is said."""
    result = found(side(), side(value))
    assert [(c.place, c.direction) for c in result.comparisons] == [("failure", "invalid")]
    assert result.comparisons[0].why


def test_a_candidate_without_a_value_is_a_mismatch() -> None:
    """Finishing is not enough."""
    result = found(side(), Observation(ending=Ending.FINISHED))
    assert [(c.place, c.direction) for c in result.comparisons] == [("failure", "invalid")]


@pytest.mark.parametrize("value", [{"decision": "maybe", "amount": None}, {"amount": 1}])
def test_a_controls_value_that_the_contract_does_not_know_is_incomparable(value: dict[str, Any]) -> None:
    """Neither agreement nor the candidate's failing, even where the two are equal."""
    result = found(side(value), side(value))
    assert result.agreement is Agreement.INCOMPARABLE
    assert result.reason.startswith("control's value: ")
    assert result.comparisons == ()


def test_a_control_that_failed_or_did_what_is_not_listed_is_incomparable() -> None:
    """Whatever the candidate did."""
    assert found(Observation(ending=Ending.ERROR), side()).reason == "control failed: error"
    strange = side(None, Effect(tool="voucher.send", args={}))
    assert found(strange, side()).reason == "control's effect is not in the contract: voucher.send"


def test_a_stale_read_makes_a_case_incomparable_by_name() -> None:
    """Neither agreement nor discrepancy, whatever the values say."""
    live = Read(tool="orders.get", args={"order": "o1"}, kind=AnswerKind.LIVE, at=NOW + timedelta(hours=2))
    control = side(PAID, refund(at=NOW + timedelta(hours=1)))
    for value in (PAID, DENIED):
        result = found(control, side(value, reads=(live,)))
        assert (result.agreement, result.reason) == (Agreement.INCOMPARABLE, "stale read: orders.get")
        assert result.stale
    assert found(side(DENIED), side(DENIED, reads=(live,))).agreement is Agreement.AGREE


def test_acting_where_a_stop_holds_is_critical() -> None:
    """First of all places, even where both sides did the same, and even on a stale read."""
    for reads in ((), (STALE,)):
        result = found(side(PAID, refund()), side(PAID, refund(), reads=reads), claim=501)
        first = result.comparisons[0]
        assert (first.place, first.direction) == ("stop: the claim is over 500", "acted")
        assert result.severity is Severity.CRITICAL
        assert "#leads" in first.why


def test_escalating_where_a_stop_holds_is_what_it_should_do() -> None:
    """The stop is a match then, and is only there where it holds."""
    escalate = Effect(tool="escalate", args={"reason": "over 500"})
    value = {"decision": "escalate", "amount": None}
    result = found(side(value, escalate), side(value, escalate), claim=501)
    assert (result.comparisons[0].place, result.comparisons[0].outcome) == (
        "stop: the claim is over 500",
        Outcome.MATCH,
    )
    assert result.agreement is Agreement.AGREE
    assert found(side(), side(), claim=500).comparisons[0].place == "decision"


def test_a_write_that_meets_a_stop_on_it_is_critical() -> None:
    """The door refuses such a call; should one ever be held, it shows."""
    rule = dataclasses.replace(
        CONTRACT.stops[0], on="refund.issue", when={"properties": {"currency": {"const": "USD"}}}
    )
    strict = dataclasses.replace(CONTRACT, stops=(rule,))
    same = side(PAID, refund(currency="USD"))
    assert found(same, same, strict).severity is Severity.CRITICAL
    assert found(side(PAID, refund()), side(PAID, refund()), strict).agreement is Agreement.AGREE


def test_escalations_are_compared_by_being_there() -> None:
    """Two reasons for one escalation are no difference, unless the contract compares them."""
    ours, theirs = (Effect(tool="escalate", args={"reason": r}) for r in ("unclear", "not in the policy"))
    assert found(side(None, ours), side(None, theirs)).agreement is Agreement.AGREE
    missing = found(side(None, ours), side())
    assert [(c.place, c.direction) for c in missing.mismatches] == [("escalate", "missing")]
    assert missing.severity is Severity.MAJOR
    strict = dataclasses.replace(
        CONTRACT, compare={**CONTRACT.compare, "escalate": cosmetic(effect(reason=text(at_least=0.9)))}
    )
    assert found(side(None, ours), side(None, theirs), strict).severity is Severity.COSMETIC


def test_an_effect_aimed_elsewhere_has_changed() -> None:
    """Missing here and extra there is one change, and both amounts are at stake."""
    result = found(side(PAID, refund()), side(PAID, refund(order="o2")))
    assert [(c.place, c.direction) for c in result.mismatches] == [("refund.issue", "changed")]
    assert result.mismatches[0].why == "1 missing, 1 extra"
    assert result.money == {"EUR": Decimal("40.00")}


def test_a_place_that_cannot_be_compared_is_no_agreement() -> None:
    """One incomparable place makes the case incomparable, unless another is a mismatch."""
    extra: dict[str, Rule] = {**CONTRACT.compare, "reason": major(exact())}
    contract = dataclasses.replace(CONTRACT, compare=extra)
    result = found(side(), side(), contract)
    assert result.agreement is Agreement.INCOMPARABLE
    assert result.reason == "not comparable: reason: missing on both sides"
    assert found(side(PAID), side(), contract).agreement is Agreement.DISCREPANCY


def test_an_argument_that_the_control_does_not_tell_makes_no_agreement() -> None:
    """Select it or ignore it: an effect compared by half is not compared."""
    bare = Effect(tool="ticket.close", args={"ticket": "t"})
    noted = Effect(tool="ticket.close", args={"ticket": "t", "note": "x"})
    assert found(side(None, bare), side(None, noted)).agreement is Agreement.INCOMPARABLE
    rules = {**CONTRACT.compare, "ticket.close": Rule(severity=Severity.MINOR, how=EffectRule(ignore=("note",)))}
    assert found(side(None, bare), side(None, noted), dataclasses.replace(CONTRACT, compare=rules)).agreement is (
        Agreement.AGREE
    )


def test_contracts_do_not_mix() -> None:
    """Many contracts, one after the other, each with its own schema."""
    for number in range(80):
        schema = {"type": "object", "properties": {"decision": {"const": f"d{number}"}}}
        contract = dataclasses.replace(CONTRACT, produces=schema)
        fits, other = side({"decision": f"d{number}", "amount": None}), side({"decision": "x", "amount": None})
        assert found(fits, fits, contract).agreement is Agreement.AGREE
        assert found(fits, other, contract).mismatches[0].place == "failure"


def test_a_flood_of_nesting_is_the_candidates_own_failing() -> None:
    """A value nested far deeper than anything sensible is a mismatch and no crash."""
    deep: Any = []
    for _ in range(300):
        deep = [deep]
    rules = {**CONTRACT.compare, "extra": major(exact())}
    contract = dataclasses.replace(CONTRACT, compare=rules)
    result = found(side({**DENIED, "extra": 1}), side({**DENIED, "extra": deep}), contract)
    assert [(c.place, c.direction) for c in result.mismatches] == [("extra", "invalid")]
