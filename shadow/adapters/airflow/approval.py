"""`approval_dag`: what follows a verdict when people have to decide; no shadow run ever waits for it.

    take → sign → approve → promote

It is started by the workflow's verdict asset. A verdict that is not ready ends it at `take`. `sign` waits until the
contract is signed, `approve` until people have decided on the cutover, both without a worker slot; `promote` moves the
stage, once, and only where the ledger proves the approval. A later ready verdict on the same ground updates the
message of the request, and its run ends there: the first one goes on waiting.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, Param, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException

from shadow.adapters.airflow.factory import verdict_of
from shadow.adapters.airflow.operators import FORM, Decision
from shadow.adapters.airflow.policy import NEVER_RETRY
from shadow.adapters.airflow.stored import stored
from shadow.contract import Contract

if TYPE_CHECKING:
    from shadow.store import Store

log = logging.getLogger(__name__)

START = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = """People decide here whether **{workflow}** may go to a candidate.

A ready verdict starts it. `sign` waits until the contract's approvers have signed the contract, `approve` until they
have decided on this candidate: in Slack, or under *Required Actions* here. `promote` then gives the candidate its first
share of the traffic. Silence is never a yes."""


def approval_dag(contract: Contract, *, store_connection: str | None = None) -> DAG:
    """The DAG `approve-<workflow>`, started by the workflow's verdict.

    Args:
        contract: the workflow's; its approval section says who decides.
        store_connection: id of the Airflow connection to our store; None: by the environment.

    Example:
        >>> approval = approval_dag(REFUNDS)
    """
    with DAG(
        f"approve-{contract.workflow}",
        schedule=[verdict_of(contract.workflow)],
        start_date=START,
        catchup=False,
        max_active_runs=16,
        params={
            "experiment": Param("", type="string", title="Experiment", description="Empty: the newest that is ready")
        },
        doc_md=WORDS.format(workflow=contract.workflow),
        tags=["shadow", contract.workflow, "approval"],
        default_args={
            "owner": contract.owner,
            "retries": 4,  # Airflow fails a task that is answered while it is still being parked
            "retry_delay": timedelta(seconds=5),
            "retry_policy": NEVER_RETRY,
        },
    ) as dag:
        _wire(contract.workflow, store_connection)
    return dag


def _wire(workflow: str, store_connection: str | None) -> None:
    @task(doc_md=take.__doc__)
    def take_() -> str:
        return take(workflow, store_connection)

    @task(doc_md=promote.__doc__)
    def promote_(request: str) -> str:
        return promote(request, store_connection)

    held: Any = take_.override(task_id="take")()
    given = {"experiment": held, "store_connection": store_connection, "params": FORM}
    sign = Decision(task_id="sign", asks="contract", **given)
    approve = Decision(task_id="approve", asks="cutover", **given)
    sign >> approve
    decided: Any = approve.output
    promote_.override(task_id="promote")(decided)


def take(workflow: str, store_connection: str | None) -> str:
    """Finds the experiment whose verdict started this; ends the run where that verdict is not ready."""
    from shadow.store.verdicts import verdicts_of

    context: Any = get_current_context()
    with stored(store_connection) as store:
        held = context["params"].get("experiment") or _told(context) or _newest_ready(store, workflow)
        looks = verdicts_of(store, held) if held else []
    if not looks or not looks[-1].word.startswith("ready"):
        said = f"{held}: {looks[-1].word if looks else 'no verdict'}" if held else f"{workflow}: nothing is ready"
        raise AirflowSkipException(f"{said}; people are not asked")
    log.info("%s: %s at the look of %s", held, looks[-1].word, looks[-1].look)
    return str(held)


def _newest_ready(store: Store, workflow: str) -> str:
    """For a run that a person has started: the experiment whose newest look says ready; of several, the newest look."""
    from shadow.store.registry import experiments_of
    from shadow.store.verdicts import verdicts_of

    looks = [verdicts_of(store, one.id)[-1:] for one in experiments_of(store, workflow)]
    ready = [found[0] for found in looks if found and found[0].word.startswith("ready")]
    return max(ready, key=lambda one: one.look).experiment if ready else ""


def promote(request: str, store_connection: str | None) -> str:
    """Moves the stage on the approved request; once, whatever runs twice."""
    from shadow import rollout
    from shadow.steps.beginning import utc_now

    with stored(store_connection) as store:
        row = rollout.promote(store, request, now=utc_now())
    log.info("%s: %s at %g %% since %s", row.workflow, row.stage, row.share, row.at)
    return f"{row.workflow} {row.stage} {row.share:g} %"


def _told(context: Any) -> str:
    """The experiment of the newest look among the verdicts that started this run; several may have come together."""
    events = [event for held in (context.get("triggering_asset_events") or {}).values() for event in held]
    said = sorted(
        (event.extra for event in events if event.extra.get("experiment")), key=lambda extra: str(extra["look"])
    )
    ready = [extra for extra in said if str(extra["verdict"]).startswith("ready")]
    return str((ready or said)[-1]["experiment"]) if said else ""
