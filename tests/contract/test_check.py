"""Every wrong contract is refused with where it is wrong, what was seen and what is allowed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from comparators.exact import exact
from comparators.numeric import numeric
from comparators.text import text
from shadow.contract import (
    Contract,
    Stop,
    Tool,
    check,
    cosmetic,
    effect,
    from_json,
    from_yaml,
    major,
    minor,
    read,
    to_json,
    write,
)
from shadow.errors import ContractError
from shadow.gates import coverage, every_slice, input_drift
from shadow.gates.calendar import calendar
from shadow.plug import Bound, Kind
from tests.contract.desk import made, parts

ACCEPTS, PRODUCES = parts()["accepts"], parts()["produces"]
APPROVAL = parts()["approval"]
LOOP: dict[str, Any] = {}
LOOP["properties"] = LOOP


def a_write(**changed: Any) -> list[Tool]:
    """A write of which one part is another."""
    return [replace(write("refund.issue", entity="order", key="order_id", reversible=False), **changed)]


# what is changed, where the error says it is, and a word that it must say
WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"owner": " "}, "refund-desk: owner", "name the team"),
    ({"owner": 5}, "refund-desk: owner", "allowed: text"),
    ({"unit": "customer"}, "refund-desk: unit", "did you mean 'customer_id'?"),
    ({"unit": "email", "slices": []}, "refund-desk: redact", "the unit cannot be redacted"),
    ({"accepts": {"type": "array"}}, "refund-desk: accepts", "a schema of an object"),
    ({"accepts": {**ACCEPTS, "required": "claim"}}, "refund-desk: accepts.required", "not a JSON Schema"),
    ({"produces": {"type": "object"}}, "refund-desk: produces", "with properties"),
    ({"produces": {**PRODUCES, "default": {1: "x"}}}, "refund-desk: produces.default", "no text: 1"),
    ({"produces": {**PRODUCES, "default": {1.5}}}, "refund-desk: produces.default", "set is not plain data"),
    ({"produces": {**PRODUCES, "default": float("nan")}}, "refund-desk: produces.default", "not a number"),
    ({"produces": {**PRODUCES, "default": "\ud800"}}, "refund-desk: produces.default", "half a character"),
    ({"tools": [read("Orders Get")]}, "tools.Orders Get", "lower case"),
    ({"tools": [read("orders.get"), read("orders.get")]}, "tools.orders.get", "listed twice"),
    ({"tools": [read("escalate")]}, "tools.escalate", "built-in"),
    ({"tools": a_write(effect="erase")}, "tools.refund.issue", "allowed: read, write"),
    ({"tools": a_write(entity="")}, "tools.refund.issue", "names the entity"),
    ({"tools": a_write(key=())}, "tools.refund.issue", "its key"),
    ({"tools": a_write(reversible="no")}, "tools.refund.issue.reversible", "true or false"),
    ({"tools": a_write(args={"type": "object"})}, "tools.refund.issue.args", "with properties"),
    ({"tools": a_write(args={"type": "object", "properties": {"order": {}}})}, "tools.refund.issue", "'order'?"),
    ({"tools": a_write(money=("amount",))}, "tools.refund.issue.money", "two arguments"),
    ({"tools": a_write(at_most={"EUR": "5"})}, "tools.refund.issue", "declare its money"),
    ({"tools": a_write(money=("a", "c"), at_most={"EUR": "Infinity"})}, "tools.refund.issue.at_most", "EUR Infinity"),
    ({"tools": a_write(money=("a", "c"), at_most={"EUR": "-1"})}, "tools.refund.issue.at_most", "EUR -1"),
    ({"tools": a_write(money=("a", "c"), at_most={"EUR": "much"})}, "tools.refund.issue.at_most", "EUR much"),
    ({"tools": a_write(money=("a", "c"), at_most={"euro": "1"})}, "tools.refund.issue.at_most", "euro 1"),
    ({"tools": ["orders.get"]}, "refund-desk: tools", "read(…)"),
    ({"tools": "orders.get"}, "refund-desk: tools", "a list is expected"),
    ({"tools": None}, "refund-desk: tools", "a list is expected"),
    ({"stops": [Stop(name="x", on="input", when={"required": ["a"]}, escalate_to=" ")]}, "stops.x", "escalate to"),
    ({"stops": [Stop(name="x", on="refund", when={"a": 1}, escalate_to="a")]}, "stops.x", "'refund.issue'?"),
    ({"stops": [Stop(name="x", on="input", when={}, escalate_to="a")]}, "stops.x.when", "always holds"),
    ({"stops": [Stop(name="x", on="input", when={"type": 1}, escalate_to="a")]}, "stops.x.when.type", "JSON Schema"),
    ({"stops": [*parts()["stops"], *parts()["stops"]]}, "stops.the claim is over 500", "a name of its own"),
    ({"stops": [Stop(name="", on="input", when={"a": 1}, escalate_to="a")]}, "stops.", "a name of its own"),
    ({"compare": {}}, "refund-desk: compare", "nothing is compared"),
    ({"compare": {"decisions": major(exact())}}, "compare.decisions", "did you mean 'decision'?"),
    ({"compare": {"amount.cents": major(exact())}}, "compare.amount.cents", "no such field"),
    ({"compare": {"address.town": major(exact())}}, "compare.address.town", "no such field"),
    ({"compare": {"refund.isue": major(effect())}}, "compare.refund.isue", "did you mean 'refund.issue'?"),
    ({"compare": {"refund.issue.amount": major(effect())}}, "compare.refund.issue.amount", "no such write"),
    ({"compare": {"refund.issue": major(effect(amout=exact()))}}, "compare.refund.issue", "did you mean 'amount'?"),
    ({"compare": {"refund.issue": major(effect(ignore=["mem"]))}}, "compare.refund.issue", "did you mean 'memo'?"),
    ({"compare": {"decision": exact()}}, "compare.decision", "critical(…)"),
    ({"compare": {"decision": major(calendar(days=1))}}, "compare.decision", "a comparator is expected"),
    ({"compare": {"refund.issue": major(effect(amount=exact))}}, "compare.refund.issue.args", "called: exact()"),
    ({"redact": ["reason"]}, "compare.reason", "allowed: exact()"),
    ({"redact": ["amount"], "compare": {"decision": minor(exact())}}, "refund-desk: produces", "would not be valid"),
    ({"redact": ["claim"]}, "stops.the claim is over 500", "only a mark"),
    ({"redact": ["country"]}, "refund-desk: slices", "cannot be redacted"),
    ({"redact": "email"}, "refund-desk: redact", "a list is expected"),
    ({"redact": [5]}, "refund-desk: redact", "a list of texts"),
    ({"slices": ["land"]}, "refund-desk: slices", "allowed: customer_id"),
    ({"gates": []}, "refund-desk: gates", "nothing is ever ready"),
    ({"gates": [exact()]}, "refund-desk: gates", "a gate is expected"),
    ({"gates": [calendar]}, "refund-desk: gates", "called"),
    (
        {"slices": (), "gates": [every_slice(at_most=0.03)]},
        "refund-desk: gates.every_slice",
        "declare slices, or leave",
    ),
    ({"slices": (), "gates": [calendar(days=14), input_drift()]}, "refund-desk: gates.input_drift", "seen: no slices"),
    ({"failure": "major"}, "refund-desk: failure", "cosmetic, minor, major, critical"),
    ({"violation": "major"}, "refund-desk: violation", "cosmetic, minor, major, critical"),
    ({"settles_within": "five days"}, "refund-desk: settles_within", '"36h"'),
    ({"settles_within": timedelta(0)}, "refund-desk: settles_within", "above zero"),
    ({"labels_within": None}, "refund-desk: labels_within", "no duration"),
    ({"keep": "6d"}, "refund-desk: keep", "at least 6 days, 12:00:00"),
    ({"stages": [5, 1, 100]}, "refund-desk: stages", "rising shares"),
    ({"stages": [1, 5]}, "refund-desk: stages", "end at 100"),
    ({"stages": [0, 100]}, "refund-desk: stages", "rising shares"),
    ({"stages": []}, "refund-desk: stages", "rising shares"),
    ({"stages": ["1", 100]}, "refund-desk: stages", "a list of numbers"),
    ({"cases_per_day": -1}, "refund-desk: cases_per_day", "whole number"),
    ({"cases_per_day": 1.5}, "refund-desk: cases_per_day", "whole number"),
    ({"demonstration": "no"}, "refund-desk: demonstration", "true or false"),
    ({"approval": replace(APPROVAL, quorum=3)}, "refund-desk: approval", "quorum 3 of 2"),
    ({"approval": replace(APPROVAL, quorum=0)}, "refund-desk: approval", "quorum 0 of 2"),
    ({"approval": replace(APPROVAL, approvers=("ines", "ines"))}, "refund-desk: approval", "each once"),
    ({"approval": replace(APPROVAL, candidate_owner="tom")}, "refund-desk: approval", "seen: tom"),
    ({"approval": replace(APPROVAL, expires_h=0)}, "refund-desk: approval", "lapses"),
    ({"approval": replace(APPROVAL, quorum="2")}, "refund-desk: approval.quorum", "a whole number"),
    ({"approval": replace(APPROVAL, candidate_owner="")}, "refund-desk: approval: candidate_owner", "a name is needed"),
    ({"approval": replace(APPROVAL, candidate_owner="lee ")}, "candidate_owner", "without spaces"),
    ({"approval": replace(APPROVAL, channel="")}, "refund-desk: approval: channel", "a name is needed"),
    ({"approval": replace(APPROVAL, approvers=("ines", ""))}, "refund-desk: approval: approvers", "a name is needed"),
    ({"approval": "ines"}, "refund-desk: approval", "Approval(…)"),
    ({"gate": []}, "refund-desk", "unexpected keyword argument 'gate'"),
    ({"accepts": LOOP}, "refund-desk", "holds itself"),
]


@pytest.mark.parametrize(
    ("changed", "where", "said"), WRONG, ids=[f"{n}-{'-'.join(changed)}" for n, (changed, _, _) in enumerate(WRONG)]
)
def test_a_wrong_part_is_named(changed: dict[str, Any], where: str, said: str) -> None:
    """Where it is, and what to write instead; never a bare TypeError from somewhere inside."""
    with pytest.raises(ContractError) as caught:
        made(**changed)
    error = caught.value
    assert where in error.where
    assert said in str(error)
    assert error.what
    assert error.seen or error.allowed or error.todo or len(error.what.split()) > 3


@pytest.mark.parametrize("name", ["", "Refund Desk", "refund desk", "-desk", None, 5])
def test_a_workflow_has_a_usable_name(name: Any) -> None:
    """It stands in ids, paths and DAG names."""
    with pytest.raises(ContractError, match="no usable name") as caught:
        check(replace(made(), workflow=name))
    assert caught.value.where == "workflow"


def test_a_missing_part_is_named() -> None:
    """The parts without a default."""
    given = parts()
    for name in ("owner", "unit", "accepts", "produces", "tools", "compare", "gates"):
        less = {key: value for key, value in given.items() if key != name}
        with pytest.raises(ContractError, match=f"'{name}'"):
            made_of(less)


def made_of(given: dict[str, Any]) -> Contract:
    """A contract of exactly these parts."""
    from shadow.contract import contract

    return contract("refund-desk", **given)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"compare": {"address.city": minor(exact())}},
        {"compare": {"escalate": major(effect(ignore=["reason"]))}},
        {"compare": {"email.send": minor(effect(anything=exact()))}},
        {"redact": ["reason"], "compare": {"reason": cosmetic(exact())}},
        {"redact": ["memo"]},
        {"approval": None, "stops": (), "slices": (), "redact": ()},
        {"compare": {"reason": cosmetic(text(at_least=0.5)), "amount": minor(numeric(abs_tol="1"))}},
    ],
)
def test_a_right_contract_passes(changed: dict[str, Any]) -> None:
    """What is allowed is allowed."""
    one = made(**changed)
    assert check(one) is one


def test_a_decimal_is_not_taken_for_a_text() -> None:
    """Amounts are decimal texts; `write(…)` makes them of whatever it is given."""
    one = write("pay", entity="e", key="k", reversible=True, money=("a", "c"), at_most={"EUR": Decimal("9.90")})
    assert one.at_most == {"EUR": "9.90"}
    with pytest.raises(ContractError, match="amounts as texts"):
        made(tools=[replace(one, at_most={"EUR": Decimal("9.90")})], compare={"decision": major(exact())})


def theirs(*needs: str) -> Bound:
    """A third party's gate that needs these parts, in a registry of its own."""
    kind = Kind(word="gate", package="shadow.gates")

    @kind(version=1, needs=needs)
    def weather(evidence: object) -> object:
        return None

    return weather()


