"""The approval DAG: which verdict it takes, whom it lets answer, and that nothing but the ledger moves it on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shadow import approval
from shadow.adapters.airflow.approval import _newest_ready, _told, approval_dag
from shadow.adapters.airflow.operators import APPROVE, COURIER, REJECT, _answer, _assigned, _leave_to, _reason
from shadow.store import Store
from shadow.store.requests import Parked, park, request
from tests.approval.desk import ASKED, NOW, asked, say, trial, verdict


@dataclass(frozen=True)
class Event:
    """An asset's event, as Airflow hands it to a task."""

    extra: dict[str, Any]


def context(*extras: dict[str, Any]) -> dict[str, Any]:
    """What a run that these verdicts started sees."""
    return {"triggering_asset_events": {"asset": [Event(extra) for extra in extras]}}


def test_the_dag_is_started_by_the_verdict_and_retries() -> None:
    """Its own asset, no schedule of time; a retry finds in the ledger what was decided meanwhile."""
    dag = approval_dag(ASKED)
    assert dag.dag_id == "approve-desk" and set(dag.task_ids) == {"take", "sign", "approve", "promote"}
    assert "desk-verdict" in repr(dag.timetable.asset_condition)
    for name in ("sign", "approve"):
        held: Any = dag.get_task(name)
        assert held.retries >= 2 and held.options == [APPROVE, REJECT] and held.defaults is None
        assert held.owner == "ops", "the workflow's owner: the candidate's is nowhere an argument of Airflow's"


def test_of_several_verdicts_the_newest_that_is_ready_is_taken() -> None:
    """Airflow hands over all that came in together; without a ready one, the newest says why nobody is asked."""
    old = {"experiment": "a", "look": "2026-11-01", "verdict": "ready"}
    ready = {"experiment": "b", "look": "2026-11-02", "verdict": "ready (demonstration)"}
    not_ready = {"experiment": "c", "look": "2026-11-03", "verdict": "not ready"}
    assert _told(context(old, not_ready, ready)) == "b"
    assert _told(context(not_ready)) == "c"
    assert _told({}) == "" and _told(context({})) == ""


def test_a_person_who_starts_it_need_not_name_the_experiment(store: Store) -> None:
    """The newest look that says ready, whichever version was recorded last; nothing where none is."""
    first = trial(store)
    assert _newest_ready(store, "desk") == ""
    second = trial(store, label="v2", pin="q" * 64)
    verdict(store, first, day=20)
    verdict(store, second, "not ready", day=25)
    assert _newest_ready(store, "desk") == first.id
    verdict(store, second, day=26)
    assert _newest_ready(store, "desk") == second.id


def test_who_may_answer_is_never_everybody(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty list would let anyone answer; the courier is always in it, the owner and strangers never are."""
    monkeypatch.setenv("SHADOW_PEOPLE", str(tmp_path / "people.json"))
    one = asked(store)
    assert [user["id"] for user in _assigned(one)] == [COURIER]
    accounts = {"ines": ["airflow:ines", "slack:T1/U1"], "lee": ["airflow:lee"], "eve": ["airflow:eve"]}
    (tmp_path / "people.json").write_text(json.dumps(accounts))
    assert [user["id"] for user in _assigned(one)] == ["ines", COURIER]


def test_what_an_answer_says() -> None:
    """Airflow's timeout is nobody's; a reason is as it was typed, or empty."""
    given = {
        "chosen_options": [APPROVE],
        "params_input": {"reason": "looked at it"},
        "responded_by_user": {"id": "ines", "name": "x"},
    }
    assert _answer(given) == ("ines", APPROVE) and _reason(given) == "looked at it"
    assert _answer({"error": "late", "error_type": "timeout"}) == ("", REJECT) and _reason({}) == ""


def test_one_run_waits_for_a_request(store: Store) -> None:
    """A later look's run leaves it to the one that waits; the same run, tried again, waits on."""
    from airflow.sdk.exceptions import AirflowSkipException

    @dataclass
    class Task:
        run_id: str

    one = asked(store)
    _leave_to(store, one, Task("first"))
    park(store, Parked(request=one.id, dag_id="approve-desk", run_id="first", task_id="approve", parked_at=NOW))
    _leave_to(store, one, Task("first"))
    with pytest.raises(AirflowSkipException, match="first waits"):
        _leave_to(store, one, Task("second"))
    say(store, one, "ines")
    say(store, one, "tom")
    _leave_to(store, request(store, one.id), Task("second"))  # decided: every run may carry it out, and only one does


def test_a_run_without_a_ready_verdict_asks_nobody(
    run_dag: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    """It ends at its first task, green: nothing is wrong with a candidate that is not ready."""
    monkeypatch.setenv("SHADOW_STORE_URL", store.engine.url.render_as_string(hide_password=False))
    held = trial(store)
    verdict(store, held, "inconclusive")
    ran = run_dag(lambda: approval_dag(ASKED), {"experiment": held.id})
    assert {one.task_id: str(one.state) for one in ran.get_task_instances()} == dict.fromkeys(
        ("take", "sign", "approve", "promote"), "skipped"
    )
    assert ran.state == "success" and approval.ask_cutover(store, held.id, now=NOW).request is None
