"""Keeping no longer than promised: what a customer said goes, what was counted stays."""

from __future__ import annotations

from pathlib import Path

from shadow.store import Store
from shadow.store.cases import input_digests, load_cases, load_settlements
from shadow.store.prune import DROPPED, HOLDERS, prune, sizes
from shadow.store.replays import load_observations, save_dead_letter
from shadow.store.results import load_results, uncompared
from shadow.store.standings import standings
from shadow.store.tables import metadata
from tests.store.desk import (
    JUDGEMENT,
    at,
    bring,
    compared,
    entry,
    everything,
    experiment,
    outcome,
    plan,
    replayed,
    seen,
    settle,
    shard,
    window,
)

SECRET = "the customer's very own words"


def filled(store: Store) -> list[str]:
    """Two days of everything; the ids of the cases."""
    entries = [entry(f"c{day}", day, note=SECRET) for day in range(2)]
    bring(store, *entries)
    run = window(store, experiment(store), days=2)
    plan(store, run)
    for day, one in enumerate(entries):
        settle(store, outcome(f"c{day}", day, SECRET))
        replayed(store, run, (one, seen(SECRET)))
        compared(store, run, one, seen(SECRET), seen("decline"))
        save_dead_letter(store, shard(store, run), one.case, reason="x", context={"input": SECRET}, now=at(1))
    return [one.case.id for one in entries]


def test_a_body_goes_on_its_date(store: Store) -> None:
    """Not before it, and at it; a second time there is nothing left to do."""
    filled(store)
    assert set(prune(store, now=at(90, 8.99)).values()) == {0}
    assert prune(store, now=at(90, 9)) == {**{table.name: 1 for table, _ in HOLDERS}, "shadow_recording": 0}
    assert set(prune(store, now=at(90, 9)).values()) == {0}
    assert prune(store, now=at(200)) == {**{table.name: 1 for table, _ in HOLDERS}, "shadow_recording": 0}
    assert SECRET not in everything(store)


def test_counts_and_digests_stay(store: Store) -> None:
    """The verdict can be taken again: rows, digests, severities, measures; and nothing is compared anew."""
    ids = filled(store)
    one = experiment(store)
    before = list(standings(store, one, look=at(2), judgement=JUDGEMENT))
    numbers, marks = sizes(store), input_digests(store, "desk", ids)
    prune(store, now=at(200))
    assert list(standings(store, one, look=at(2), judgement=JUDGEMENT)) == before
    assert (sizes(store), input_digests(store, "desk", ids)) == (numbers, marks)
    assert load_cases(store, "desk", ids) == []
    assert load_settlements(store, "desk", ids, before=at(9)) == {}
    assert load_observations(store, one.id, ids) == {}
    assert list(load_results(store, one.id, [(key, 1) for key in ids], judgement=JUDGEMENT)) == []
    assert uncompared(store, window(store, one, days=2), judgement="another") == []


DECIDED = (
    "shadow_verdict",
    "shadow_ledger",
)  # sentences, names, counts and digests: kept for as long as there is a store


def test_every_table_with_a_date_is_pruned() -> None:
    """A table that holds customer data has `keep_until` and is in the list; what has no date holds none."""
    dated = {table.name for table in metadata.sorted_tables if "keep_until" in table.c}
    assert dated == {table.name for table, _ in HOLDERS} | {table.name for table in DROPPED}
    held = {
        (table.name, column.name)
        for table in metadata.sorted_tables
        for column in table.c
        if column.name in ("input", "body") and table.name not in DECIDED
    }
    assert held == {*((table.name, column) for table, column in HOLDERS), *((table.name, "body") for table in DROPPED)}


def test_what_was_emptied_is_gone_from_the_files(store: Store, tmp_path: Path) -> None:
    """SQLite would only mark the bytes as free, and keep them in its log; ours overwrites them."""
    if store.engine.dialect.name != "sqlite":
        return
    filled(store)
    assert SECRET.encode() in raw(tmp_path)
    prune(store, now=at(200))
    assert SECRET.encode() not in raw(tmp_path)


def raw(folder: Path) -> bytes:
    """All bytes of the database and what lies beside it."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("store.db*")))
