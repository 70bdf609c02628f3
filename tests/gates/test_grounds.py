"""What a verdict stands on: whatever of it changes voids the verdict, and says which."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from comparators.exact import exact
from comparators.numeric import numeric
from shadow.contract import Approval, Contract, effect, major, minor, read
from shadow.contract.digests import CONDUCT, JUDGEMENT
from shadow.evidence import version
from shadow.gates import calendar, harmful_rate
from shadow.gates import grounds as module
from shadow.gates.grounds import Grounds, grounds, voided
from shadow.plug import Plug
from tests.contract.desk import CHANGES, made

TAKEN = datetime(2026, 1, 20, 6, tzinfo=UTC)
PIN = "p" * 64
OWN = {"source": "s1", "file prompts/refund.md": "f1", "models": "small-1"}


def taken(contract: Contract | None = None, **more: Any) -> Grounds:
    """What a verdict of that moment stands on."""
    return grounds(contract or made(), counts="c" * 64, pin=PIN, taken=TAKEN, candidate=OWN, **more)


def void(then: Grounds, contract: Contract | None = None, **more: Any) -> tuple[str, ...]:
    """Why it is void an hour later."""
    given = {"pin": PIN, "at": TAKEN + timedelta(hours=1), "candidate": OWN, **more}
    return voided(then, contract=contract or made(), **given)


def test_nothing_changed() -> None:
    """It holds, through JSON too."""
    then = taken()
    assert void(then) == ()
    assert Grounds.from_json(json.loads(json.dumps(then.to_json()))) == then


@pytest.mark.parametrize("field", [*CONDUCT, *JUDGEMENT])
def test_every_part_of_conduct_and_judgement_voids(field: str) -> None:
    """One sentence at least, that names it; dies where a part is left out of what is held."""
    found = void(taken(), replace(made(), **{field: CHANGES[field]}))
    assert found
    word = {"tools": "tool ", "stops": "stop ", "gates": "gate ", "compare": "place "}.get(field, field)
    assert all(said.startswith(f"the contract's {word}") for said in found)


@pytest.mark.parametrize("field", ["owner", "approval", "stages", "keep", "redact", "cases_per_day", "verdict_holds"])
def test_governance_does_not_void(field: str) -> None:
    """Who decides and how is no ground of what was found; open approvals are another matter."""
    assert void(taken(), replace(made(), **{field: CHANGES[field]})) == ()


def test_it_says_which() -> None:
    """The tool, the schema, the gate, the place: by name, and whether it changed, is new or was taken out."""
    one = made()
    tools = (replace(one.tools[0], entity="parcel"), *one.tools[1:3], read("stock.get"))
    assert void(taken(), replace(one, tools=tools)) == (
        "the contract's tool orders.get changed",
        "the contract's tool ticket.close was taken out",
        "the contract's tool stock.get is new",
    )
    assert void(taken(), replace(one, produces={**one.produces, "title": "t"})) == ("the contract's produces changed",)
    other = replace(one, gates=(harmful_rate(at_most=0.5), calendar(days=14)))
    assert "the contract's gate harmful_rate changed" in void(taken(), other)
    graver = {**one.compare, "refund.issue": minor(effect(amount=numeric(abs_tol="0.01"), ignore=["memo"]))}
    assert void(taken(), replace(one, compare=graver)) == ("the contract's place refund.issue changed",)


def test_another_order_of_places_voids() -> None:
    """The first difference is looked for in the contract's order."""
    one = made()
    turned = dict(reversed(list(one.compare.items())))
    assert void(taken(), replace(one, compare=turned)) == ("the contract's order of compare changed",)


def test_the_candidate_is_told_by_its_parts() -> None:
    """A prompt, a model: by name; where nothing is known of the parts, by the pin."""
    newer = {**OWN, "file prompts/refund.md": "f2", "models": "small-2"}
    assert void(taken(), pin="q" * 64, candidate=newer) == (
        "the candidate's file prompts/refund.md changed",
        "the candidate's models changed",
    )
    assert void(taken(), pin="q" * 64, candidate={}) == (f"the candidate changed: pin {'q' * 12}, was {'p' * 12}",)
    assert void(taken(), pin="q" * 64, candidate=OWN) == (f"the candidate changed: pin {'q' * 12}, was {'p' * 12}",)


def test_versions_of_what_judged_void(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a gate, a comparator inside an effect too, and our own mathematics; as installed, whatever a contract says."""
    then = taken()
    assert set(then.versions) >= {"evidence", "gate harmful_rate", "gate calendar", "comparator exact"}
    assert void(replace(then, versions={**then.versions, "gate harmful_rate": 99})) == (
        f"gate harmful_rate is version {harmful_rate.version} here, was 99",
    )
    assert void(replace(then, versions={"comparator numeric": 99}))[0].startswith("comparator numeric is version")
    assert void(replace(then, versions={"gate gone": 1})) == ("gate gone is not installed here any more",)
    monkeypatch.setattr(module, "VERSION", version.VERSION + 1)
    assert void(then) == (f"evidence is version {version.VERSION + 1} here, was {version.VERSION}",)


def test_a_version_is_told_once() -> None:
    """As a version, and not as a change of every place that uses it."""
    rule = replace(made(), compare={"decision": major(exact())})
    then = taken(rule)
    newer = Plug(kind=exact.kind, name="exact", version=exact.version + 1, function=exact.function)
    assert void(then, replace(rule, compare={"decision": major(newer())})) == ()
    assert void(replace(then, versions={"comparator exact": 0}), rule) == (
        f"comparator exact is version {exact.version} here, was 0",
    )


def test_it_expires() -> None:
    """On the moment and not before; the sentence says when and how long it held."""
    then = taken(replace(made(), verdict_holds=timedelta(days=2)))
    assert void(then, at=TAKEN + timedelta(days=2) - timedelta(microseconds=1)) == ()
    assert void(then, at=TAKEN + timedelta(days=2)) == ("it expired on 2026-01-22 06:00 UTC, 2d after it was taken",)


def test_a_contract_that_cannot_be_read_is_told_by_its_versions() -> None:
    """None for the contract: only what is known otherwise is held against it."""
    then = taken()
    assert voided(then, contract=None, pin=PIN, at=TAKEN, candidate=OWN) == ()
    assert voided(replace(then, versions={"gate calendar": 99}), contract=None, pin=PIN, at=TAKEN) != ()


def test_who_approves_is_no_part_of_it() -> None:
    """The same contract under other approvers stands on the same."""
    asked = replace(made(), approval=Approval(channel="#x", approvers=("a", "b"), candidate_owner="c"))
    assert taken(asked).parts == taken().parts
