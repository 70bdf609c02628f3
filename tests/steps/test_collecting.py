"""Collecting: late rows once, corrections before a replay, doubles by number, outcomes of known cases alone."""

from __future__ import annotations

from shadow.steps import collect
from shadow.store import Store
from shadow.store.cases import load_cases
from shadow.store.registry import run_notes
from shadow.store.replays import load_observations
from tests.steps.desk import Desk, run_day, started
from tests.steps.test_whole_way import stands


def test_collected_again_nothing_is_new(store: Store, desk: Desk) -> None:
    """The counts say so, and the run's notes keep them."""
    desk.case("a")
    desk.case("a")
    given = desk.setup()
    day = started(store, given)
    again = collect(store, given, day)
    assert (again["cases"], again["known"], again["doubled"], again["settled"]) == (0, 1, 1, 0)
    assert run_notes(store, day)["counts"] == again


def test_a_correction_before_the_replay_is_taken(store: Store, desk: Desk) -> None:
    """The candidate sees the newest input."""
    desk.case("a", claim=500)
    given = desk.setup()
    day = started(store, given)
    desk.lines[0]["input"]["claim"] = 10
    given = desk.setup()
    assert collect(store, given, day)["changed"] == 1
    assert load_cases(store, "desk", ["a"])[0].input["claim"] == 10
    one = run_day(store, given)["experiment"]
    assert load_observations(store, one, ["a"])["a"].value == {"decision": "approve"}


def test_a_late_row_is_read_as_long_as_it_may_settle(store: Store, desk: Desk) -> None:
    """By the next run of a later day; after the limit it is no longer looked for, for it would be set aside."""
    run_day(store, desk.setup())
    run_day(store, desk.setup(), 1)
    desk.case("late", 0)
    assert "late" in stands(store, run_day(store, desk.setup(), 2)["run"])
    for day in (3, 4):
        run_day(store, desk.setup(), day)
    desk.case("too late", 0)
    assert "too late" not in stands(store, run_day(store, desk.setup(), 5)["run"])


def test_nothing_before_the_first_window_is_read(store: Store, desk: Desk) -> None:
    """The evidence begins where the first run began."""
    desk.case("before", -1)
    desk.case("a", 0)
    assert sorted(stands(store, run_day(store, desk.setup())["run"])) == ["a"]


def test_an_outcome_of_no_known_case_is_counted(store: Store, desk: Desk) -> None:
    """It belongs to a case of before the first window."""
    desk.arrive("before", -1)
    desk.settle("before", 0)
    desk.case("a")
    day = started(store, desk.setup())
    found = run_notes(store, day)["counts"]
    assert (found["unknown"], found["settled"]) == (1, 1)


def test_an_outcome_settles_in_the_run_that_sees_it(store: Store, desk: Desk) -> None:
    """The case waits until then, and is compared in the run in which it settles."""
    desk.arrive("a", 0)
    first = run_day(store, desk.setup())
    assert stands(store, first["run"])["a"].agreement == ""
    desk.settle("a", 1)
    second = run_day(store, desk.setup(), 1)
    assert stands(store, second["run"])["a"].agreement == "agree"
    assert stands(store, first["run"])["a"].agreement == ""
    assert desk.asked == ["a"]
