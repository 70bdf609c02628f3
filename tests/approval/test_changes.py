"""What changed between two contracts, for somebody who signs the newer one."""

from __future__ import annotations

from dataclasses import replace

from shadow import approval
from shadow.approval.changes import changes
from shadow.contract import Contract, read
from shadow.contract.codec import to_data
from shadow.gates.calendar import calendar
from shadow.gates.harmful_rate import harmful_rate
from shadow.store import Store
from shadow.store.requests import request
from tests.approval.desk import ASKED, DECIDES, NOW, signed, trial


def changed(**parts: object) -> Contract:
    """The contract with other parts."""
    return replace(ASKED, **parts)  # type: ignore[arg-type]


def test_nothing_changed() -> None:
    """No sentence."""
    assert changes(ASKED, ASKED) == []


def test_each_part_has_its_sentence() -> None:
    """Who decides, a gate's number, a tool, a rule's severity, the keeping of data: was and is."""
    newer = changed(
        approval=replace(DECIDES, approvers=("eve",), quorum=1),
        gates=(calendar(days=1), harmful_rate(at_most=0.5, alpha=0.05)),
        tools=(*ASKED.tools, read("orders.get", entity="order", key="order")),
        owner="others",
    )
    said = "\n".join(changes(ASKED, newer))
    assert 'approval: approvers was ["ines","tom","sara"], is ["eve"]' in said
    assert "approval: quorum was 2, is 1" in said
    assert "days was 2, is 1" in said and "gate harmful_rate: new" in said
    assert "tool orders.get: new" in said and "owner was ops, is others" in said


def test_what_is_taken_out_is_said_with_what_it_was() -> None:
    """A gate that is gone is the change that matters most."""
    said = changes(changed(gates=(calendar(days=2), harmful_rate(at_most=0.5, alpha=0.05))), ASKED)
    assert len(said) == 1 and said[0].startswith("gate harmful_rate: taken out (") and "0.5" in said[0]


def test_no_change_of_any_part_is_silent() -> None:
    """Every part of a contract's data is looked at: a new one that is forgotten here would be signed unseen."""
    newer = changed(
        owner="x", accepts={**ASKED.accepts, "title": "t"}, produces={**ASKED.produces, "title": "t"}, slices=("unit",),
        stages=(2, 100), cases_per_day=9, demonstration=False, redact=("email",), approval=None,
    )  # fmt: skip
    said = changes(ASKED, newer)
    for part in ("owner", "accepts", "produces", "slices", "stages", "cases_per_day", "demonstration", "redact"):
        assert any(line.startswith(part) for line in said), part
    assert any(line.startswith("approval") for line in said)
    assert set(to_data(ASKED)) == set(to_data(newer))


def test_a_request_for_a_signature_says_what_changed_since_the_last_one(store: Store) -> None:
    """Nothing the first time; then against the contract that was signed, not against the one before."""
    first = signed(store, trial(store))
    assert (request(store, first.id).evidence["since"], first.evidence["changes"]) == ("", [])
    trial(store, changed(owner="nobody signed this"))
    held = trial(store, changed(approval=replace(DECIDES, quorum=3)))
    asked = approval.ask_signature(store, held.contract, now=NOW).request
    assert asked is not None
    assert asked.evidence["since"] == first.contract
    assert asked.evidence["changes"] == ["approval: quorum was 2, is 3"]
