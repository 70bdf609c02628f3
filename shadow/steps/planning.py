"""Plan: which of the window's cases are still to be replayed, in shards."""

from __future__ import annotations

from datetime import datetime, timedelta

from shadow.contract import Contract
from shadow.setup import Setup
from shadow.store import Store
from shadow.store.registry import first_start, note_run, run, run_notes
from shadow.store.replays import count_taken, take_cases


def plan(store: Store, setup: Setup, run_id: str, *, shard_size: int = 200) -> list[int]:
    """Shards with cases left to replay; none where the window's data was stopped by validation.

    A run over a part of its window takes no late cases of earlier windows. A window that begins at the contract's
    horizon or later has none either: what arrived before still settles, is compared and judged.
    """
    one = run(store, run_id)
    notes = run_notes(store, run_id)
    if notes["sound"] is False:
        return []
    first = first_start(store, one.experiment)
    if over(setup.contract, first, one.start):
        return []
    since = max(first, one.start - setup.contract.settles_within)
    since = since if one.at_most is None else one.start
    shards, counts = take_cases(store, one, since=since, shard_size=shard_size)
    counts["taken"] = count_taken(store, one)["taken"]  # by whichever attempt; a retry takes none
    note_run(store, run_id, counts={**(notes["counts"] or {}), **counts})
    return shards


def over(contract: Contract, first: datetime, start: datetime) -> bool:
    """Whether a window that begins then lies beyond the trial's horizon.

    Args:
        first: the start of the experiment's first window.
    """
    return contract.horizon_days is not None and start >= first + timedelta(days=contract.horizon_days)
