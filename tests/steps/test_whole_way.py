"""A run from end to end, without Airflow: each case once, whatever is repeated, corrected, late or doubled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from shadow.contract import Severity
from shadow.errors import CandidateError, UsageError
from shadow.replay.isolation import chosen
from shadow.steps import assess, begin, collect, compare, plan, plan_compare, preflight, replay
from shadow.store import Store
from shadow.store.prune import sizes
from shadow.store.registry import experiment, run, run_notes
from shadow.store.standings import StandingRow, standings
from shadow.store.verdicts import verdict_of
from tests.steps.desk import CONTRACT, Desk, at, finished, judged_by, run_day, started

Fresh = Callable[[], Store]


def stands(store: Store, run_id: str) -> dict[str, StandingRow]:
    """Every case that counts at the run's look, by id."""
    from shadow.contract import digests

    one = run(store, run_id)
    held = experiment(store, one.experiment)
    return {row.case_id: row for row in standings(store, held, look=one.end, judgement=digests(CONTRACT).judgement)}


def test_a_window_goes_all_the_way(store: Store, desk: Desk) -> None:
    """Every case that came in is accounted for: agreeing, differing, waiting, set aside, doubled."""
    for key in ("a", "b", "c"):
        desk.case(key)
    desk.case("big", claim=500)  # the candidate declines it
    desk.arrive("open")
    desk.arrive("bad", claim="much")
    desk.arrive(None)
    desk.case("twice")
    desk.lines.append(desk.lines[-1])
    given = desk.setup()
    one = preflight(store, given, candidate="v1")
    day = begin(store, given, experiment=one, start=at(0), end=at(1))
    assert collect(store, given, day) == {
        "cases": 8, "known": 0, "doubled": 1, "changed": 0, "aside": 2, "settled": 5, "revised": 0, "unknown": 0,
    }  # fmt: skip
    shards = plan(store, given, day, shard_size=3)
    assert [replay(store, given, day, shard, holder="t")["left"] for shard in shards] == [0] * len(shards)
    assert sorted(desk.asked) == ["a", "b", "big", "c", "open", "twice"]
    compared = [compare(store, given, day, shard, holder="t") for shard in plan_compare(store, given, day)]
    assert sum(found["compared"] for found in compared) == 5
    found = assess(store, given, day)
    assert (found["verdict"], found["experiment"], found["run"]) == ("inconclusive", one, day)
    rows = stands(store, day)
    assert {key: row.agreement for key, row in rows.items() if row.agreement} == {
        **dict.fromkeys(("a", "b", "c", "twice"), "agree"), "big": "discrepancy",
    }  # fmt: skip
    assert rows["big"].severity == "major"
    assert rows["open"].revision == 0
    assert rows["bad"].aside == "claim breaks 'type'"
    assert [row.aside for key, row in rows.items() if key.startswith("row-")] == ["the row has no id"]
    assert rows["twice"].doubled == 1
    assert len(rows) == 8
    assert run_notes(store, day)["isolation"].startswith(chosen())


def test_twice_is_once(store: Store, desk: Desk) -> None:
    """Every step again: no row more, no case asked again, the same decision digest."""
    for key in ("a", "b", "c", "d"):
        desk.case(key)
    given = desk.setup()
    first = run_day(store, given)
    rows, asked = sizes(store), list(desk.asked)
    second = run_day(store, given)
    assert second == first
    assert {name: count for name, count in sizes(store).items() if name != "shadow_lease"} == {
        name: count for name, count in rows.items() if name != "shadow_lease"
    }
    assert desk.asked == asked
    assert plan(store, given, first["run"]) == []
    assert plan_compare(store, given, first["run"]) == []


def test_the_recompute_from_nothing_is_equal(store: Store, desk: Desk, fresh: Fresh) -> None:
    """A corrected outcome, a late arrival, a case that never settles, a doubled window: once each, equal digest."""
    for key in ("a", "b", "corrected"):
        desk.case(key)
    desk.arrive("never")
    run_day(store, desk.setup())
    desk.settle("corrected", 1, decision="decline")
    desk.case("late", 0, hour=20)
    desk.case("e", 1)
    for day in (1, 1, 2, 3):
        run_day(store, desk.setup(), day)
    run_day(store, desk.setup(), 0, days=4)  # all of it once more, in one window
    last = run_day(store, desk.setup(), 4)
    rows = stands(store, last["run"])
    assert sorted(rows) == ["a", "b", "corrected", "e", "late", "never"]
    assert (rows["corrected"].revision, rows["corrected"].agreement) == (2, "discrepancy")
    assert rows["never"].revision == 0
    assert len(desk.asked) == len(set(desk.asked)) == 6
    found = verdict_of(store, last["run"])
    assert found is not None
    again = fresh()
    for day in range(5):
        anew = run_day(again, desk.setup(), day)
    assert anew["decision_digest"] == last["decision_digest"]
    assert anew["verdict"] == last["verdict"]
    whole = fresh()
    assert run_day(whole, desk.setup(), 0, days=5)["decision_digest"] == last["decision_digest"]


