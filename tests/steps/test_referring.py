"""The weeks before an experiment: asked of the source once, and only where a gate reads them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from shadow.contract import Contract
from shadow.gates import coverage, input_drift, similarity
from shadow.steps import assess_at
from shadow.steps.referring import keep_reference, reference_before
from shadow.store import Store
from shadow.store.references import reference_of, save_reference
from shadow.store.registry import experiment
from tests.steps.desk import CONTRACT, Desk, at, judged_by, run_day, started

COVERED: Contract = judged_by(gates=(*CONTRACT.gates, coverage()))


def busy(desk: Desk) -> None:
    """Cases on the ten weeks before, each day at ten, of two countries; and one on the first day."""
    for week in range(10):
        desk.case(f"w{week}", -7.0 * (week + 1), hour=10, country="DE" if week % 2 else "FR")
    desk.case("now", 0)


def test_eight_weeks_before_the_first_window_are_kept_as_counts(store: Store, desk: Desk) -> None:
    """Neither the two weeks before them nor the day itself; by hour, value and kind; nothing else of the arrivals."""
    busy(desk)
    run = run_day(store, desk.setup(of=COVERED))
    kept = reference_of(store, run["experiment"])
    assert kept is not None
    assert (kept.cases, kept.unit_days) == (8, 8)
    assert (kept.since, kept.until) == ((at() - timedelta(weeks=8)).date(), at().date())
    assert kept.cells == {(at().weekday(), 10): 8}
    assert kept.values == {("country", "DE"): 4, ("country", "FR"): 4}
    assert "o-w3" not in str(kept.to_json()) and "k-w3" not in str(kept.to_json())


@pytest.mark.parametrize("gate", [coverage(), input_drift()], ids=lambda gate: gate.name)
def test_each_gate_that_reads_it_asks_for_it(store: Store, desk: Desk, gate: object) -> None:
    """And no other one does."""
    busy(desk)
    run = run_day(store, desk.setup(of=judged_by(gates=(*CONTRACT.gates, gate))))
    assert reference_of(store, run["experiment"]) is not None


def test_without_such_a_gate_the_source_is_not_asked(store: Store, desk: Desk) -> None:
    """A contract that does not need the past does not load the live system."""
    busy(desk)
    run = run_day(store, desk.setup(of=judged_by(gates=(*CONTRACT.gates, similarity(at_least=0.5)))))
    assert reference_of(store, run["experiment"]) is None


def test_it_is_asked_once(store: Store, desk: Desk) -> None:
    """What turns up later about the weeks before changes nothing: the trial is held against what was known first."""
    busy(desk)
    first = run_day(store, desk.setup(of=COVERED))
    desk.case("late", -3)
    given = desk.setup(of=COVERED)
    assert keep_reference(store, given, first["experiment"]) is False
    run_day(store, given, 1)
    kept = reference_of(store, first["experiment"])
    assert kept is not None and kept.cases == 8


def test_what_was_kept_first_stays(store: Store, desk: Desk) -> None:
    """Two collections that ask at the same moment leave one answer: the first."""
    busy(desk)
    key = run_day(store, desk.setup(of=COVERED))["experiment"]
    kept = reference_of(store, key)
    assert kept is not None
    save_reference(store, key, replace(kept, cases=99))
    assert reference_of(store, key) == kept


def test_nothing_before_is_an_answer_too(store: Store, desk: Desk) -> None:
    """It is kept as nothing, and coverage says that nothing is known."""
    desk.case("now", 0)
    run = run_day(store, desk.setup(of=COVERED))
    kept = reference_of(store, run["experiment"])
    assert kept is not None and kept.cases == 0


def test_what_the_contract_does_not_accept_is_not_counted(desk: Desk) -> None:
    """It is set aside in the trial as well; and a moment within the first day means the day's beginning."""
    desk.case("good", -2)
    desk.case("bad", -2, claim="much")
    desk.case("today", 0, hour=1)
    given = desk.setup(of=COVERED)
    for moment in (at(), at(0, 15)):
        assert reference_before(given, moment).cases == 1


def test_the_gates_see_it(store: Store, desk: Desk, tmp_path: Path) -> None:
    """Through the assessment, by whoever computes it again."""
    busy(desk)
    given = desk.setup(of=COVERED)
    run = run_day(store, given)
    held = experiment(store, run["experiment"])
    seen = assess_at(store, held, contract=COVERED, look=at(1)).evidence
    assert seen.reference == reference_of(store, run["experiment"])
    assert started(store, replace(given), 1)


def test_how_alike_comes_through_the_store(store: Store, desk: Desk) -> None:
    """Three places are compared: a case where decision and payment differ is one third alike."""
    contract = judged_by(gates=(*CONTRACT.gates, similarity(at_least=0.5)), settles_within=timedelta(hours=12))
    desk.case("same")
    desk.arrive("differs", claim=500)
    desk.settle("differs", decision="approve")
    run = run_day(store, desk.setup(of=contract))
    held = experiment(store, run["experiment"])
    seen = assess_at(store, held, contract=contract, look=at(1)).evidence.counts
    assert seen.unlike() == [(0.0, 1), (0.667, 1)]
    assert sum(often for _, often in seen.versus()) == 2 and seen.versus()[-1] == (1.0, 1)
    assert {key[0] for key in seen.table("hours")} == {9}
    assert seen.took("control")[1] == 0
