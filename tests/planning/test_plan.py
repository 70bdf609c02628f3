"""Day 0: what a contract's bars cost, and that one which can never be passed is refused before anything is run."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise, product
from math import ceil
from typing import Any

import pytest

from shadow.contract import Contract, Severity
from shadow.errors import UsageError
from shadow.evidence.eprocess import READY, inputs_for
from shadow.evidence.judged import Judged
from shadow.evidence.streams import Draws
from shadow.gates import Finding, Status, calendar, critical_rate, harmful_rate, recency, set_aside, whole_weeks
from shadow.planning import Assumed, Plan, impossible, plan
from shadow.planning.bars import RULES, price
from shadow.planning.words import sentences, text
from shadow.plug import Bound, Kind, gate
from tests.contract.desk import made
from tests.evidence.rows import discrepancy, evidence, row

ONE_OF_EACH: dict[str, dict[str, Any]] = {
    "calendar": {"days": 14},
    "cost": {"per_case_usd": 0.05},
    "coverage": {},
    "critical_rate": {"below": 0.002},
    "data_quality": {},
    "every_slice": {"at_most": 0.06},
    "harmful_rate": {"at_most": 0.02},
    "input_drift": {},
    "latency": {"p95_s": 20},
    "latency_against_control": {"ratio": 1.2},
    "non_inferior": {"by": 0.02},
    "recency": {"at_most": 0.02},
    "set_aside": {"at_most": 0.05},
    "similarity": {"at_least": 0.9},
    "stale": {"at_most": 0.02},
    "whole_weeks": {"at_most": 0.02},
}


def contract(*gates: Bound, **more: Any) -> Contract:
    """A contract with these gates; half a day to settle, half a day for labels: one day each until a day is closed."""
    given = {"settles_within": timedelta(hours=12), "labels_within": timedelta(hours=12), **more}
    return replace(made(), gates=gates, **given)


def planned(*gates: Bound, cases: float = 500, days: int | None = 28, **more: Any) -> Plan:
    """The plan of such a contract."""
    return plan(contract(*gates, **more), Assumed(cases_per_day=cases), days=days)


def theirs() -> Bound:
    """A third party's gate, in a registry of its own."""
    kind = Kind(word="gate", package="shadow.gates")

    @kind(version=1)
    def weather(evidence: object) -> Finding:
        return Finding(gate="weather", status=Status.PASS, reason="Sunny.")

    return weather()


def test_every_gate_has_a_price() -> None:
    """A new gate is priced, or this fails: a plan that leaves one out would promise too much."""
    assert set(gate.names()) <= set(RULES)
    assert set(gate.names()) <= set(ONE_OF_EACH)


@pytest.mark.parametrize("name", gate.names())
def test_every_gate_is_passed_in_the_end_and_never_before_its_first_day(name: str) -> None:
    """At a good volume a good candidate passes each by day 60, on no day before a perfect one could."""
    one = planned(gate.get(name)(**ONE_OF_EACH[name]), days=60)
    bar = one.bars[0]
    assert not one.refused
    assert bar.chance is not None and bar.chance > 0.9
    assert bar.first is not None and bar.half is not None and bar.nine is not None
    assert 2 <= bar.first <= bar.half <= bar.nine and bar.half >= 3
    assert one.nine is not None and one.nine <= bar.nine


@pytest.mark.parametrize("name", gate.names())
def test_no_gate_is_passed_before_a_day_is_closed(name: str) -> None:
    """By the look of day 1 none is; each is refused there with a reason of its own."""
    one = planned(gate.get(name)(**ONE_OF_EACH[name]), days=1)
    assert (one.chance, one.bars[0].chance) == (0.0, 0.0)
    assert one.refused and name in one.refused[0]


