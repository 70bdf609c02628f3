"""Comparing in shards: fenced, each result once, a case always in the same shard."""

from __future__ import annotations

import pytest

from shadow.errors import LeaseLost
from shadow.steps import compare, plan, plan_compare, replay
from shadow.steps import comparing as room
from shadow.store import Store
from shadow.store.leases import take
from shadow.store.prune import prune, sizes
from shadow.store.registry import run
from tests.steps.desk import Desk, at, started


def replayed_day(store: Store, desk: Desk, cases: int) -> str:
    """A run that waits to be compared."""
    for number in range(cases):
        desk.case(f"c{number}")
    given = desk.setup()
    day = started(store, given)
    for shard in plan(store, given, day):
        replay(store, given, day, shard, holder="t")
    return day


def test_shards_cover_everything_once(store: Store, desk: Desk) -> None:
    """Whatever order they are done in, and however often."""
    day = replayed_day(store, desk, 7)
    given = desk.setup()
    shards = plan_compare(store, given, day, shard_size=2)
    assert len(shards) > 1
    found = [compare(store, given, day, shard, holder="t")["compared"] for shard in reversed(shards)]
    assert sum(found) == 7
    assert [compare(store, given, day, shard, holder="t")["compared"] for shard in shards] == [0] * len(shards)
    assert sizes(store)["shadow_result"] == 7
    assert plan_compare(store, given, day) == []


def test_an_orphan_compares_nothing(store: Store, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another attempt has taken the shard between its lease and its commit."""
    day = replayed_day(store, desk, 2)
    given = desk.setup()
    (shard,) = plan_compare(store, given, day)
    real = room.load_observations

    def taken_over(*arguments: object) -> object:
        name = f"compare:{day}:{shard}"
        take(store, run(store, day).experiment, name, holder="young", now=at(1))
        return real(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(room, "load_observations", taken_over)
        with pytest.raises(LeaseLost):
            compare(store, given, day, shard, holder="orphan")
    assert sizes(store)["shadow_result"] == 0
    assert compare(store, given, day, shard, holder="young")["compared"] == 2


def test_what_was_pruned_is_not_compared(store: Store, desk: Desk) -> None:
    """It stays uncompared rather than being compared with nothing."""
    day = replayed_day(store, desk, 2)
    prune(store, now=at(500))
    assert plan_compare(store, desk.setup(), day) == []
