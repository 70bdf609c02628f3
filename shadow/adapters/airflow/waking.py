"""Waking what is parked in Airflow once our ledger holds the decision: an answer that counts as nobody's vote.

Where nothing is parked any more (the run was cleared, failed or deleted meanwhile), a new run of the approval DAG is
started: it finds the decision in the ledger and carries it out.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from shadow.errors import UsageError

if TYPE_CHECKING:
    import httpx

    from shadow.store import Store
    from shadow.store.requests import Parked, Request

TIMEOUT_S = 10.0
NOT_THERE = (404, 409)  # no such task instance, or it waits for nothing
Wake = Callable[["Store", str], bool]


def waker_from_env() -> Wake | None:
    """A function that wakes what waits for a request; None where `SHADOW_AIRFLOW_URL` names no Airflow.

    The account is `SHADOW_AIRFLOW_USER`, its password `SHADOW_AIRFLOW_PASSWORD`, or the entry under its name in the
    JSON file `SHADOW_AIRFLOW_PASSWORD_FILE`.

    Raises:
        UsageError: there is a URL, but no account.
    """
    url = os.environ.get("SHADOW_AIRFLOW_URL", "").rstrip("/")
    if not url:
        return None
    user = os.environ.get("SHADOW_AIRFLOW_USER", "")
    password = os.environ.get("SHADOW_AIRFLOW_PASSWORD") or _filed(user)
    if not user or not password:
        raise UsageError(
            "no account to wake Airflow's tasks with",
            where="SHADOW_AIRFLOW_URL",
            seen=f"user {user!r}",
            todo="set SHADOW_AIRFLOW_USER, and SHADOW_AIRFLOW_PASSWORD or SHADOW_AIRFLOW_PASSWORD_FILE",
        )
    return lambda store, request: wake(store, request, url=url, user=user, password=password)


def wake(store: Store, request_id: str, *, url: str, user: str, password: str) -> bool:
    """Wake every task that is parked on a settled request; True when there is nothing left to wake.

    Raises:
        OSError: Airflow does not answer, or refuses the account; to be tried again.
    """
    import httpx

    from shadow.store.requests import Status, request, waiting_tasks

    one = request(store, request_id)
    if one.status is Status.OPEN:  # it was parked again meanwhile, and the decision will wake it
        return True
    try:
        with httpx.Client(base_url=url, timeout=TIMEOUT_S) as client:
            client.headers["Authorization"] = f"Bearer {_token(client, user, password)}"
            woken = [_answer(client, task, yes=one.status is Status.APPROVED) for task in waiting_tasks(store, one.id)]
            if not any(woken) and _is_left_undone(store, one):
                _start(client, one)
    except httpx.HTTPError as error:
        raise OSError(f"Airflow cannot be asked: {type(error).__name__}: {error}") from error
    return True


def _token(client: httpx.Client, user: str, password: str) -> str:
    told = client.post("/auth/token", json={"username": user, "password": password})
    told.raise_for_status()
    return str(told.json()["access_token"])


def _answer(client: httpx.Client, task: Parked, *, yes: bool) -> bool:
    from shadow.adapters.airflow.operators import APPROVE, REJECT

    where = f"/dags/{quote(task.dag_id, safe='')}/dagRuns/{quote(task.run_id, safe='')}"
    told = client.patch(
        f"/api/v2{where}/taskInstances/{quote(task.task_id, safe='')}/-1/hitlDetails",
        json={"chosen_options": [APPROVE if yes else REJECT], "params_input": {}},
    )
    if told.status_code in NOT_THERE:
        return False
    told.raise_for_status()
    return True


def _is_left_undone(store: Store, one: Request) -> bool:
    """Whether it is an approved cutover that has moved no stage."""
    from shadow.store.requests import Status, Subject
    from shadow.store.stages import stages_of

    moved = {row.request for row in stages_of(store, one.workflow)}
    return one.subject is Subject.CUTOVER and one.status is Status.APPROVED and one.id not in moved


def _start(client: httpx.Client, one: Request) -> None:
    """A run of its own: it finds the decision in the ledger."""
    body: dict[str, Any] = {"logical_date": None, "conf": {"experiment": one.about}}
    client.post(f"/api/v2/dags/approve-{quote(one.workflow, safe='')}/dagRuns", json=body).raise_for_status()


def _filed(user: str) -> str:
    path = os.environ.get("SHADOW_AIRFLOW_PASSWORD_FILE", "")
    if not path:
        return ""
    try:
        held = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError("the passwords cannot be read", where=path, seen=str(error)[:120]) from error
    return str(held.get(user, "")) if isinstance(held, dict) else ""
