"""The contract holds for what the desk really does, and its bindings serve it."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from shadow.contract import check, from_json, from_yaml, plain_words, to_json, to_yaml
from shadow.doors.bindings import check_bindings
from shadow.examples.refund_desk import contract, policy, spoil, world
from shadow.examples.refund_desk.bindings import BINDINGS, live_bindings
from shadow.examples.refund_desk.contract import REFUNDS
from tests.examples.refund_desk.desk_tools import DeskTools, cases, control_side, replay
from tests.examples.refund_desk.worlds import Made


def test_it_is_sound_and_comes_back_equal_from_json_and_yaml() -> None:
    """Every part is valid; both texts give the same contract; its page names the stops."""
    check(REFUNDS)
    assert from_json(to_json(REFUNDS)) == REFUNDS == from_yaml(to_yaml(REFUNDS))
    assert "the claim is over 500" in plain_words(REFUNDS)
    assert contract.LIMIT == policy.LIMIT


@pytest.mark.parametrize("bindings", [BINDINGS, live_bindings()], ids=["as of", "live"])
def test_every_tool_has_a_binding(bindings: dict[str, object]) -> None:
    """Neither set of bindings is refused."""
    check_bindings(REFUNDS, bindings)  # type: ignore[arg-type]


def test_what_the_control_did_is_what_the_contract_describes(short: Made) -> None:
    """Each outcome fits `produces`, each effect is of a listed tool and fits its arguments."""
    produces = Draft202012Validator(dict(REFUNDS.produces))
    args = {tool.name: Draft202012Validator(dict(tool.args)) for tool in REFUNDS.tools}
    with world.reading(short.path) as connection:
        sides = control_side(connection)
    assert len(sides) > 650
    for side in sides.values():
        produces.validate(side.value)
        for effect in side.effects:
            if effect.tool != "escalate":
                args[effect.tool].validate(dict(effect.args))


@pytest.mark.parametrize("way", [None, *sorted(spoil.WAYS)])
def test_no_version_asks_for_what_the_door_would_refuse(short: Made, way: tuple[str, str] | None) -> None:
    """Reads and writes of version 2, and of each fault, fit the tools' arguments, and no stop is passed."""
    args = {tool.name: Draft202012Validator(dict(tool.args)) for tool in REFUNDS.tools}
    stop = Draft202012Validator(dict(REFUNDS.stops[1].when))
    planted = [{"id": "x", "place": way[0], "direction": way[1], "slice": None, "rate": 1.0}] if way else []
    with world.reading(short.path) as connection:
        for number, case in enumerate(cases(connection)):
            if number % 5:
                continue
            tools = DeskTools(world=connection, case_id=case.id, now=case.began_at)
            replay(tools, case, {"faults": planted})
            calls = [(one.tool, dict(one.args)) for one in tools.reads] + [
                (e.tool, dict(e.args)) for e in tools.effects
            ]
            for tool, given in calls:
                if tool != "escalate":
                    args[tool].validate(given)
                assert tool != "refund.issue" or not stop.is_valid(given)
            if (case.input["claim"] or 0) > policy.LIMIT:
                assert {effect.tool for effect in tools.effects} <= {"escalate"}
