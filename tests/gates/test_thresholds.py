"""Evidence that is not enough yet is not enough for any gate that tests."""

from __future__ import annotations

from collections.abc import Mapping
from math import log
from typing import Any

import pytest

from shadow.evidence.eprocess import reached
from shadow.evidence.evidence import Evidence
from shadow.gates import Finding, Status
from shadow.plug import Bound, gate
from tests.evidence.rows import days_of, evidence

# Parameters with which a good desk of a few thousand cases passes, and a tenth of it does not.
PARAMS: Mapping[str, Mapping[str, Any]] = {
    "harmful_rate": {"at_most": 0.005},
    "every_slice": {"at_most": 0.01},
    "recency": {"at_most": 0.01},
    "whole_weeks": {"at_most": 0.005},
    "non_inferior": {"by": 0.005},
    "similarity": {"at_least": 0.995},
    "critical_rate": {"below": 0.005},
    "latency": {"p95_s": 20},
    "cost": {"per_case_usd": 0.011},
}
SIZES = (28, 56, 84, 140, 210, 280, 420, 700, 1400, 2800, 5600)
ALPHA = 0.05


def found(bound: Bound, cases: int) -> Finding:
    """What the gate says of so many good cases in fourteen days."""
    rows = days_of(cases, days=14, slices=lambda number: {"country": ("DE", "FR")[number % 2]}, similarity=1.0)
    said: Finding = bound(evidence(rows, days=14))
    return said


def log_e_of(finding: Finding) -> float:
    """The evidence that it rests on."""
    return float(finding.numbers["log_e"])


@pytest.mark.parametrize("name", PARAMS)
def test_passes_once_the_threshold_is_reached_and_not_before(name: str) -> None:
    """Good evidence grows with the cases; below log(1/alpha) it is inconclusive, from there on it passes."""
    bound = gate.get(name)(**PARAMS[name])
    seen = [found(bound, cases) for cases in SIZES]
    short = [one for one in seen if log_e_of(one) > 0 and not reached(log_e_of(one), ALPHA)]
    assert len(short) >= 2, "sizes at which there is some evidence and not enough"
    assert {one.status for one in short} == {Status.INCONCLUSIVE}
    assert all(reached(log_e_of(one), ALPHA) for one in seen if one.status is Status.PASS)
    assert seen[-1].status is Status.PASS


def moved(days: int) -> Evidence:
    """Two weeks in which half of the cases are German, of all but the last days; on these three quarters are."""

    def country(number: int) -> dict[str, str]:
        day, place = divmod(number, 100)
        return {"country": "DE" if place < (75 if day >= 14 - days else 50) else "FR"}

    return evidence(days_of(1400, days=14, slices=country), days=14)


def test_an_alarm_is_raised_at_the_number_of_days_that_is_asked_for() -> None:
    """What is an alarm where one false one in a hundred days is allowed is none where it is one in a billion."""
    seen = moved(5)
    quick, slow = gate.get("input_drift")(false_alarm_days=100), gate.get("input_drift")(false_alarm_days=10**9)
    level = float(quick(seen).numbers["log_m"])
    assert log(100) < level < log(10**9)
    assert quick(seen).status is Status.INCONCLUSIVE
    assert slow(seen).status is Status.PASS
    assert quick(moved(1)).status is Status.PASS
