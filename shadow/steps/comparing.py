"""Compare whatever has both sides: replayed by the candidate, settled by the control before the run's end."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

from shadow.compare.compare import compare as compare_case
from shadow.compare.result import digest_of
from shadow.contract import digests
from shadow.setup import Setup
from shadow.steps.beginning import Clock, utc_now
from shadow.store import Store
from shadow.store.cases import chunks, load_cases, load_revisions
from shadow.store.leases import Lease, take
from shadow.store.registry import Run, note_run, run, run_notes
from shadow.store.replays import load_observations
from shadow.store.results import Compared, save_results, uncompared

BATCH = 200


def plan_compare(store: Store, setup: Setup, run_id: str, *, shard_size: int = 500) -> list[int]:
    """Shards of what waits to be compared; a case stays in its shard, whatever else is compared meanwhile."""
    one = run(store, run_id)
    waiting = uncompared(store, one, judgement=digests(setup.contract).judgement)
    number = -(-len(waiting) // shard_size)
    note_run(store, run_id, counts={**(run_notes(store, run_id)["counts"] or {}), "compare_shards": number})
    return sorted({_shard(case_id, number) for case_id, _ in waiting})


def compare(
    store: Store, setup: Setup, run_id: str, shard: int, *, holder: str, clock: Clock = utc_now
) -> dict[str, int]:
    """Compare one shard under a fenced lease; a result is stored once per revision and judgement."""
    one = run(store, run_id)
    judgement = digests(setup.contract).judgement
    lease = take(store, one.experiment, f"compare:{one.id}:{shard}", holder=holder, now=clock())
    number = (run_notes(store, run_id)["counts"] or {}).get("compare_shards", 0)
    waiting = [
        pair for pair in uncompared(store, one, judgement=judgement) if number and _shard(pair[0], number) == shard
    ]
    counts = {"compared": 0}
    for pairs in chunks(waiting, BATCH):
        counts["compared"] += _compare_some(store, setup, one, lease, pairs, judgement)
    return counts


def _compare_some(
    store: Store, setup: Setup, one: Run, lease: Lease, pairs: Sequence[tuple[str, int]], judgement: str
) -> int:
    ids = [case_id for case_id, _ in pairs]
    cases = {case.id: case for case in load_cases(store, one.workflow, ids)}
    seen = load_observations(store, one.experiment, ids)
    batch = []
    for (case_id, revision), control in load_revisions(store, one.workflow, pairs).items():
        if case_id not in cases or case_id not in seen:
            continue  # pruned meanwhile
        result = compare_case(setup.contract, cases[case_id], control, seen[case_id])
        batch.append(
            Compared(
                result=result,
                revision=revision,
                discrepancy=digest_of(control, seen[case_id]),
                stale=result.stale,
                keep_until=cases[case_id].arrived_at + setup.contract.keep,
            )
        )
    return save_results(store, one, lease, batch, judgement=judgement)


def _shard(case_id: str, number: int) -> int:
    return crc32(case_id.encode()) % number
