"""One shard's replay: stopped, taken by another, changed under its feet, or without an answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shadow.doors.bindings import python as served
from shadow.doors.bindings import template
from shadow.errors import LeaseLost, SourceError
from shadow.observation import Ending
from shadow.setup import Setup
from shadow.steps import plan, replay
from shadow.steps.replaying import CHANGED
from shadow.store import Store
from shadow.store.leases import take
from shadow.store.prune import sizes
from shadow.store.registry import run
from shadow.store.replays import count_taken, load_observations, redrive
from tests.steps.desk import CONTRACT, Desk, at, finished, run_day, started
from tests.steps.test_whole_way import stands


def test_stopped_and_taken_up_again(store: Store, desk: Desk) -> None:
    """What was finished is not asked again; the rest is done; the digest is that of an undisturbed run."""
    for number in range(6):
        desk.case(f"c{number}")
    given = desk.setup()
    day = started(store, given)
    (shard,) = plan(store, given, day)
    done: list[int] = []
    first = replay(
        store, given, day, shard, holder="a", stop=lambda: len(done) >= 2, progress=lambda n, of: done.append(n)
    )
    assert 2 <= first["replayed"] < 6
    assert first["left"] == 6 - first["replayed"]
    kept = load_observations(store, run(store, day).experiment, [f"c{number}" for number in range(6)])
    desk.asked.clear()
    found = finished(store, given, day)
    assert not set(desk.asked) & set(kept)
    assert sorted({*desk.asked, *kept}) == [f"c{number}" for number in range(6)]
    assert count_taken(store, run(store, day)) == {"taken": 6, "open": 0}
    assert found["decision_digest"] == run_day(store, given)["decision_digest"]


def test_a_stop_before_the_first_case(store: Store, desk: Desk) -> None:
    """Nothing is started and everything stays open."""
    desk.case("a")
    given = desk.setup()
    day = started(store, given)
    (shard,) = plan(store, given, day)
    assert replay(store, given, day, shard, holder="a", stop=lambda: True) == {"replayed": 0, "dead": 0, "left": 1}
    assert desk.asked == []


def test_an_orphan_stops_at_its_next_commit(store: Store, desk: Desk) -> None:
    """Another attempt takes the shard in the middle: LeaseLost, and every case is there once."""
    for number in range(5):
        desk.case(f"c{number}")
    given = desk.setup()
    day = started(store, given)
    (shard,) = plan(store, given, day)
    one = run(store, day)
    seen: list[int] = []

    def taken_over(done: int, of: int) -> None:
        seen.append(done)
        if done == 2:
            take(store, one.experiment, f"replay:{day}:{shard}", holder="young", now=at(1))

    with pytest.raises(LeaseLost):
        replay(store, given, day, shard, holder="orphan", progress=taken_over)
    assert seen == [1, 2]
    assert sizes(store)["shadow_observation"] == 2
    finished(store, given, day)
    assert sizes(store)["shadow_observation"] == 5
    assert {row.agreement for row in stands(store, day).values()} == {"agree"}


def test_an_input_that_changed_since_is_a_dead_letter(store: Store, desk: Desk) -> None:
    """Counted as set aside, with the reason; nothing is replayed on an input that nobody collected."""
    for key in ("a", "b", "gone"):
        desk.case(key)
    given = desk.setup()
    day = started(store, given)
    desk.lines[0]["input"]["claim"] = 11
    del desk.lines[2]
    given = desk.setup()
    (shard,) = plan(store, given, day)
    assert replay(store, given, day, shard, holder="t") == {"replayed": 1, "dead": 2, "left": 0}
    assert desk.asked == ["b"]
    finished(store, given, day)
    rows = stands(store, day)
    assert {key: row.aside for key, row in rows.items()} == {
        "a": f"dead letter: {CHANGED}", "b": "", "gone": f"dead letter: {CHANGED}",
    }  # fmt: skip
    assert len(rows) == 3


def test_dead_letters_can_be_opened_again(store: Store, desk: Desk) -> None:
    """Once the source is as it was, the next attempt takes them."""
    desk.case("a")
    given = desk.setup()
    day = started(store, given)
    desk.lines[0]["input"]["claim"] = 11
    changed = desk.setup()
    (shard,) = plan(store, changed, day)
    assert replay(store, changed, day, shard, holder="t")["dead"] == 1
    desk.lines[0]["input"]["claim"] = 10
    given = desk.setup()
    assert redrive(store, run(store, day).experiment) == 1
    finished(store, given, day)
    assert stands(store, day)["a"].agreement == "agree"


def unanswering(desk: Desk, **more: Any) -> Setup:
    """A desk whose orders cannot be read for case b."""

    def order(args: dict[str, Any], moment: Any) -> dict[str, Any]:
        if moment.case_id == "b":
            raise ConnectionError("the orders are away")
        return desk.order(args, moment)

    return replace(
        desk.setup(**more), bindings={"orders.get": served(order, kind="recorded"), "pay": template({"id": "x"})}
    )


def test_a_tool_without_an_answer_is_nobodys_failure(store: Store, desk: Desk) -> None:
    """Left open for a retry, with the tool and a case named; at the last attempt a dead letter with its context."""
    desk.case("a")
    desk.case("b")
    given = unanswering(desk)
    day = started(store, given)
    (shard,) = plan(store, given, day)
    with pytest.raises(SourceError, match=r"orders\.get in 1 cases, as b"):
        replay(store, given, day, shard, holder="t", give_up=False)
    assert count_taken(store, run(store, day))["open"] == 1
    assert replay(store, given, day, shard, holder="t") == {"replayed": 0, "dead": 1, "left": 0}
    finished(store, given, day)
    assert stands(store, day)["b"].aside == "dead letter: no answer from orders.get"
    assert stands(store, day)["a"].agreement == "agree"


def test_a_candidate_that_raises_is_a_discrepancy(store: Store, desk: Desk) -> None:
    """It must not look better by failing on its hard cases: nothing is set aside."""
    desk.case("a")
    desk.case("b", claim=500)
    given = desk.setup(
        agent=("def handle(case, tools):\n    return {{'decision': 'approve'}} if case['claim'] < {limit} else 1 / 0\n")
    )
    found = run_day(store, given)
    rows = stands(store, found["run"])
    assert rows["b"].ending == Ending.ERROR
    assert (rows["b"].agreement, rows["b"].severity, rows["b"].aside) == ("discrepancy", "major", "")


def test_without_redaction_the_stored_input_is_replayed(store: Store, desk: Desk) -> None:
    """Then a later change of the source does not matter: what was collected is what counts."""
    desk.case("a")
    plain = replace(CONTRACT, redact=())
    day = started(store, desk.setup(of=plain))
    desk.lines[0]["input"]["claim"] = 9999
    given = desk.setup(of=plain)
    (shard,) = plan(store, given, day)
    assert replay(store, given, day, shard, holder="t") == {"replayed": 1, "dead": 0, "left": 0}
    (seen,) = load_observations(store, run(store, day).experiment, ["a"]).values()
    assert seen.value == {"decision": "approve"}
