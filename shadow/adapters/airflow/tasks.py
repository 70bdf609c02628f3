"""What each task does: ask Airflow for its ids, call one step, give ids and counts back.

Everything heavy is imported inside: a DAG file that only declares must not load it.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from airflow.sdk import Asset, get_current_context
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from shadow.adapters.airflow import lines
from shadow.adapters.airflow.served import Served, opened
from shadow.adapters.airflow.stopping import sigterm
from shadow.adapters.airflow.window import window_of
from shadow.errors import UsageError

log = logging.getLogger(__name__)

MOST_SHARDS = 1024  # Airflow's [core] max_map_length
EVERY_S = 5.0  # seconds between two lines of progress in a task's log


def preflight(served: Served) -> dict[str, Any]:
    """Pins the candidate, registers the contract and begins our run of this window; gives their ids."""
    from shadow import steps
    from shadow.planning import impossible
    from shadow.steps.beginning import utc_now
    from shadow.store.dag_runs import note_dag_run

    context: Any = get_current_context()
    form, ti = context["params"], context["ti"]
    start, end = window_of(context)
    with opened(served) as store:
        experiment = steps.preflight(store, served.setup, candidate=form["candidate"])
        run = steps.begin(store, served.setup, experiment=experiment, start=start, end=end, at_most=form["at_most"])
        note_dag_run(store, dag_id=ti.dag_id, run_id=ti.run_id, run=run, now=utc_now())
    log.info("run %s of experiment %s: %s, [%s, %s)", run, experiment, form["candidate"], start, end)
    for reason in impossible(served.setup.contract):
        log.warning("no candidate can be ready under this contract: %s", reason)
    return {"experiment": experiment, "run": run}


def collect(served: Served, run: str) -> dict[str, Any]:
    """Reads what arrived in the window, and what settled since, into our store."""
    from shadow import steps

    with opened(served) as store:
        counts = dict(steps.collect(store, served.setup, run))
    log.info("%s", lines.collected(counts))
    return counts


def validate(served: Served, run: str) -> dict[str, Any]:
    """Holds the window to earlier sound windows before anything is spent; fails where it is not sound."""
    from shadow.adapters.airflow.sound import examine

    with opened(served) as store:
        found = examine(store, served.setup, run)
    for note in found.notes:
        log.info("%s", note)
    if not found.ok:
        named = [f"{one.column or 'the table'}: {one.what} ({one.count} rows)" for one in found.problems]
        raise AirflowFailException(
            f"{served.workflow}: the window's data was stopped, nothing was replayed: {'; '.join(named)}"
        )
    log.info("the window is sound: %d rows, %d checks", found.rows, found.checked)
    return {"rows": found.rows, "checked": found.checked}


def plan(served: Served, run: str) -> list[int]:
    """Cuts what is still to be replayed into shards; none is a normal answer."""
    from shadow import steps
    from shadow.store.registry import run_notes

    with opened(served) as store:
        shards = steps.plan(store, served.setup, run, shard_size=served.shard_size)
        log.info("%s", lines.planned(shards, run_notes(store, run)["counts"] or {}, served.shard_size))
    return _mappable(shards, served.shard_size)


def replay(served: Served, run: str, shard: int) -> dict[str, Any]:
    """Takes the cases of one shard through the candidate; each case is kept as it finishes."""
    from shadow import steps

    _label(f"shard {shard}")
    with opened(served) as store, sigterm() as stop:
        counts = steps.replay(
            store,
            served.setup,
            run,
            shard,
            holder=_holder(),
            stop=stop,
            progress=_progress(time.monotonic),
            give_up=_last_try(),
        )
        if stop():
            raise AirflowException(f"shard {shard} was told to stop; what had finished is kept: {counts}")
    log.info("%s", lines.replayed(shard, counts))
    return dict(counts)


def plan_compare(served: Served, run: str) -> list[int]:
    """Cuts what can be compared into shards: what was replayed, now or before, and has settled since."""
    from shadow import steps

    with opened(served) as store:
        shards = steps.plan_compare(store, served.setup, run)
    log.info("%s", lines.to_compare(shards))
    return _mappable(shards, 500)


def compare(served: Served, run: str, shard: int) -> dict[str, Any]:
    """Compares the cases of one shard with what the control did."""
    from shadow import steps

    _label(f"shard {shard}")
    with opened(served) as store:
        counts = dict(steps.compare(store, served.setup, run, shard, holder=_holder()))
    log.info("%s", lines.compared(shard, counts))
    return counts


def assess(served: Served, run: str, verdict: Asset) -> dict[str, Any]:
    """Asks every gate and keeps the verdict; the workflow's verdict asset carries it on."""
    from shadow import steps

    with opened(served) as store:
        found = steps.assess(store, served.setup, run)
    get_current_context()["outlet_events"][verdict].extra = {
        name: found[name] for name in ("verdict", "experiment", "run", "look", "decision_digest")
    }
    for line in lines.assessed(served.workflow, found):
        log.info("%s", line)
    return dict(found)


