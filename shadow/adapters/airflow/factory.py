"""`shadow_dag`: a contract, how it is served here, and one call make a DAG.

    preflight → collect → validate → plan → replay* → plan_compare → compare* → assess → report
                             └→ stopped ────────────────────────────────────────────────────┴→ notify

How a run comes to its colour:

* No shards are nothing unusual (a quiet day, or all was replayed before): `replay` or `compare` is then
  skipped, and `plan_compare`, `assess` and `report` run all the same (`none_failed`).
* Anything that fails stops all behind it, so `report`, the leaf that decides, is never reached: red.
* Bad data: `validate` writes down what it found and fails, at once and without a retry, naming column
  and count. Nothing is replayed or compared. `stopped`, which runs only then, stores the verdict of
  this run (inconclusive: data quality) and its report. Red, and a verdict is there to read.
* Somebody skips or marks a task by hand: `report` fails where `assess` left no verdict. Red.
* `notify` is a teardown: it runs whatever happened, and neither saves nor spoils a run.

A DAG file is parsed again by every task, so this module imports nothing heavy: the work is imported
inside the tasks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypedDict, Unpack

from airflow.sdk import DAG, Asset, CronDataIntervalTimetable, Param

from shadow.adapters.airflow.graph import wire
from shadow.adapters.airflow.policy import defaults
from shadow.adapters.airflow.served import Served
from shadow.candidates import Candidate
from shadow.contract import Contract, plain_words
from shadow.doors.bindings import Binding
from shadow.doors.listed import Route
from shadow.errors import UsageError
from shadow.plug import nearest
from shadow.replay.limits import Limits
from shadow.setup import setup
from shadow.sources import Source

START = datetime(2026, 1, 1, tzinfo=UTC)


class Options(TypedDict, total=False):
    """What else `shadow_dag` takes; each has a default.

    Attributes:
        start: the first moment that a schedule looks at, aware; 2026-01-01 UTC.
        end: aware; no window of a schedule begins then or later, so unpausing a DAG whose data ended long ago makes no
            run of yesterday. A run by hand takes any window; only Airflow's own logical date, which its form leaves
            empty, must not be later, or its tasks are not run. None: there is no such moment.
        shard_size: cases that one replay task takes, ≥ 1; 200.
        shards_at_once: replay tasks that one run may have running, ≥ 1; 2. Each has `limits.at_once` cases in flight.
        limits: what one replay may use; `Limits()`.
        passes: what may pass the network door besides the bindings' routes, as `llm(…)` and `telemetry(…)`.
        canaries: name to a token that must never go out of a replay.
        retry_delay: before the first retry, doubled each time; 30 seconds.
        store_connection: id of the Airflow connection that leads to our store; where it is not given,
            `SHADOW_STORE_URL` does, else the file under `SHADOW_HOME`.
        slack_connection: id of the Airflow connection to Slack; `slack_api_default`.
    """

    start: datetime
    end: datetime | None
    shard_size: int
    shards_at_once: int
    limits: Limits
    passes: Sequence[Route]
    canaries: Mapping[str, str]
    retry_delay: timedelta
    store_connection: str
    slack_connection: str


def shadow_dag(
    contract: Contract,
    *,
    bindings: Mapping[str, Binding],
    source: Source,
    candidate: Candidate | Sequence[Candidate],
    schedule: str | None = None,
    **options: Unpack[Options],
) -> DAG:
    """The DAG `shadow-<workflow>`, with a form for candidate, window and at most so many cases.

    Args:
        contract: its plain words are the DAG's page.
        bindings: how each tool of the contract is served.
        source: where arrivals and settled outcomes come from.
        candidate: one pinned version, or several; a scheduled run takes the first, the form any.
        schedule: a cron string or preset such as `@daily`; each run takes the interval that ended
            then, in UTC. None: runs are started by hand, and their form gives the window.
        **options: see `Options`.

    Raises:
        ContractError, BindingError: the contract is wrong, or a tool cannot be served.
        UsageError: an unknown option, no candidate, or two under one label.

    Example:
        >>> dag = shadow_dag(REFUNDS, bindings=BINDINGS, source=SOURCE, candidate=V2, schedule="@daily")
    """
    _known(options)
    candidates = [candidate] if isinstance(candidate, Candidate) else list(candidate)
    limits = options.get("limits", Limits())
    made = setup(
        contract, bindings=bindings, source=source, candidates=candidates, limits=limits,
        passes=options.get("passes", ()), canaries=options.get("canaries"),
    )  # fmt: skip
    served = Served(
        setup=made,
        shard_size=options.get("shard_size", 200),
        shards_at_once=options.get("shards_at_once", 2),
        store_connection=options.get("store_connection"),
        slack_connection=options.get("slack_connection", "slack_api_default"),
    )
    with DAG(
        f"shadow-{contract.workflow}",
        schedule=CronDataIntervalTimetable(schedule, timezone="UTC") if schedule else None,
        start_date=options.get("start", START),
        end_date=_last(options.get("end")),
        catchup=False,
        max_active_runs=1,
        params=_form([one.label for one in made.candidates]),
        doc_md=plain_words(contract),
        tags=["shadow", contract.workflow, *(["demonstration"] if contract.demonstration else [])],
        default_args=defaults(contract.owner, options.get("retry_delay", timedelta(seconds=30))),
    ) as dag:
        wire(served, verdict_of(contract.workflow))
    return dag


def verdict_of(workflow: str) -> Asset:
    """The asset that a workflow's verdict is; its event carries the verdict, for a DAG that waits for it."""
    return Asset(name=f"{workflow}-verdict", uri=f"shadow://{workflow}/verdict", group="shadow")


def _last(end: datetime | None) -> datetime | None:
    """The last moment at which a window may begin: Airflow's own limit still allows one that begins at it."""
    return end - timedelta(microseconds=1) if end else None


def _form(labels: Sequence[str]) -> dict[str, Any]:
    moment: dict[str, Any] = {"type": ["null", "string"], "format": "date-time"}
    return {
        "candidate": Param(
            labels[0],
            type="string",
            enum=list(labels),
            title="Candidate",
            description="The pinned version to replay",
        ),
        "window_start": Param(
            None, **moment, title="From", description="Inclusive, with its offset; empty: the data interval"
        ),
        "window_end": Param(None, **moment, title="To", description="Exclusive; both moments or neither"),
        "at_most": Param(
            None,
            type=["null", "integer"],
            minimum=1,
            title="At most so many cases",
            description="A trial: cases not taken are counted, and the run adds no evidence",
        ),
    }


def _known(options: Mapping[str, Any]) -> None:
    allowed = sorted(Options.__annotations__)
    for name in options:
        if name not in allowed:
            raise UsageError(
                f"shadow_dag has no option {name!r}", allowed=", ".join(allowed), todo=nearest(name, allowed)
            )
    for name in ("start", "end"):
        moment = options.get(name)
        if moment is not None and moment.tzinfo is None:
            raise UsageError(
                "without an offset from UTC", where=f"shadow_dag: {name}", seen=str(moment), allowed="aware"
            )
    for name in ("shard_size", "shards_at_once"):
        if options.get(name, 1) < 1:
            raise UsageError("at least one", where=f"shadow_dag: {name}", seen=str(options[name]), allowed="1 or more")