def test_a_bar_that_can_never_pass_is_refused() -> None:
    """Critical below 0.001 at 100 a day: 3,057 unit-days, and 28 days bring 2,700; with what would do instead."""
    one = planned(harmful_rate(at_most=0.02), critical_rate(below=0.001), cases=100)
    assert [bool(bar.refused) for bar in one.bars] == [False, True]
    assert one.refused == (
        "critical_rate (fewer than 0.1 % of the pieces of evidence hold a critical case; error rate 5 %) needs 3,057 "
        "unit-days without a bad one; 28 days bring 2,700 on 27 closed days. 114 cases a day would do, or 32 days.",
    )
    assert one.chance == 0.0


def test_the_refusal_is_sharp() -> None:
    """114 cases a day would do, it says: 114 do and 113 do not; 32 days do and 31 do not. Dies where it rounds down."""
    bar = critical_rate(below=0.001)
    assert planned(bar, cases=113).refused and not planned(bar, cases=114).refused
    assert planned(bar, cases=100, days=31).refused and not planned(bar, cases=100, days=32).refused


def test_a_window_that_brings_too_little_is_refused_whatever_the_days() -> None:
    """Recency looks at its last seven days alone: more days do not help, more cases do."""
    least = inputs_for(0, 0.02, READY, alpha=0.05)
    few = ceil(least / 7) - 1
    one = planned(recency(at_most=0.02), cases=few, days=90)
    said = f"{least} unit-days without a bad one within 7 days; 7 days bring {7 * few}. {few + 1} cases a day would do."
    assert one.refused[0].endswith(said)
    assert not planned(recency(at_most=0.02), cases=few + 1, days=90).refused


@pytest.mark.parametrize("name", ["every_slice", "input_drift"])
def test_a_gate_over_slices_is_refused_where_there_are_none(name: str) -> None:
    """However many cases and days there are: the contract has to declare slices, or leave the gate out."""
    one = planned(gate.get(name)(**ONE_OF_EACH[name]), slices=())
    assert one.refused[0].endswith(
        "can never be passed, however long the trial takes: the contract declares no slices."
    )


def test_settling_and_labels_cost_days() -> None:
    """Each day that a case may take to settle, or a label to come, moves every day of a good candidate by one.

    A perfect one, of which nothing has to be labelled, waits for the slowest case alone.
    """
    bars = (harmful_rate(at_most=0.02), calendar(days=14))
    soon = planned(*bars)
    late = planned(*bars, settles_within=timedelta(days=5), labels_within=timedelta(days=2))
    assert (soon.waits, late.waits, soon.settles, late.settles) == (2, 7, 1, 5)
    for before, after in zip(soon.bars, late.bars, strict=True):
        assert (after.first or 0) - (before.first or 0) == 4
        assert (after.half or 0) - (before.half or 0) == 5


def test_units_cost_days() -> None:
    """Two cases of one unit on one day are one piece: half the evidence, the pieces needed stay the same."""
    bar = critical_rate(below=0.002)
    one = plan(contract(bar), Assumed(cases_per_day=500), days=28)
    two = plan(contract(bar), Assumed(cases_per_day=500, cases_per_unit_day=2), days=28)
    assert (one.evidence, two.evidence) == (13_000, 6_500)
    assert one.bars[0].pieces == two.bars[0].pieces
    assert (one.bars[0].half or 0) < (two.bars[0].half or 0)


def test_the_horizon_is_the_contracts() -> None:
    """What is asked for, else what the contract says, else 28 days; a number that is none is refused."""
    one = contract(calendar(days=3), horizon_days=40)
    assumed = Assumed(cases_per_day=100)
    assert plan(one, assumed).days == 40
    assert plan(one, assumed, days=10).days == 10
    assert plan(contract(calendar(days=3)), assumed).days == 28
    for days in (-1, 0, 367):
        with pytest.raises(UsageError, match="1 to 366 days"):
            plan(one, assumed, days=days)


def test_the_family_is_dearer_for_each_version() -> None:
    """Shown whether it is asked for or not; where it is, the bars themselves are at that version's rate."""
    bars = (harmful_rate(at_most=0.02), critical_rate(below=0.002))
    one = planned(*bars)
    first, second, third = one.versions
    assert one.nine is not None and first is not None and second is not None and third is not None
    assert one.nine <= first < second < third
    asked = contract(*bars, family=True)
    second_plan = plan(asked, Assumed(cases_per_day=500), days=28, version=2)
    assert second_plan.nine == second
    assert (second_plan.bars[1].least or 0) > (one.bars[1].least or 0)
    assert "error rate 0.76 %" in second_plan.bars[1].words.replace("0.759909 %", "0.76 %")


