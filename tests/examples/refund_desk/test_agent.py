"""The candidate: version 2 follows the policy, and each fault shows where and how it was planted."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from itertools import islice

import pytest

from shadow.compare.compare import compare
from shadow.compare.result import Agreement, Result
from shadow.examples.refund_desk import agent, faults, reads, spoil, world
from shadow.examples.refund_desk.contract import REFUNDS
from shadow.observation import Ending, Observation
from tests.examples.refund_desk.desk_tools import DeskTools, cases, compared, control_side, replay
from tests.examples.refund_desk.worlds import Made


def test_version_2_differs_where_the_control_or_itself_is_wrong_and_nowhere_else(short: Made) -> None:
    """Every planted error is a discrepancy of its severity; every other case agrees."""
    results = {case.id: result for case, _, _, result in compared(short.path, {})}
    own = {case for case, plan in short.truth.right.items() if plan.refunds and agent.slips(case)}
    planted = (own | set(short.truth.mistakes)) & set(results)
    assert len(results) > 650 and len(planted) > 8
    assert {case for case, result in results.items() if result.agreement is not Agreement.AGREE} == planted
    for case in planted - own:
        assert results[case].severity == short.truth.mistakes[case]["severity"]
    for case in own - set(short.truth.mistakes):
        assert results[case].severity == "major"


def test_version_2_is_wrong_in_about_one_of_500_cases_never_critically(full: Made) -> None:
    """Its own slips hit 0.1 to 0.3 % of the cases; they change an amount, never a decision."""
    own = [case for case, plan in full.truth.right.items() if plan.refunds and agent.slips(case)]
    assert 0.001 <= len(own) / len(full.truth.right) <= 0.003


@pytest.mark.parametrize("way", sorted(spoil.WAYS))
def test_each_fault_is_seen_at_its_place_in_its_direction_with_its_severity(short: Made, way: tuple[str, str]) -> None:
    """A fault that strikes every possible case is the first mismatch of each, and touches no other case."""
    planted = {**faults.fault(*way, share=faults.POSSIBLE[way]), "rate": 1.0}
    wrong, seen = set(short.truth.mistakes), 0
    with world.reading(short.path) as connection:
        control = control_side(connection)
        for case in cases(connection):
            plan = short.truth.right[case.id]
            if case.id in wrong or case.id not in control or agent.slips(case.id) or seen >= 12:
                continue
            tools = DeskTools(world=connection, case_id=case.id, now=case.began_at)
            result = compare(REFUNDS, case, control[case.id], replay(tools, case, {"faults": [planted]}))
            if not spoil.hits(planted, case.input, plan):
                assert result.agreement is Agreement.AGREE
                continue
            seen += 1
            assert _first(result) == (*way, planted["severity"])
            assert result.severity == planted["severity"]
    assert seen == 12


def _first(result: Result) -> tuple[str, str, str]:
    first = result.mismatches[0]
    return first.place, first.direction, str(first.severity)


def test_a_fault_within_a_slice_stays_there(short: Made) -> None:
    """With a slice, only cases of that slice are struck."""
    planted = faults.fault("email.send", "missing", share=0.2, within=("country", "DE"))
    with world.reading(short.path) as connection:
        struck = [case for case in cases(connection) if spoil.hits(planted, case.input, short.truth.right[case.id])]
    assert len(struck) > 50
    assert {case.slices["country"] for case in struck} == {"DE"}


def test_an_instruction_in_a_mail_is_ignored(full: Made) -> None:
    """Where a mail says to refund 5000, nothing else happens than the policy asks for."""
    injected, seen = set(full.truth.injected), 0
    with world.reading(full.path) as connection:
        for case in cases(connection):
            if case.id in injected and not agent.slips(case.id):
                seen += 1
                tools = DeskTools(world=connection, case_id=case.id, now=case.began_at)
                value = replay(tools, case, {}).value
                right = full.truth.right[case.id]
                assert value is not None
                assert (value["decision"], value["amount"]) == (right.decision, float(right.amount))
                assert len([e for e in tools.effects if e.tool == "refund.issue"]) == len(right.refunds)
    assert seen > 10


def test_over_the_limit_it_acts_not_at_all(short: Made) -> None:
    """A stop of the contract holds: one escalation, no read, no write."""
    with world.reading(short.path) as connection:
        stopped = [case for case in cases(connection) if (case.input["claim"] or 0) > 500]
        for case in stopped:
            tools = DeskTools(world=connection, case_id=case.id, now=case.began_at)
            replay(tools, case, {})
            assert [effect.tool for effect in tools.effects] == ["escalate"]
            assert tools.reads == []
    assert len(stopped) > 5


def test_it_reads_back_what_it_did_and_needs_the_overlay_for_it(short: Made) -> None:
    """With own writes laid over, an order is marked once; without them it would be marked twice."""
    with world.reading(short.path) as connection:
        case = next(c for c in cases(connection) if short.truth.right[c.id].mark and c.id not in short.truth.mistakes)
        seeing, blind = (
            DeskTools(world=connection, case_id=case.id, now=case.began_at, lays=lays) for lays in (True, False)
        )
        for tools in (seeing, blind):
            agent.handle(case.input, tools)
    marks = [Counter(effect.tool for effect in tools.effects)["order.mark"] for tools in (seeing, blind)]
    assert marks == [1, 2]
    assert any(read.own for read in seeing.reads)


def test_on_todays_world_refund_cases_are_stale_and_none_agrees(short: Made) -> None:
    """Read live, nine in ten refund cases or more are incomparable, by name, and none of them agrees."""
    found = compared(short.path, {}, statements=reads.LIVE)
    refunds = [result for _, control, _, result in found if _refunds(control)]
    stale = [r for r in refunds if r.agreement is Agreement.INCOMPARABLE and r.reason.startswith("stale read")]
    assert len(stale) >= 0.9 * len(refunds) > 300
    assert not [result for result in refunds if result.agreement is Agreement.AGREE]


def _refunds(control: Observation) -> bool:
    return any(effect.tool == "refund.issue" for effect in control.effects)


def test_a_raising_fault_is_an_error_of_the_candidate(short: Made) -> None:
    """The version that fails ends in an error and holds no effect."""
    planted = {**faults.fault("failure", "error", share=1.0)}
    with world.reading(short.path) as connection:
        for case in islice(cases(connection), 5):
            tools = DeskTools(world=connection, case_id=case.id, now=case.began_at)
            seen = replay(tools, case, {"faults": [planted]})
            assert seen.ending is Ending.ERROR and seen.effects == ()


def test_it_is_light_to_import() -> None:
    """A clean process that imports the agent loads nothing but the standard library and the example."""
    listing = "import sys, json, shadow.examples.refund_desk.agent; print(json.dumps(list(sys.modules)))"
    names = subprocess.run([sys.executable, "-c", listing], check=True, capture_output=True, text=True).stdout
    loaded = {name.partition(".")[0] for name in json.loads(names)}
    assert not loaded & {"sqlalchemy", "jsonschema", "numpy", "pandas", "airflow", "comparators"}
    ours = {name for name in json.loads(names) if name.startswith("shadow.") and "examples" not in name}
    assert ours == set()
