"""The tasks of a shadow DAG and what waits for what; their work is in `tasks`, their colours in `factory`."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Asset, task, teardown

from shadow.adapters.airflow import tasks
from shadow.adapters.airflow.served import Served

Ids = dict[str, Any]


def wire(served: Served, verdict: Asset) -> None:
    """Put the tasks into the DAG whose `with` block this is called in."""
    ids, sound = _before(served)
    compared = _work(served, ids, sound)
    _after(served, ids, sound, compared, verdict)


def _before(served: Served) -> tuple[Any, Any]:
    """preflight → collect → validate: nothing is spent yet."""

    @task(multiple_outputs=False, doc_md=tasks.preflight.__doc__)
    def preflight() -> Ids:
        return tasks.preflight(served)

    @task(multiple_outputs=False, doc_md=tasks.collect.__doc__)
    def collect(ids: Ids) -> Ids:
        return tasks.collect(served, ids["run"])

    @task(multiple_outputs=False, doc_md=tasks.validate.__doc__)
    def validate(ids: Ids) -> Ids:
        return tasks.validate(served, ids["run"])

    ids: Any = preflight()
    sound = validate(ids)
    collect(ids) >> sound
    return ids, sound


def _work(served: Served, ids: Any, sound: Any) -> Any:
    """plan → replay → plan_compare → compare: shards of the work, one task each."""

    @task(doc_md=tasks.plan.__doc__)
    def plan(ids: Ids) -> list[int]:
        return tasks.plan(served, ids["run"])

    @task(
        multiple_outputs=False,
        map_index_template="{{ label }}",
        execution_timeout=served.replay_timeout,
        max_active_tis_per_dagrun=served.shards_at_once,
        doc_md=tasks.replay.__doc__,
    )
    def replay(ids: Ids, shard: int) -> Ids:
        return tasks.replay(served, ids["run"], shard)

    @task(trigger_rule="none_failed", doc_md=tasks.plan_compare.__doc__)
    def plan_compare(ids: Ids) -> list[int]:
        return tasks.plan_compare(served, ids["run"])

    @task(multiple_outputs=False, map_index_template="{{ label }}", doc_md=tasks.compare.__doc__)
    def compare(ids: Ids, shard: int) -> Ids:
        return tasks.compare(served, ids["run"], shard)

    shards, settled = plan(ids), plan_compare(ids)
    sound >> shards
    replay.partial(ids=ids).expand(shard=shards) >> settled
    return compare.partial(ids=ids).expand(shard=settled)


def _after(served: Served, ids: Any, sound: Any, compared: Any, verdict: Asset) -> None:
    """assess → report → notify; `stopped` stands in for the first two where the data was stopped."""

    @task(multiple_outputs=False, trigger_rule="none_failed", outlets=[verdict], doc_md=tasks.assess.__doc__)
    def assess(ids: Ids) -> Ids:
        return tasks.assess(served, ids["run"], verdict)

    @task(trigger_rule="none_failed", doc_md=tasks.report.__doc__)
    def report(ids: Ids, assessed: Ids | None) -> str:
        return tasks.report(served, ids["run"], assessed)

    @task(multiple_outputs=False, trigger_rule="one_failed", outlets=[verdict], doc_md=tasks.stopped.__doc__)
    def stopped(ids: Ids | None) -> Ids:
        return tasks.stopped(served, (ids or {}).get("run"), verdict)

    @teardown
    @task(doc_md=tasks.notify.__doc__)
    def notify() -> None:
        tasks.notify(served)

    assessed: Any = assess(ids)
    instead, told = stopped(ids), notify()
    compared >> assessed
    sound >> instead
    [report(ids, assessed), instead] >> told
