"""Leases: whoever took a shard last may write; everybody before is stopped at the next commit."""

from __future__ import annotations

import os
from threading import Barrier, Thread

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from shadow.errors import LeaseLost
from shadow.store import Store, open_store
from shadow.store.leases import Lease, guard, take
from shadow.store.replays import load_observations, save_dead_letter
from shadow.store.results import load_results
from tests.store.desk import (
    JUDGEMENT,
    START,
    bring,
    compared,
    entry,
    everything,
    experiment,
    in_a_process,
    lease,
    plan,
    replayed,
    seen,
    shard,
    window,
)


def test_the_younger_holder_wins(store: Store) -> None:
    """Epochs rise; the older holder's observations, dead letters and results are refused, and nothing is written."""
    one = entry("c1")
    bring(store, one)
    run = window(store, experiment(store))
    plan(store, run)
    old, young = lease(store, run, holder="old"), lease(store, run, holder="young")
    assert (old.epoch, young.epoch) == (1, 2)
    before = everything(store)
    with pytest.raises(LeaseLost, match="seen: epoch 1, now 2"):
        replayed(store, run, (one, seen()), held=old)
    with pytest.raises(LeaseLost):
        save_dead_letter(store, shard(store, run, old), one.case, reason="x", context={}, now=START)
    assert everything(store) == before
    assert replayed(store, run, (one, seen()), held=young) == 1


def test_results_are_fenced_too(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Comparing runs under a lease of its own."""
    one = entry("c1")
    bring(store, one)
    run = window(store, experiment(store))
    lost = lease(store, run)
    lease(store, run)
    monkeypatch.setattr("tests.store.desk.lease", lambda *_: lost)
    with pytest.raises(LeaseLost):
        compared(store, run, one, seen(), seen("decline"))
    assert list(load_results(store, run.experiment, [("c1", 1)], judgement=JUDGEMENT)) == []


def test_shards_are_fenced_one_by_one(store: Store) -> None:
    """Taking another shard, or the same one of another experiment, takes nothing from anybody."""
    mine = take(store, "e1", "replay:r:0", holder="a", now=START)
    take(store, "e1", "replay:r:1", holder="b", now=START)
    take(store, "e2", "replay:r:0", holder="c", now=START)
    with store.write() as connection:
        guard(connection, mine)


def test_a_lease_that_nobody_took_guards_nothing(store: Store) -> None:
    """An epoch that was never given out is refused."""
    with store.write() as connection, pytest.raises(LeaseLost):
        guard(connection, Lease(experiment="e", shard="s", epoch=1))


def test_two_first_holders_get_two_epochs(store: Store) -> None:
    """However many take a shard at the same moment, no two hold the same epoch."""
    together, found = Barrier(6), []

    def run(number: int) -> None:
        together.wait()
        found.append(take(store, "e", "s", holder=str(number), now=START).epoch)

    threads = [Thread(target=run, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [1, 2, 3, 4, 5, 6]


def test_nobody_takes_a_shard_between_guard_and_commit(store: Store) -> None:
    """Else an older holder's commit could still come after a younger one's first."""
    mine = take(store, "e", "s", holder="a", now=START)
    impatient = {"sqlite": "pragma busy_timeout=1", "postgresql": "set lock_timeout='50ms'"}[store.engine.dialect.name]
    with store.write() as writing:
        guard(writing, mine)
        with store.engine.connect() as other:
            other.exec_driver_sql(impatient)
            with pytest.raises(OperationalError, match=r"locked|lock timeout"):
                other.execute(text("update shadow_lease set epoch = 2"))


def test_an_orphaned_process_is_stopped(store: Store) -> None:
    """A process that runs on beside its own retry: its next commit is refused, and each case is there once."""
    entries = [entry(f"c{number}") for number in range(3)]
    bring(store, *entries)
    run = window(store, experiment(store))
    plan(store, run)
    (first_done, tell), (go_on, let) = os.pipe(), os.pipe()
    url = store.engine.url.render_as_string(hide_password=False)

    def orphan() -> int:
        mine = open_store(url)
        held = lease(mine, run, holder="orphan")
        replayed(mine, run, (entries[0], seen("orphan")), held=held)
        os.write(tell, b"x")
        os.read(go_on, 1)
        try:
            replayed(mine, run, (entries[1], seen("orphan")), (entries[2], seen("orphan")), held=held)
        except LeaseLost:
            return 7
        return 0

    def retry() -> None:
        os.read(first_done, 1)
        held = lease(store, run, holder="retry")
        replayed(store, run, (entries[1], seen("retry")), held=held)
        os.write(let, b"x")

    beside = Thread(target=retry)
    beside.start()
    assert in_a_process(orphan) == 7
    beside.join()
    found = load_observations(store, run.experiment, ["c0", "c1", "c2"])
    assert {key: (one.value or {})["decision"] for key, one in found.items()} == {"c0": "orphan", "c1": "retry"}