def test_a_gate_that_nobody_knows_is_said() -> None:
    """It promises nothing for it: the bar has no number, and a note names it."""
    one = planned(harmful_rate(at_most=0.02), theirs())
    assert one.bars[1].chance is None and not one.refused
    assert one.notes[0].startswith("Nothing is known of what weather costs")
    assert price(theirs(), made(), Assumed(cases_per_day=1)) is None


def test_the_first_stage_is_held_against_the_volume() -> None:
    """At 1 % of 500 cases a day harm would go on for weeks; the share that sees it in two days is named."""
    notes = planned(harmful_rate(at_most=0.02)).notes
    assert len(notes) == 1
    assert notes[0].startswith("At 1 % of the traffic, harm of three times the limit goes on for about 46 days")
    assert notes[0].endswith("begin with 23 %.")
    assert not planned(harmful_rate(at_most=0.02), cases=50_000).notes
    assert not planned(set_aside(at_most=0.05)).notes


@pytest.mark.parametrize(
    "wrong",
    [
        {"cases_per_day": 0},
        {"cases_per_day": float("nan")},
        {"cases_per_day": 9, "cases_per_unit_day": 0.5},
        {"cases_per_day": 9, "good": 1},
        {"cases_per_day": 9, "good": 0},
        {"cases_per_day": 9, "critical": 1},
        {"cases_per_day": 9, "cost": 1},
    ],
    ids=str,
)
def test_what_cannot_be_assumed_is_refused(wrong: dict[str, float]) -> None:
    """No volume, a unit with less than a case, a candidate as bad as the limit."""
    with pytest.raises(UsageError, match="cannot assume"):
        Assumed(**wrong)


def test_words_and_json() -> None:
    """Each bar has its line, a drawn chance is never certain, a refusal is at the end; JSON holds the same."""
    good = planned(harmful_rate(at_most=0.02), calendar(days=14))
    said = text(good)
    assert "harmful_rate" in said and "over 99.9 %" in said and "100 %" not in said
    assert "no evidence, but time: on day 15 at the earliest" in said
    assert "All bars together: ready by day 16 with even odds" in said
    refused = text(planned(critical_rate(below=0.001), cases=100))
    assert "REFUSED: not even a candidate without a fault could be ready by day 28." in refused
    data = json.loads(json.dumps(good.to_json(), allow_nan=False))
    assert (data["days"], data["refused"], data["bars"][0]["gate"]) == (28, [], "harmful_rate")


def test_the_same_plan_twice() -> None:
    """Chances are drawn from a fixed seed."""
    assert planned(harmful_rate(at_most=0.02)) == planned(harmful_rate(at_most=0.02))


LIMIT, A_DAY, LOOKS = 0.08, 30, (1, 2, 3, 7, 8, 13, 14, 15, 20, 21)
BARS = (
    harmful_rate(at_most=LIMIT),
    recency(at_most=LIMIT, days=3),
    whole_weeks(at_most=LIMIT, weeks=2),
    critical_rate(below=LIMIT),
    calendar(days=7),
)


@pytest.mark.parametrize("rate", [0.02, 0.04])
def test_a_drawn_trial_passes_exactly_where_the_gates_pass_it(rate: float) -> None:
    """The same cases, counted and judged by the gates themselves: bar by bar and look by look the same answer."""
    one, assumed = contract(*BARS), Assumed(cases_per_day=A_DAY)
    draws = Draws(sizes=[A_DAY] * 21, rates={"harmful": rate, "critical": 0.0}, runs=4)
    harmful, answers = draws.so_far("harmful"), set()
    passes = [cost.cost.passes(draws) for bound in BARS if (cost := price(bound, one, assumed)) is not None]
    for trial, look in product(range(draws.runs), LOOKS):
        seen = evidence(_rows(harmful[:, trial], look), days=look)
        for bound, found in zip(BARS, passes, strict=True):
            said = bound(seen).status is Status.PASS
            answers.add((bound.name, said))
            assert said == bool(found[look, trial]), (bound.name, trial, look)
    assert {name for name, said in answers if said} == {bound.name for bound in BARS}
    assert {name for name, said in answers if not said} == {bound.name for bound in BARS}