def test_a_third_partys_gate_says_what_it_needs() -> None:
    """What the contract has is right; what it lacks is refused by name, and so is a part that no contract has."""
    assert made(gates=[theirs("slices", "approval")]).slices == ("country",)
    assert made(gates=[theirs()], slices=()).slices == ()
    for part, changed in (("horizon_days", {}), ("approval", {"approval": None}), ("stops", {"stops": ()})):
        with pytest.raises(ContractError, match=f"declares none.*seen: no {part}") as caught:
            made(gates=[theirs("slices", part)], **changed)
        assert caught.value.where == "refund-desk: gates.weather"
    with pytest.raises(ContractError, match="needs 'slice', which no contract has") as caught:
        made(gates=[theirs("slice")])
    assert caught.value.todo == "did you mean 'slices'?"


@pytest.mark.parametrize("needs", ["slices", (5,), [None]])
def test_what_a_gate_needs_is_a_list_of_names(needs: Any) -> None:
    """A text alone would be read letter by letter."""
    with pytest.raises(ContractError, match="needs is a list of names"):
        Kind(word="gate", package="shadow.gates")(needs=needs)


def test_a_contract_that_is_read_is_held_to_what_its_gates_need() -> None:
    """From JSON and YAML as from Python; coverage needs no slices."""
    right = made(gates=[every_slice(at_most=0.03), coverage()])
    assert from_json(to_json(right)) == right
    data = {**json.loads(to_json(right)), "slices": []}
    for read_in in (from_json, from_yaml):
        with pytest.raises(ContractError, match="judges by slices and the contract declares none"):
            read_in(json.dumps(data))
    assert made(gates=[coverage()], slices=()).gates == (coverage(),)
