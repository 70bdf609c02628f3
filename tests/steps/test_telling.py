"""What a report tells of a verdict beside its word: its limits over time, whether it holds, the end, the versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import log
from typing import Any

import pytest

from shadow.contract import Contract
from shadow.evidence.eprocess import CRITICAL, READY, bernoulli_log_e, upper_limit
from shadow.gates import critical_rate, every_slice, harmful_rate, latency, latency_against_control, similarity
from shadow.gates.calendar import calendar
from shadow.plug import Plug, gate
from shadow.reports.series import LimitCurve
from shadow.setup import Setup
from shadow.steps import assess, build_report
from shadow.steps.reporting import as_it_stands
from shadow.steps.telling.history import NUMBERS
from shadow.steps.telling.limits import GATES, limit_curves
from shadow.steps.telling.validity import expires
from shadow.store import Store
from shadow.store.verdicts import StoredVerdict, save_verdict, verdict_of
from tests.steps.desk import CONTRACT, Desk, at, finished, judged_by, run_day, started

ALPHA = log(20)  # the threshold at 5 %
TAKEN, EARLY, LATE = at(1.5), at(3), at(300)  # while a verdict taken on day 1.5 holds, and long after


def looks(gate_name: str, *numbers: Mapping[str, Any]) -> list[StoredVerdict]:
    """A look a day at which the gate measured these."""
    return [
        StoredVerdict(
            run=f"r{n}", experiment="e", look=at(n + 1), word="inconclusive", contract="c", decision_digest="",
            measurement_digest="", counts_digest="",
            body={"findings": [{"gate": "calendar", "numbers": {}}, {"gate": gate_name, "numbers": dict(held)}]},
        )
        for n, held in enumerate(numbers)
    ]  # fmt: skip


def told(contract: Contract, *found: StoredVerdict) -> LimitCurve:
    """The one curve."""
    (one,) = limit_curves(found, contract)
    return one


def test_one_point_a_look_with_what_was_seen() -> None:
    """Upper limits as the findings hold them, against the contract's limit, at the rate that was tested at."""
    found = looks("harmful_rate", {"upper": 0.2, "rate": 0.01, "threshold": ALPHA}, {"upper": 0.03, "rate": 0.004})
    one = told(judged_by(gates=(harmful_rate(at_most=0.02, alpha=0.1),)), *found)
    assert [(p.day, p.upper, p.seen) for p in one.points] == [
        (at(0).date(), 0.2, 0.01),
        (at(1).date(), 0.03, 0.004),
    ]
    assert (one.limit, one.unit, one.below, one.alpha) == (0.02, "share", True, 0.1)
    shared = told(judged_by(gates=(harmful_rate(at_most=0.02, alpha=0.1),)), found[0])
    assert shared.alpha == pytest.approx(0.05)


def test_before_the_first_closed_day_nothing_was_seen() -> None:
    """A rate of nothing is no rate of 0."""
    found = looks(
        "harmful_rate", {"upper": 1.0, "rate": 0.0, "unit_days": 0}, {"upper": 0.5, "rate": 0.0, "unit_days": 3}
    )
    one = told(judged_by(gates=(harmful_rate(at_most=0.02),)), *found)
    assert [(p.upper, p.seen) for p in one.points] == [(1.0, None), (0.5, 0.0)]


def test_of_two_looks_a_day_the_newest_counts() -> None:
    """As in the plot of the evidence."""
    first, second = looks("harmful_rate", {"upper": 0.2}, {"upper": 0.1})
    same = replace(second, look=first.look - timedelta(hours=1))
    one = told(judged_by(gates=(harmful_rate(at_most=0.02),)), same, first)
    assert [p.upper for p in one.points] == [0.2]


