"""Both sides' deeds of the cases that count at a look."""

from __future__ import annotations

from shadow.store import Store
from shadow.store.deeds import dead, deeds
from tests.store.desk import at, bring, entry, experiment, outcome, plan, replayed, seen, settle, window


def test_deeds_are_of_the_outcome_that_held(store: Store) -> None:
    """In order of id; a case without an outcome has the candidate's alone, one that was not replayed is not there."""
    entries = [entry(key) for key in ("b", "B", "a", "c")]
    bring(store, *entries)
    one = experiment(store)
    run = window(store, one)
    plan(store, run)
    replayed(store, run, *((found, seen(found.case.id)) for found in entries[:3]))
    settle(store, outcome("b", 0), outcome("b", 2, "decline"), outcome("c", 0))
    found = list(deeds(store, one, look=at(1)))
    assert [deed.case_id for deed in found] == ["B", "a", "b"]
    assert [deed.candidate["value"]["decision"] for deed in found] == ["B", "a", "b"]
    controls = {deed.case_id: deed.control and deed.control["value"]["decision"] for deed in found}
    assert controls == {"B": None, "a": None, "b": "approve"}
    later = {deed.case_id: deed.control for deed in deeds(store, one, look=at(3))}
    assert (later["b"] or {})["value"]["decision"] == "decline"
    assert dead(store, one) == 0


def test_a_run_over_a_part_has_no_deeds(store: Store) -> None:
    """It adds no evidence, so it tells of nothing either."""
    one = entry("a")
    bring(store, one)
    run = window(store, experiment(store), at_most=1)
    plan(store, run)
    replayed(store, run, (one, seen()))
    assert list(deeds(store, experiment(store), look=at(1))) == []
