"""What a contract says of itself: severities, rules, places."""

from __future__ import annotations

import copy
import pickle

import pytest

from comparators.exact import exact
from shadow.contract import Severity, digests, major
from tests.contract.desk import made


def test_severities_are_ordered() -> None:
    """Cosmetic, minor, major, critical; the upper two are harmful."""
    assert sorted(Severity, key=lambda one: one.rank) == ["cosmetic", "minor", "major", "critical"]
    assert [one for one in Severity if one.harmful] == ["major", "critical"]


def test_unlisted_writes_are_compared_all_the_same() -> None:
    """Listed places in order, then the writes that nobody listed, then escalations."""
    one = made()
    assert one.places == ("decision", "amount", "refund.issue", "reason", "email.send", "ticket.close", "escalate")
    found = {place: one.rule(place).severity for place in one.places}
    assert found["email.send"] is Severity.MAJOR  # it cannot be taken back
    assert found["ticket.close"] is Severity.MINOR
    assert found["escalate"] is Severity.MAJOR


def test_a_listed_escalation_stands_where_it_is_listed() -> None:
    """And not a second time at the end."""
    one = made(compare={"escalate": made().rule("escalate"), "decision": major(exact())})
    assert one.places == ("escalate", "decision", "refund.issue", "email.send", "ticket.close")


def test_tools_by_name() -> None:
    """What the contract does not list is None, not an error."""
    one = made()
    assert [tool.name for tool in one.writes] == ["refund.issue", "email.send", "ticket.close"]
    assert one.tool("orders.get") is one.tools[0]
    assert one.tool("orders.drop") is None


@pytest.mark.parametrize("copied", [copy.deepcopy, copy.copy])
def test_a_copy_is_the_same_contract(copied: object) -> None:
    """Airflow copies what a DAG holds."""
    one = made()
    other = copied(one)  # type: ignore[operator]
    assert other == one
    assert digests(other) == digests(one)


def test_tools_and_stops_cross_processes() -> None:
    """Pickled and back they are equal, and still frozen."""
    one = made()
    tool = pickle.loads(pickle.dumps(one.tools[1]))
    assert tool == one.tools[1]
    with pytest.raises(TypeError, match="cannot be changed"):
        tool.args["properties"]["x"] = {}