def test_the_limit_of_critical_cases_follows_from_their_count() -> None:
    """It falls to what the contract allows exactly when the gate's own evidence is enough."""
    contract = judged_by(gates=(critical_rate(below=0.001),))
    counted = [{"unit_days": n, "critical": 0, "threshold": ALPHA} for n in (0, 500, 3056, 3057)]
    one = told(contract, *looks("critical_rate", *counted))
    assert [p.day for p in one.points] == [at(n).date() for n in (1, 2, 3)]
    assert [p.upper <= 0.001 for p in one.points if p.upper is not None] == [
        bernoulli_log_e(0, n, 0.001, CRITICAL) >= ALPHA for n in (500, 3056, 3057)
    ]
    assert one.points[-1].upper == upper_limit(((0.0, 3057),), 0.05, CRITICAL) and one.points[-1].seen == 0


def test_times_and_ratios_and_what_may_not_fall() -> None:
    """Seconds, a ratio to the control's lower limit, and a lower limit where more is better."""
    one = told(judged_by(gates=(latency(p95_s=20),)), *looks("latency", {}, {"p95_upper_s": 4.5}))
    assert (one.unit, one.limit, [p.upper for p in one.points]) == ("s", 20, [4.5])
    gates = (latency_against_control(ratio=1.5),)
    measured = {"candidate_upper_s": 6.0, "control_lower_s": 4.0}
    found = looks("latency_against_control", measured, {**measured, "control_lower_s": 0.0})
    one = told(judged_by(gates=gates), *found)
    assert (one.unit, one.alpha, [p.upper for p in one.points]) == ("times", 0.05, [1.5])
    one = told(judged_by(gates=(similarity(at_least=0.9),)), *looks("similarity", {"lower": 0.8, "mean": 0.95}))
    assert (one.below, one.limit, one.points[0].lower, one.points[0].seen) == (False, 0.9, 0.8, 0.95)


def test_a_third_partys_gate_with_both_ends() -> None:
    """Its numbers upper and lower, and a parameter that names a limit; without one nothing is drawn."""
    mine = Plug(kind=gate, name="mine", version=1, function=harmful_rate.function)
    found = looks("mine", {"upper": 3.0, "lower": 1.0, "rate": 2.0})
    one = told(judged_by(gates=(replace(harmful_rate(at_most=0.5), plug=mine, params={"at_most": 4}),)), *found)
    assert (one.limit, one.unit, one.points[0].lower, one.points[0].upper) == (4.0, "", 1.0, 3.0)
    without = replace(harmful_rate(at_most=0.5), plug=mine, params={})
    assert limit_curves(found, judged_by(gates=(without,))) == ()


def test_what_is_no_number_is_no_point() -> None:
    """Old bodies, words, truth values and infinities give no point; without any there is no curve."""
    bad = looks("every_slice", {}, {"upper": "much"}, {"upper": True}, {"upper": float("inf")}, {"upper": None})
    assert limit_curves(bad, judged_by(gates=(every_slice(at_most=0.1),))) == ()
    assert limit_curves(bad, judged_by(gates=(calendar(days=2),))) == ()


def test_limits_are_read_where_gates_write_them(store: Store, desk: Desk) -> None:
    """Of a real run: harmful_rate's limit is the one that inverts its evidence, and it stands beside its curve."""
    for number in range(6):
        desk.case(f"c{number}", number % 2)
    gates = (calendar(days=2), harmful_rate(at_most=0.5), latency(p95_s=20), critical_rate(below=0.5))
    given = desk.setup(of=judged_by(gates=gates))
    run_day(store, given)
    run_day(store, given, 1)
    made = build_report(store, str(run_day(store, given, 8)["experiment"]))
    by_gate = {one.gate: one for one in made.limits}
    assert next(iter(by_gate)) == "harmful_rate" and set(by_gate) <= set(GATES) and "critical_rate" in by_gate
    assert by_gate["harmful_rate"].points[-1].upper == upper_limit(((0.0, 6),), 0.05, READY)
    assert {one.gate for one in made.curves} >= set(by_gate) and NUMBERS[0][0] == "log_e"


def once(store: Store, desk: Desk, *, taken: datetime = TAKEN, **judgement: Any) -> tuple[Setup, str, str]:
    """A run whose verdict was taken then: its setup, run and experiment."""
    if not desk.lines:
        desk.case("a")
    given = desk.setup(of=judged_by(**judgement))
    run = str(run_day(store, given)["run"])
    found = assess(store, given, run, clock=lambda: taken)
    return given, run, str(found["experiment"])


