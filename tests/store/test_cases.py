"""Cases and outcomes: each kept once, corrections taken or counted, outcomes as revisions."""

from __future__ import annotations

from typing import Any

from shadow.store import Store
from shadow.store.cases import input_digests, load_cases, load_revisions, load_settlements, note_doubled
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
    window,
)


def decisions(store: Store, key: str, *, before: float = 99) -> tuple[int, Any] | None:
    """Number and decision of the outcome that held."""
    found = load_settlements(store, "desk", [key], before=at(before)).get(key)
    return (found[0], (found[1].value or {})["decision"]) if found else None


def test_a_case_is_kept_once(store: Store) -> None:
    """Brought again it is known; another workflow's case of the same id is another case."""
    assert bring(store, entry("c1"), entry("c2")).new == 2
    again = bring(store, entry("c1"), entry("c3"))
    assert (again.new, again.known, again.changed) == (1, 1, 0)
    assert [case.id for case in load_cases(store, "desk", ["c3", "c2", "c1", "c4"])] == ["c1", "c2", "c3"]
    assert load_cases(store, "other", ["c1"]) == []


def test_a_case_comes_back_as_it_was(store: Store) -> None:
    """In order of arrival, with aware moments and its slices."""
    bring(store, entry("b", hour=8, country="FR"), entry("a", hour=9), entry("c", hour=8))
    found = load_cases(store, "desk", ["a", "b", "c"])
    assert [case.id for case in found] == ["b", "c", "a"]
    assert found[0] == entry("b", hour=8, country="FR").case
    assert found[0].arrived_at.utcoffset() is not None
    assert input_digests(store, "desk", ["b"]) == {"b": entry("b", hour=8, country="FR").digest}


def test_a_correction_before_anything_was_spent_is_taken(store: Store) -> None:
    """The newest input is replayed."""
    bring(store, entry("c1", country="DE"))
    assert bring(store, entry("c1", country="FR")).changed == 1
    assert load_cases(store, "desk", ["c1"])[0].input["country"] == "FR"
    assert load_cases(store, "desk", ["c1"])[0].slices == {"country": "FR"}
    assert input_digests(store, "desk", ["c1"]) == {"c1": entry("c1", country="FR").digest}


def test_a_correction_after_the_replay_is_counted_and_left(store: Store) -> None:
    """What was replayed is what was compared."""
    one = entry("c1", country="DE")
    bring(store, one)
    run = window(store, experiment(store))
    plan(store, run)
    replayed(store, run, (one, seen()))
    assert bring(store, entry("c1", country="FR")).changed == 1
    assert load_cases(store, "desk", ["c1"])[0].input["country"] == "DE"


def test_a_case_that_was_taken_and_set_aside_stays_aside(store: Store) -> None:
    """Its run is over: corrected, it would wait for a replay that never comes, and its day would never close."""
    bring(store, entry("c1", unit=None))  # type: ignore[arg-type]
    one = experiment(store)
    plan(store, window(store, one))
    assert bring(store, entry("c1")).changed == 1
    (row,) = standings(store, one, look=at(1), judgement=JUDGEMENT)
    assert row.aside == "unit is missing"
    bring(store, entry("c2", unit=None))  # type: ignore[arg-type]
    bring(store, entry("c2"))  # nobody had taken this one
    assert load_cases(store, "desk", ["c2"])[0].input["unit"] == "u1"


def test_doubles_are_written_down(store: Store) -> None:
    """How many further rows of a case there were; said twice it is the same number."""
    bring(store, entry("c1"))
    one = experiment(store)
    plan(store, window(store, one))
    for _ in range(2):
        note_doubled(store, "desk", {"c1": 2})
        bring(store, entry("c1"))
    assert [row.doubled for row in standings(store, one, look=at(1), judgement=JUDGEMENT)] == [2]


def test_outcomes_are_revisions(store: Store) -> None:
    """A later other outcome is a new one; the same again, an older one and one of no known case are not."""
    bring(store, entry("c1"))
    zero = {"new": 0, "revised": 0, "known": 0, "unknown": 0}
    assert settle(store, outcome("c1", 1)) == {**zero, "new": 1}
    assert settle(store, outcome("c1", 1)) == {**zero, "known": 1}
    assert settle(store, outcome("c1", 2)) == {**zero, "known": 1}  # the same outcome, said again later
    assert settle(store, outcome("c1", 0, "decline")) == {**zero, "known": 1}  # older than what is kept
    assert settle(store, outcome("c1", 3, "decline")) == {**zero, "revised": 1}
    assert settle(store, outcome("c1", 4), outcome("c9", 4)) == {**zero, "revised": 1, "unknown": 1}
    assert decisions(store, "c1") == (3, "approve")
    assert decisions(store, "c9") is None


def test_several_revisions_in_one_batch(store: Store) -> None:
    """In the order in which they settled; the batch again changes nothing."""
    bring(store, entry("c1"))
    batch = (outcome("c1", 1), outcome("c1", 2, "decline"), outcome("c1", 3))
    assert settle(store, *batch)["revised"] == 2
    assert settle(store, *batch) == {"new": 0, "revised": 0, "known": 3, "unknown": 0}
    pairs = [("c1", 1), ("c1", 2), ("c1", 3)]
    found = load_revisions(store, "desk", pairs)
    assert [(found[pair].value or {})["decision"] for pair in pairs] == ["approve", "decline", "approve"]


def test_an_outcome_holds_from_its_moment_on(store: Store) -> None:
    """A look sees what had settled before it, not at it."""
    bring(store, entry("c1"))
    settle(store, outcome("c1", 1, hour=0), outcome("c1", 2, "decline", hour=0))
    assert [decisions(store, "c1", before=day) for day in (1, 1.5, 2, 2.5)] == [
        None,
        (1, "approve"),
        (1, "approve"),
        (2, "decline"),
    ]


def test_only_the_asked_revisions_are_loaded(store: Store) -> None:
    """Of several of one case."""
    bring(store, entry("c1"))
    settle(store, outcome("c1", 1), outcome("c1", 2, "decline"))
    assert set(load_revisions(store, "desk", [("c1", 2), ("c1", 7), ("c2", 1)])) == {("c1", 2)}
