"""Which cases a run takes: each once, whatever overlaps, comes late, is stopped or is run again."""

from __future__ import annotations

from threading import Barrier, Thread

from shadow.store import Store
from shadow.store.deeds import not_taken
from shadow.store.registry import save_validation
from shadow.store.replays import count_taken, load_observations, open_cases, open_shards, redrive, save_dead_letter
from shadow.store.standings import standings
from tests.store.desk import (
    JUDGEMENT,
    at,
    bring,
    entry,
    experiment,
    outcome,
    plan,
    replayed,
    seen,
    settle,
    shard,
    window,
)


def counting(store: Store, look: float, label: str = "v1") -> list[str]:
    """The cases that count at a look."""
    return [row.case_id for row in standings(store, experiment(store, label), look=at(look), judgement=JUDGEMENT)]


def test_planning_twice_takes_nothing_twice(store: Store) -> None:
    """The shards with work left, whoever asks."""
    bring(store, *(entry(f"c{number}") for number in range(5)))
    run = window(store, experiment(store))
    shards, counts = plan(store, run, size=2)
    assert (shards, counts) == ([0, 1, 2], {"taken": 5, "adopted": 0, "not_taken": 0})
    assert plan(store, run, size=2) == ([0, 1, 2], {"taken": 0, "adopted": 0, "not_taken": 0})
    assert [open_cases(store, run, shard) for shard in shards] == [["c0", "c1"], ["c2", "c3"], ["c4"]]
    assert count_taken(store, run) == {"taken": 5, "open": 5}


def test_a_replayed_case_is_not_open(store: Store) -> None:
    """Nor one that was set aside or is a dead letter; a shard without an open case is not handed out."""
    entries = [entry("c0"), entry("c1"), entry("c2", unit=None), entry("c3")]  # type: ignore[arg-type]
    bring(store, *entries)
    run = window(store, experiment(store))
    plan(store, run, size=2)
    replayed(store, run, (entries[0], seen()), (entries[1], seen()))
    assert replayed(store, run, (entries[0], seen("other"))) == 0
    assert (load_observations(store, run.experiment, ["c0"])["c0"].value or {})["decision"] == "approve"
    assert open_shards(store, run) == [1]
    assert open_cases(store, run, 1) == ["c3"]
    save_dead_letter(store, shard(store, run), entries[3].case, reason="gone", context={"a": 1}, now=at(1))
    assert open_shards(store, run) == []
    assert plan(store, run)[0] == []
    assert redrive(store, run.experiment) == 1
    assert plan(store, run)[0] == [1]


def test_late_arrivals_are_taken_once_by_the_next_run(store: Store) -> None:
    """A case of a window that was already planned; the window's own run, planned again, takes it too if it is first."""
    one = experiment(store)
    first, second, third = (window(store, one, day) for day in range(3))
    bring(store, entry("c0", 0))
    plan(store, first)
    bring(store, entry("late", 0), entry("c1", 1))
    assert plan(store, second)[1]["taken"] == 2
    assert plan(store, third)[1]["taken"] == 0
    assert plan(store, first)[1]["taken"] == 0
    assert counting(store, 1) == ["c0"]
    assert sorted(counting(store, 2)) == ["c0", "c1", "late"]


def test_a_window_whose_run_is_to_come_is_left_to_it(store: Store) -> None:
    """A backfill may run its days in any order."""
    one = experiment(store)
    first, third = window(store, one, 0), window(store, one, 2)
    bring(store, entry("c0", 0), entry("c1", 1), entry("c2", 2))
    assert plan(store, third)[1]["taken"] == 1
    assert plan(store, first)[1]["taken"] == 1
    assert plan(store, window(store, one, 1))[1]["taken"] == 1


def test_overlapping_windows_count_a_case_once(store: Store) -> None:
    """A doubled window, and one that lies across two others."""
    one = experiment(store)
    bring(store, *(entry(f"c{day}", day) for day in range(3)))
    assert plan(store, window(store, one, 0, days=2))[1]["taken"] == 2
    assert plan(store, window(store, one, 1, days=2))[1]["taken"] == 1
    assert plan(store, window(store, one, 0, days=3))[1]["taken"] == 0
    assert counting(store, 3) == ["c0", "c1", "c2"]


def test_each_experiment_takes_its_own(store: Store) -> None:
    """Two candidates are replayed on the same cases."""
    bring(store, entry("c0"))
    for label in ("v1", "v2"):
        assert plan(store, window(store, experiment(store, label)))[1]["taken"] == 1
        assert counting(store, 1, label) == ["c0"]