def test_a_report_says_whether_its_verdict_holds(store: Store, desk: Desk) -> None:
    """As of the moment it is asked for; after its time it is void, and both moments stand in it."""
    _, _, held = once(store, desk)
    early = build_report(store, held, now=EARLY)
    assert (early.void, early.as_of, early.until) == ((), EARLY, at(8.5))
    late = build_report(store, held, now=LATE)
    assert late.void == ("it expired on 2026-11-09 12:00 UTC, 7d after it was taken",)
    assert replace(late, void=(), as_of=EARLY) == early
    assert as_it_stands(store, early, now=LATE) == late


def test_a_report_of_now_is_dated_now(store: Store, desk: Desk) -> None:
    """Where no moment is given it is the present one."""
    _, _, held = once(store, desk, taken=datetime.now(UTC))
    before = datetime.now(UTC)
    made = build_report(store, held)
    assert made.as_of is not None and before <= made.as_of <= datetime.now(UTC) and made.void == ()


def test_a_changed_contract_voids_and_starts_the_curves_anew(store: Store, desk: Desk) -> None:
    """The old verdict is void and names the gate; under the new judgement what was measured before is not drawn."""
    _, _, held = once(store, desk)
    given = desk.setup(of=judged_by(gates=(calendar(days=2), harmful_rate(at_most=0.4))))
    run = started(store, given, 1)
    assert build_report(store, held, now=EARLY).void == ("the contract's gate harmful_rate changed",)
    finished(store, given, run)
    assess(store, given, run, clock=lambda: at(2.5))
    newest = build_report(store, held, now=EARLY)
    assert newest.void == () and [p.day for p in newest.limits[0].points] == [at(1).date()]
    assert [len(one.points) for one in newest.curves] == [1] * len(newest.curves)
    assert "1 earlier look was taken under another judgement: what was measured then is not drawn." in newest.notes
    assert newest.limits[0].limit == 0.4
    older = build_report(store, held, look=at(1), now=EARLY)
    assert older.void == ("a later look was taken, of 3 Nov 2026, 00:00 UTC",)


def test_another_governance_is_the_same_judgement(store: Store, desk: Desk) -> None:
    """A new owner moves no number: all looks are drawn."""
    _, _, held = once(store, desk)
    run_day(store, desk.setup(of=judged_by(owner="somebody else")), 1)
    made = build_report(store, held)
    assert len(made.limits[0].points) == 2 and not [note for note in made.notes if "judgement" in note]


def test_the_end_and_the_versions_are_in_the_report(store: Store, desk: Desk) -> None:
    """From the verdict's own body: over at the horizon; two versions, and which one this is of a family."""
    _, _, held = once(store, desk, gates=(calendar(days=9),), horizon_days=1)
    assert build_report(store, held).ended
    desk.lines.clear()
    _, _, first = once(store, desk, family=True)
    second = str(run_day(store, desk.setup(of=judged_by(family=True), label="v2", limit=1000))["experiment"])
    made = build_report(store, second)
    assert (made.versions_tried, made.family, made.ended) == (2, 2, False)
    assert build_report(store, first).family == 1


def test_a_body_from_before_is_told_without_it(store: Store, desk: Desk) -> None:
    """What was not written down then is not known now, and nothing fails."""
    _, run, held = once(store, desk)
    said = verdict_of(store, run)
    assert said is not None
    old = {name: value for name, value in said.body.items() if name not in ("grounds", "family", "ended")}
    save_verdict(store, replace(said, body=old))
    made = build_report(store, held, now=LATE)
    assert (made.until, made.ended, made.family, made.void) == (None, False, 0, ())
    assert expires({"grounds": {"until": "soon"}}) is None and expires({"grounds": None}) is None


def test_the_contract_is_what_gates_are_named_by() -> None:
    """Every gate that is read here is one of ours, with the parameter that is read as its limit."""
    for name, read in GATES.items():
        assert read.allowed in str(gate.get(name).function.__kwdefaults__) or read.allowed in (
            gate.get(name).function.__annotations__
        )
    assert CONTRACT.gates[1].name in GATES