def _rows(so_far: Any, days: int) -> list[Judged]:
    """A case a unit; of each day's the first are harmful, as many as were drawn."""
    bad = [int(after - before) for before, after in pairwise(so_far)]
    return [
        row(A_DAY * day + n, day=day, **(discrepancy(Severity.MAJOR) if n < bad[day] else {}))
        for day in range(days)
        for n in range(A_DAY)
    ]


def first_passed(bound: Bound, at_most: int, **what: Any) -> int:
    """The fewest cases, a unit each, all alike, with which the gate passes."""

    def passes(cases: int) -> bool:
        return bound(evidence([row(n, **what) for n in range(cases)], days=1)).status is Status.PASS

    low, high = 0, at_most
    assert passes(high)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if passes(middle) else (middle, high)
    return high


def test_the_least_and_the_dear_are_the_gates() -> None:
    """As many perfect cases as the plan says, and not one fewer, pass each gate; a cost in bins of 1 % a few more."""
    perfect = {"cost_usd": 0.0, "duration_s": 0.001, "similarity": 1.0, "slices": {"country": "DE"}}
    for name in ("harmful_rate", "every_slice", "critical_rate", "latency", "similarity", "cost"):
        bound = gate.get(name)(**ONE_OF_EACH[name])
        least = planned(bound).bars[0].least
        assert least is not None and first_passed(bound, 4000, **perfect) == least, name
    dear = gate.get("cost")(per_case_usd=0.05)
    pieces = planned(dear).bars[0].pieces or 0
    assert pieces <= first_passed(dear, 4000, cost_usd=0.0375) <= 1.1 * pieces


@pytest.mark.parametrize("cases", [30, 100, 500])
@pytest.mark.parametrize("family", [False, True])
def test_what_is_impossible_is_what_a_plan_refuses(cases: int, family: bool) -> None:
    """Without drawing anything; at 30 and at 100 a day three thousand clean unit-days do not come together."""
    one = contract(critical_rate(below=0.001), harmful_rate(at_most=0.02), cases_per_day=cases, family=family)
    found = impossible(one)
    assert found == plan(one, Assumed(cases_per_day=cases)).refused
    assert bool(found) == (cases < 500)


def test_without_a_volume_nothing_is_known_to_be_impossible() -> None:
    """The contract need not say how many cases come in; a horizon that it names counts."""
    one = contract(critical_rate(below=0.001), cases_per_day=0)
    assert impossible(one) == ()
    assert impossible(replace(one, cases_per_day=500, horizon_days=3))


def test_a_page_says_what_the_terminal_says() -> None:
    """Every sentence, unwrapped; a bar that is refused too."""
    for found in (planned(harmful_rate(at_most=0.02), calendar(days=14)), planned(critical_rate(below=0.001), cases=9)):
        flat = " ".join(text(found).split())
        told = sentences(found)
        assert all(" ".join(line.split()) in flat for line in told if not line.startswith(("harmful", "cal", "crit")))
        assert [line.partition(":")[0] for line in told if line.startswith(("harmful", "cal", "crit"))] == [
            bar.gate for bar in found.bars
        ]


def test_a_horizon_beyond_a_year_is_planned_for_a_year() -> None:
    """A contract may name it, so its page must be able to say what its bars cost; asked for by hand it is refused."""
    one = contract(calendar(days=14), cases_per_day=500, horizon_days=400)
    assert plan(one, Assumed(cases_per_day=500)).days == 366 and impossible(one) == ()
    with pytest.raises(UsageError, match="366"):
        plan(one, Assumed(cases_per_day=500), days=400)
