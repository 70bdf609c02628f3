"""The reviewer says what the policy says of both sides, and fills in the sheet as people would."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shadow.errors import UsageError
from shadow.examples.refund_desk import agent, faults, reviewer
from shadow.observation import Observation
from tests.examples.refund_desk.desk_tools import compared
from tests.examples.refund_desk.worlds import Made

AT = datetime(2026, 9, 16, 9, tzinfo=UTC)


def _sheet(path: Path, settings: dict[str, object]) -> list[dict[str, str]]:
    return [
        {
            "experiment": "e", "case": case.id, "discrepancy": "d", "severity": str(result.severity), "places": "",
            "control": _side(control), "candidate": _side(candidate),
        }
        for case, control, candidate, result in compared(path, settings)
        if result.severity is not None
    ]  # fmt: skip


def _side(seen: Observation) -> str:
    effects = [{"tool": effect.tool, "args": dict(effect.args)} for effect in seen.effects]
    return json.dumps({"value": seen.value, "effects": effects})


@pytest.mark.slow
def test_of_version_2_only_its_own_slips_stay_harmful(full: Made) -> None:
    """In a world of full size, labels clear all of the control's errors and confirm all of version 2's."""
    labels = reviewer.review(_sheet(full.path, {}), full.path, AT)
    own = {case for case, plan in full.truth.right.items() if plan.refunds and agent.slips(case)}
    aside = {*full.truth.malformed, *full.truth.never}
    harmful = {label["case"] for label in labels if label["grade"] in ("major", "critical")}
    assert harmful == own - aside
    assert 0.001 <= len(harmful) / len(full.truth.right) <= 0.003
    cleared = {label["case"] for label in labels if label["side"] in ("candidate", "both")}
    assert cleared >= set(full.truth.mistakes) - own - aside
    assert 0.017 <= len(labels) / len(full.truth.right) <= 0.028


@pytest.mark.parametrize(
    ("place", "direction", "grade"),
    [
        ("decision", "approve -> decline", "critical"),
        ("amount", "lower", "major"),
        ("refund.issue", "extra", "major"),
        ("email.send", "missing", "minor"),
        ("ticket.close", "missing", "minor"),
        ("reason", "different", "cosmetic"),
        ("failure", "error", "major"),
    ],
)
def test_a_fault_is_graded_as_bad_as_it_is(short: Made, place: str, direction: str, grade: str) -> None:
    """Where the control was right, the label gives it right and grades the candidate's worst departure."""
    planted = faults.fault(place, direction, share=0.1)
    wrong = set(short.truth.mistakes) | {case for case in short.truth.right if agent.slips(case)}
    rows = [row for row in _sheet(short.path, {"faults": [planted]}) if row["case"] not in wrong]
    labels = reviewer.review(rows, short.path, AT)
    assert len(labels) > 20
    assert {(label["side"], label["grade"]) for label in labels} == {("control", grade)}


def test_the_command_fills_in_an_exported_sheet(short: Made, tmp_path: Path) -> None:
    """Columns stay as they were; side, who and at are filled in; the moment is the one given."""
    rows, blank = _sheet(short.path, {})[:3], dict.fromkeys(("side", "grade", "comment", "who", "at"), "")
    with (tmp_path / "open.csv").open("w", newline="") as sheet:
        writer = csv.DictWriter(sheet, fieldnames=[*rows[0], *blank])
        writer.writeheader()
        writer.writerows({**row, **blank} for row in rows)
    given = ["--world", short.path, "--sheet", tmp_path / "open.csv", "--labels", tmp_path / "done.csv"]
    assert reviewer.main([*map(str, given), "--at", AT.isoformat()]) == 0
    with (tmp_path / "done.csv").open(newline="") as sheet:
        done = list(csv.DictReader(sheet))
    assert [{name: row[name] for name in rows[0]} for row in done] == rows
    assert all(row["side"] and row["who"] in reviewer.WHO and row["at"] == AT.isoformat() for row in done)


def test_a_case_of_another_world_and_a_broken_side_are_named(short: Made) -> None:
    """The error says which case, and what to do."""
    row = _sheet(short.path, {})[0]
    with pytest.raises(UsageError, match="no such case in this world; seen: T99"):
        reviewer.review([{**row, "case": "T99"}], short.path, AT)
    with pytest.raises(UsageError, match=row["case"]):
        reviewer.review([{**row, "candidate": "{"}], short.path, AT)
