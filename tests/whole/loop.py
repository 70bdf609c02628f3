"""The loop from a shadow run to a canary and back, on a real Airflow: its DAG file, its people, and its steps."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from shadow import rollout
from shadow.adapters.airflow.server import Server, serving
from shadow.connections import variable
from shadow.examples.refund_desk.bindings import CONNECTION
from shadow.examples.refund_desk.home import Home, Recipe, prepare
from shadow.store import Store, open_store
from shadow.store.ledger import verify
from shadow.store.requests import (
    Request,
    Status,
    Subject,
    open_requests,
    request,
    requests_of,
    waiting_tasks,
    waits_for,
)
from shadow.store.stages import StageRow, stage_of
from tests.emulators import ALICE, BOB, EVE, OWEN, TEAM
from tests.whole.desk import window

WORKFLOW = "refund-desk"
DAYS = 9  # enough for closed days: a case has five days to settle, its label one more
DESK = Recipe(seed=5, faults=3, days=DAYS, scale=0.05)
SETTLED = timedelta(seconds=8)  # Airflow loses an answer that comes while the task is still being parked
WAIT_S = 180.0  # for what takes some seconds on an idle machine
SLACK_IDS = {"ines.moreau": ALICE, "tom.becker": BOB, "lee.park": OWEN, "eve.stone": EVE}
USERS = {"admin": "admin", "sara.lind": "user", "vic": "viewer", **dict.fromkeys(SLACK_IDS, "user")}

# The refund desk's own contract, with gates that a small desk can pass, asked in the channel that the test names.
DAG_FILE = '''"""A small refund desk on Airflow; its terms are read anew by every task."""
import json, os
from dataclasses import replace
from pathlib import Path

from shadow.adapters.airflow import approval_dag, shadow_dag
from shadow.candidates.python import python
from shadow.examples.refund_desk.bindings import BINDINGS, source
from shadow.examples.refund_desk.contract import REFUNDS
from shadow.gates import calendar, set_aside

terms = json.loads(Path(os.environ["SHADOW_HOME"], "terms.json").read_text())
CONTRACT = replace(
    REFUNDS, gates=(calendar(days=2), set_aside(at_most=0.5)), approval=replace(REFUNDS.approval, **terms)
)
VERSION = python("shadow.examples.refund_desk.agent:handle", label="version 2", usd_per_call="0.002")
dag = shadow_dag(CONTRACT, bindings=BINDINGS, source=source(), candidate=VERSION)
approval = approval_dag(CONTRACT)
'''


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """A running Airflow with a small desk, and our store beside it."""

    home: Path
    server: Server
    store: Store

    def terms(self, **given: Any) -> None:
        """Change the contract's approval section; whoever reads the DAG file from now on sees the new one."""
        (self.home / "terms.json").write_text(json.dumps(given))

    def shadow(self) -> str:
        """Start a shadow run over all days from the form; its DAG run's id."""
        start, end = window(0, DAYS)
        conf = {"window_start": start.isoformat(), "window_end": end.isoformat()}
        body = {"logical_date": None, "conf": conf}
        came = self.server.session("admin").ask("POST", f"/api/v2/dags/shadow-{WORKFLOW}/dagRuns", body)
        assert came.status == 200, came
        return str(came.body["dag_run_id"])

    def state(self, dag_id: str, run_id: str) -> str:
        """How a DAG run stands."""
        return str(self.server.session("admin").get(f"/api/v2/dags/{dag_id}/dagRuns/{quote(run_id)}")["state"])

    def tasks(self) -> dict[str, str]:
        """The state of each task of the newest approval run."""
        runs = self.server.session("admin").get(f"/api/v2/dags/approve-{WORKFLOW}/dagRuns?order_by=-run_after&limit=1")
        if not runs["dag_runs"]:
            return {}
        run_id = runs["dag_runs"][0]["dag_run_id"]
        where = f"/api/v2/dags/approve-{WORKFLOW}/dagRuns/{quote(run_id)}/taskInstances"
        return {one["task_id"]: str(one["state"]) for one in self.server.session("admin").get(where)["task_instances"]}

    def asked(self, subject: Subject) -> Request:
        """The open request of this kind, once it is there."""
        return until(lambda: next((one for one in open_requests(self.store) if one.subject is subject), None), subject)

    def newest(self, subject: Subject, *, expires_h: float) -> Request | None:
        """The newest request of this kind that has so many hours; None where there is none yet."""
        found = [one for one in requests_of(self.store, WORKFLOW) if one.subject is subject]
        given = timedelta(hours=expires_h)
        return next((one for one in found if one.expires_at - one.opened_at == given), None)

    def settled(self, key: str) -> Request:
        """The request, once it is."""
        found = until(lambda: (one := request(self.store, key)).status is not Status.OPEN and one, "a decision")
        assert isinstance(found, Request)
        return found

    def stage(self, seen: Callable[[StageRow | None], bool]) -> StageRow:
        """The workflow's stage, once it is as wanted."""
        found = until(lambda: (one := stage_of(self.store, WORKFLOW)) and seen(one) and one, "a change of stage")
        assert isinstance(found, StageRow)
        return found

    def answer(self, task: str, *, user: str, yes: bool = True, reason: str = "") -> int:
        """Answer on Airflow's page of required actions as this user, once the task waits; the HTTP status."""
        session, place = self.server.session(user), until(lambda: self.waiting(task), f"{task} to wait")
        body = {"chosen_options": ["Approve" if yes else "Reject"], "params_input": {"reason": reason}}
        return session.ask("PATCH", f"{place}/hitlDetails", body).status

    def waiting(self, task: str) -> str:
        """Where the approval run's task waits for an answer; empty while none does."""
        asked = "/api/v2/dags/~/dagRuns/~/hitlDetails?response_received=false"
        held = [one["task_instance"] for one in self.server.session("admin").get(asked)["hitl_details"]]
        mine = [one for one in held if one["task_id"] == task and one["state"] == "awaiting_input"]
        if not mine:
            return ""
        one = mine[-1]
        held_by = waits_for(self.store, dag_id=one["dag_id"], run_id=one["dag_run_id"], task_id=task)
        since = [task.parked_at for task in waiting_tasks(self.store, held_by or "")]
        if not since or datetime.now(UTC) - max(since) < SETTLED:
            return ""
        return f"/api/v2/dags/{one['dag_id']}/dagRuns/{quote(one['dag_run_id'])}/taskInstances/{task}/-1"

    def sound(self) -> bool:
        """Whether the ledger verifies, and every request of the workflow is settled."""
        return verify(self.store).ok and not [r for r in requests_of(self.store, WORKFLOW) if r.status is Status.OPEN]