def test_a_run_over_a_part_adds_no_evidence(store: Store) -> None:
    """What it left out is counted; asked again it takes no more; a later full run adopts and replays no case twice."""
    one = experiment(store)
    entries = [entry(f"c{number}", hour=number) for number in range(5)]
    bring(store, *entries)
    part = window(store, one, at_most=2)
    assert plan(store, part)[1] == {"taken": 2, "adopted": 0, "not_taken": 3}
    assert plan(store, part)[1] == {"taken": 0, "adopted": 0, "not_taken": 3}
    assert counting(store, 1) == []
    assert not_taken(store, one, look=at(1)) == 3
    assert not_taken(store, one, look=at(0.5)) == 0
    replayed(store, part, (entries[0], seen()))
    more = window(store, one, at_most=3)
    assert plan(store, more)[1] == {"taken": 3, "adopted": 0, "not_taken": 0}
    full = window(store, one)
    assert plan(store, full)[1] == {"taken": 0, "adopted": 5, "not_taken": 0}
    assert plan(store, full)[1] == {"taken": 0, "adopted": 0, "not_taken": 0}
    assert counting(store, 1) == ["c0", "c1", "c2", "c3", "c4"]
    assert not_taken(store, one, look=at(1)) == 0
    assert load_observations(store, one.id, ["c0", "c1"]).keys() == {"c0"}


def test_what_a_full_run_takes_later_was_not_left_out(store: Store) -> None:
    """The number says what is missing now."""
    one = experiment(store)
    bring(store, *(entry(f"c{number}", hour=number) for number in range(3)))
    plan(store, window(store, one, at_most=1))
    assert not_taken(store, one, look=at(1)) == 2
    assert plan(store, window(store, one))[1] == {"taken": 2, "adopted": 1, "not_taken": 0}
    assert not_taken(store, one, look=at(1)) == 0


def test_a_run_over_a_part_makes_nothing_late(store: Store) -> None:
    """Its window was not planned as a whole: the next day's run leaves it alone."""
    one = experiment(store)
    bring(store, entry("c0", 0), entry("c1", 0), entry("c2", 1))
    plan(store, window(store, one, 0, at_most=1))
    assert plan(store, window(store, one, 1))[1]["taken"] == 1
    assert plan(store, window(store, one, 0))[1] == {"taken": 1, "adopted": 1, "not_taken": 0}


def test_a_stopped_windows_cases_are_not_late(store: Store) -> None:
    """Nothing is spent on data that failed its checks, by no other run either."""
    one = experiment(store)
    stopped, after = window(store, one, 0), window(store, one, 1)
    bring(store, entry("bad", 0), entry("good", 1))
    save_validation(store, stopped.id, {"ok": False, "problems": [], "profile": {}})
    assert plan(store, after)[1]["taken"] == 1
    assert counting(store, 2) == ["good"]


def test_a_window_that_was_stopped_after_its_planning(store: Store) -> None:
    """What its run has taken stays; what comes late into it is not taken, until somebody finds it sound."""
    one = experiment(store)
    stopped, after = window(store, one, 0), window(store, one, 1)
    bring(store, entry("early", 0))
    plan(store, stopped)
    save_validation(store, stopped.id, {"ok": False, "problems": [], "profile": {}})
    bring(store, entry("late", 0))
    assert plan(store, after)[1]["taken"] == 0
    save_validation(store, stopped.id, {"ok": True, "problems": [], "profile": {}})
    assert plan(store, after)[1]["taken"] == 1


def test_two_runs_that_plan_at_once_share_the_cases(store: Store) -> None:
    """Each case goes to one of them, and neither fails."""
    one = experiment(store)
    bring(store, *(entry(f"c{number}") for number in range(50)))
    runs = [window(store, one, 0, days=days) for days in (1, 2, 3)]
    together, found = Barrier(3), []

    def take(number: int) -> None:
        together.wait()
        found.append(plan(store, runs[number])[1]["taken"])

    threads = [Thread(target=take, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [0, 0, 50]


def test_numbers_of_a_replay_stand_beside_its_body(store: Store) -> None:
    """Latency and cost are read without opening what a customer wrote."""
    one = entry("c0")
    bring(store, one)
    run = window(store, experiment(store))
    plan(store, run)
    replayed(store, run, (one, seen()))
    settle(store, outcome("c0"))
    (row,) = standings(store, experiment(store), look=at(1), judgement=JUDGEMENT)
    assert (row.duration_s, row.cost_usd, row.ending) == (0.5, 0.01, "finished")
