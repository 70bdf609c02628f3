"""Results: one per revision of the outcome and per judgement, and what still waits for one."""

from __future__ import annotations

from shadow.store import Store
from shadow.store.results import load_results, uncompared
from tests.store.desk import (
    JUDGEMENT,
    bring,
    compared,
    entry,
    experiment,
    outcome,
    plan,
    replayed,
    seen,
    settle,
    window,
)


def test_what_waits_has_both_sides(store: Store) -> None:
    """Replayed, and settled before the run's end; every revision of it; under this judgement."""
    entries = [entry(f"c{number}") for number in range(3)]
    bring(store, *entries)
    one = experiment(store)
    run, next_run = window(store, one, 0), window(store, one, 1)
    plan(store, run)
    replayed(store, run, (entries[0], seen()), (entries[1], seen()))
    settle(store, outcome("c0"), outcome("c2"), outcome("c1", 1, hour=0), outcome("c0", 1, "decline"))
    assert uncompared(store, run, judgement=JUDGEMENT) == [("c0", 1)]
    assert uncompared(store, next_run, judgement=JUDGEMENT) == [("c0", 1), ("c0", 2), ("c1", 1)]
    assert compared(store, run, entries[0], seen(), seen()) == 1
    assert compared(store, run, entries[0], seen(), seen()) == 0
    assert uncompared(store, run, judgement=JUDGEMENT) == []
    assert uncompared(store, run, judgement="another") == [("c0", 1)]


def test_every_revision_is_loaded(store: Store) -> None:
    """Of one case too: the one before the last still counts until people have judged the correction."""
    one = entry("c0")
    bring(store, one)
    run = window(store, experiment(store))
    plan(store, run)
    compared(store, run, one, seen(), seen("decline"), revision=1)
    compared(store, run, one, seen("decline"), seen("decline"), revision=2)
    pairs = [("c0", 1), ("c0", 2), ("c0", 3)]
    found = {
        number: result.agreement
        for number, _, result in load_results(store, run.experiment, pairs, judgement=JUDGEMENT)
    }
    assert found == {1: "discrepancy", 2: "agree"}
    assert [n for n, _, _ in load_results(store, run.experiment, [("c0", 2)], judgement=JUDGEMENT)] == [2]
    assert list(load_results(store, run.experiment, pairs, judgement="another")) == []