def report(served: Served, run: str, assessed: Mapping[str, Any] | None) -> str:
    """Writes the report and gives its path; fails where no verdict was reached: no such run is green."""
    from shadow import steps
    from shadow.certificate.words import headline
    from shadow.steps.certifying import certificate

    if not assessed or assessed.get("run") != run:
        raise UsageError(
            "the run ends without a verdict",
            where=f"{served.workflow}: run {run}",
            seen="assess was skipped, or marked by hand",
            todo="clear assess and what follows it",
        )
    with opened(served) as store:
        page = str(steps.report(store, served.setup, run, directory=_reports()))
        held = certificate(store, run)
        log.info("%s", lines.contained(held.standing, headline(held)))
    log.info("the report is %s", page)
    return page


def stopped(served: Served, run: str | None, verdict: Asset) -> dict[str, Any]:
    """Where the data was stopped: keeps that as this run's verdict, and writes the report that says so."""
    from shadow import steps
    from shadow.adapters.airflow.sound import was_stopped

    with opened(served) as store:
        if run is None or not was_stopped(store, run):
            raise AirflowSkipException("the data was not stopped: what failed before it says why")
        found = assess(served, run, verdict)
        steps.report(store, served.setup, run, directory=_reports())
    return found


def notify(served: Served) -> None:
    """Tells people what the run found, or that it failed; without Slack the outbox keeps it, and all is well."""
    from shadow.adapters.airflow.notice import ended, tell
    from shadow.steps.beginning import utc_now

    ti: Any = get_current_context()["ti"]
    ids = ti.xcom_pull(task_ids="preflight") or {}
    with opened(served) as store:
        tell(store, served, ids.get("run"), ended(ti), now=utc_now())


def _last_try() -> bool:
    """Whether Airflow will not try this task again: only then do cases without an answer become dead letters."""
    ti: Any = get_current_context()["ti"]
    return int(ti.try_number) > int(ti.max_tries)


def _progress(clock: Callable[[], float]) -> Callable[[int, int], None]:
    """Lines for the task's log, at most one every five seconds; a bar would be one long line there."""
    last = clock()

    def tell(done: int, of: int) -> None:
        nonlocal last
        if clock() - last >= EVERY_S:
            last = clock()
            log.info("%d of %d cases replayed", done, of)

    return tell


def _reports() -> Path:
    from shadow.store import home

    return home() / "reports"


def _mappable(shards: list[int], size: int) -> list[int]:
    if len(shards) > MOST_SHARDS:
        raise UsageError(
            "more shards than Airflow maps over in one run",
            where="shadow_dag: shard_size",
            seen=f"{len(shards)} shards of up to {size} cases",
            allowed=str(MOST_SHARDS),
            todo="take a shorter window or a larger shard_size",
        )
    return shards


def _label(text: str) -> None:
    context: Any = get_current_context()
    context["label"] = text  # shown in the UI in place of the map index


def _holder() -> str:
    """Who holds the lease: this try of this task, in this process."""
    ti = get_current_context()["ti"]
    here = f"{socket.gethostname()}:{os.getpid()}"
    return f"{ti.run_id}/{ti.task_id}[{ti.map_index}] try {ti.try_number} on {here}"