def test_a_digest_follows_what_was_decided_on(store: Store, desk: Desk, fresh: Fresh) -> None:
    """Another outcome, another candidate, another case: another digest. Else it would bind nothing."""
    desk.case("a")
    desk.case("b")
    first = run_day(store, desk.setup())["decision_digest"]
    other = run_day(store, desk.setup(label="v2", limit=5))["decision_digest"]
    desk.case("c")
    more = run_day(fresh(), desk.setup())["decision_digest"]
    desk.lines.pop()
    desk.lines[1]["settled"].clear()
    desk.settle("b", decision="decline")
    changed = run_day(fresh(), desk.setup())["decision_digest"]
    assert len({first, other, more, changed}) == 4


def test_a_changed_candidate_under_an_old_label_is_refused(store: Store, desk: Desk) -> None:
    """Before anything is spent; under a label of its own it is welcome."""
    desk.case("a")
    run_day(store, desk.setup())
    with pytest.raises(CandidateError, match="changed under an old label"):
        run_day(store, desk.setup(limit=101))
    assert run_day(store, desk.setup(label="v2", limit=101))["experiment"]
    assert sorted(desk.asked) == ["a", "a"]


def test_a_candidate_that_changes_in_the_middle_is_refused(store: Store, desk: Desk) -> None:
    """The run's cases are replayed by the version that it began with, or not at all."""
    desk.case("a")
    day = started(store, desk.setup())
    changed = desk.setup(limit=101)
    (shard,) = plan(store, changed, day)
    with pytest.raises(CandidateError, match="changed since the run began"):
        replay(store, changed, day, shard, holder="t")
    assert desk.asked == []


def test_another_judgement_compares_again_and_replays_nothing(store: Store, desk: Desk) -> None:
    """The same experiment, the same observations, a new verdict; the old results are kept."""
    desk.case("a")
    desk.case("big", claim=500)
    given = desk.setup()
    first = run_day(store, given)
    stricter = desk.setup(of=judged_by(failure=Severity.CRITICAL))
    second = run_day(store, stricter)
    assert (second["experiment"], second["run"]) == (first["experiment"], first["run"])
    assert second["decision_digest"] != first["decision_digest"]
    assert sorted(desk.asked) == ["a", "big"]
    assert sizes(store)["shadow_result"] == 4
    assert run_day(store, desk.setup())["decision_digest"] == first["decision_digest"]


def test_a_run_over_a_part_is_no_evidence(store: Store, desk: Desk) -> None:
    """At most so many cases; what it replayed is not repeated by the full run."""
    for key in ("a", "b", "c"):
        desk.case(key)
    given = desk.setup()
    part = run_day(store, given, at_most=2)
    assert run_notes(store, part["run"])["counts"]["not_taken"] == 1
    assert stands(store, part["run"]) == {}
    full = run_day(store, given)
    assert len(stands(store, full["run"])) == 3
    assert sorted(desk.asked) == ["a", "b", "c"]


def test_an_empty_window_is_assessed_all_the_same(store: Store, desk: Desk) -> None:
    """No data is inconclusive, never ready."""
    found = run_day(store, desk.setup())
    assert found["verdict"] == "inconclusive"
    assert found["open"]


def test_customers_values_stay_out_of_the_store(store: Store, desk: Desk, tmp_path: Path) -> None:
    """The input calls the address `email`, both sides' payments call it `to`: hidden, and still compared equal."""
    for key in ("a", "b"):
        desk.case(key)
    first = run_day(store, desk.setup())
    assert {row.agreement for row in stands(store, first["run"]).values()} == {"agree"}
    desk.settle("a", 1, amount="11")  # a correction of a case of before
    desk.arrive("c", 1)
    run_day(store, desk.setup(), 1)
    for day in range(2, 6):
        run_day(store, desk.setup(), day)
    desk.settle("c", 6)  # long after the arrival was last read
    late = run_day(store, desk.setup(), 6)
    assert stands(store, late["run"])["c"].revision == 1
    raw = b"".join(path.read_bytes() for path in tmp_path.glob("store.db*"))
    assert b"redacted:" in raw
    assert b"@example.org" not in raw


def test_an_unknown_candidate_names_the_known_ones(store: Store, desk: Desk) -> None:
    """By the nearest label."""
    with pytest.raises(UsageError, match="did you mean 'v1'"):
        preflight(store, desk.setup(), candidate="v11")


def test_a_killed_collect_is_taken_up(store: Store, desk: Desk, fresh: Fresh) -> None:
    """A source that breaks in the middle leaves what came before it; the next attempt adds the rest."""
    for number in range(6):
        desk.case(f"c{number}")
    given = desk.setup()
    day = started(fresh(), given)  # another store: only to have a second run to compare with
    one = preflight(store, given, candidate="v1")
    assert begin(store, given, experiment=one, start=at(0), end=at(1)) == day
    path = desk.folder / "cases.jsonl"
    whole = path.read_text(encoding="utf-8")
    path.write_text("".join(whole.splitlines(keepends=True)[:3]), encoding="utf-8")
    collect(store, given, day)
    path.write_text(whole, encoding="utf-8")
    collect(store, given, day)
    undisturbed = fresh()
    assert finished(store, given, day)["decision_digest"] == run_day(undisturbed, given)["decision_digest"]