@contextmanager
def looping(root: Path, *, port: int = 0, **variables: str) -> Iterator[Loop]:
    """An Airflow of the test's own with the small desk, both DAGs switched on, and people with accounts."""
    home, dags = root / "home", root / "dags"
    files: Home = prepare(home / "refund_desk", DESK)
    dags.mkdir()
    (dags / "refund_desk.py").write_text(DAG_FILE)
    plugins = Path(__file__).resolve().parents[2] / "plugins"
    people = {name: [f"airflow:{name}", f"slack:{TEAM}/{SLACK_IDS[name]}"] for name in SLACK_IDS}
    (home / "people.json").write_text(json.dumps({**people, "sara.lind": ["airflow:sara.lind"]}))
    (home / "terms.json").write_text("{}")
    told = {"REFUND_DESK_HOME": str(files.root), variable(CONNECTION): files.url(), **variables}
    store = open_store(f"sqlite:///{home / 'store.db'}")
    with serving(home, dags, plugins, port=port, users=USERS, variables=told) as server:
        admin = server.session("admin")
        known = lambda: {one["dag_id"] for one in admin.get("/api/v2/dags")["dags"]}  # noqa: E731
        until(lambda: len(known()) == 2, "both DAGs")
        for dag_id in known():
            assert admin.ask("PATCH", f"/api/v2/dags/{dag_id}", {"is_paused": False}).status == 200
        yield Loop(home=home, server=server, store=store)
    store.close()


def knows(share: float) -> bool:
    """Whether this machine's route file says so: another process has moved the stage, and it is read now and then."""
    known = rollout.explain(WORKFLOW, "anybody", demonstration=True).known
    return known is not None and known.share == share


def until(question: Callable[[], Any], what: object) -> Any:
    """Ask until there is an answer; what other processes do cannot be waited for otherwise."""
    end = time.monotonic() + WAIT_S
    while not (answer := question()):
        assert time.monotonic() < end, f"{what} was waited for in vain"
        time.sleep(0.2)
    return answer
