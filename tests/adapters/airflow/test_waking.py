"""Waking Airflow: each parked task is answered once; what is gone is carried out by a run of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from shadow.adapters.airflow.waking import wake, waker_from_env
from shadow.errors import UsageError
from shadow.store import Store
from shadow.store.requests import Parked, park
from shadow.store.stages import Stage, StageRow, add_stage
from tests.approval.desk import NOW, asked, say

RUN = "manual__2026-11-21T12:00:00+00:00"


@dataclass(slots=True)
class Airflow:
    """A server that takes logins, answers of tasks and new runs; `answers` says how each path is answered."""

    url: str = ""
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)


@pytest.fixture
def airflow() -> Iterator[Airflow]:
    """A running one."""
    held = Airflow()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self._take()

        def do_PATCH(self) -> None:
            self._take()

        def _take(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            held.asked.append((self.command, self.path, body))
            status = next((code for part, code in held.answers.items() if part in self.path), 200)
            if self.path == "/auth/token":
                status = 201 if body["password"] == "secret" else 401
            elif self.headers.get("Authorization") != "Bearer t":
                status = 401
            told = b'{"access_token": "t"}'
            self.send_response(status)
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    held.url = f"http://127.0.0.1:{server.server_port}"
    yield held
    server.shutdown()
    server.server_close()
    thread.join()


def told(airflow: Airflow) -> list[tuple[str, str, Any]]:
    """What was asked of it besides logins."""
    return [one for one in airflow.asked if one[1] != "/auth/token"]


def decided(store: Store, *, yes: bool = True) -> str:
    """A request that people have decided on, with a task parked on it."""
    one = asked(store)
    park(store, Parked(request=one.id, dag_id="approve-desk", run_id=RUN, task_id="approve", parked_at=NOW))
    for name in ("ines", "tom"):
        say(store, one, name, yes=yes, reason="looked at all of it")
    return one.id


def ask(store: Store, airflow: Airflow, key: str, *, password: str = "secret") -> bool:
    """Wake what waits for the request."""
    return wake(store, key, url=airflow.url, user="shadow-courier", password=password)


@pytest.mark.parametrize(("yes", "word"), [(True, "Approve"), (False, "Reject")])
def test_a_parked_task_is_answered(store: Store, airflow: Airflow, yes: bool, word: str) -> None:
    """With the decision's word, though it counts as nobody's; the run's id is quoted."""
    assert ask(store, airflow, decided(store, yes=yes))
    where = "/api/v2/dags/approve-desk/dagRuns/manual__2026-11-21T12%3A00%3A00%2B00%3A00"
    assert told(airflow) == [
        ("PATCH", f"{where}/taskInstances/approve/-1/hitlDetails", {"chosen_options": [word], "params_input": {}})
    ]


def test_an_open_request_wakes_nobody(store: Store, airflow: Airflow) -> None:
    """It was parked again meanwhile; the decision will wake it."""
    assert ask(store, airflow, asked(store).id) and airflow.asked == []


@pytest.mark.parametrize("status", [404, 409])
def test_an_approval_that_nothing_waits_for_gets_a_run_of_its_own(store: Store, airflow: Airflow, status: int) -> None:
    """The run was cleared, failed or deleted; the new one finds the decision in the ledger."""
    airflow.answers["hitlDetails"] = status
    key = decided(store)
    assert ask(store, airflow, key)
    method, path, body = told(airflow)[-1]
    assert (method, path) == ("POST", "/api/v2/dags/approve-desk/dagRuns") and "experiment" in body["conf"]


def test_what_was_carried_out_or_rejected_gets_none(store: Store, airflow: Airflow) -> None:
    """A stage row of the request, or a no: there is nothing left to do."""
    airflow.answers["hitlDetails"] = 409
    key = decided(store)
    with store.write() as connection:
        add_stage(connection, StageRow(
            workflow="desk", number=1, stage=Stage.CANARY, share=1, experiment="e", contract="c", request=key,
            demonstration=True, who="", why="", at=NOW, seq=1))  # fmt: skip
    assert ask(store, airflow, key)
    assert [one[0] for one in told(airflow)] == ["PATCH"]


def test_a_rejection_that_nothing_waits_for_is_done(store: Store, airflow: Airflow) -> None:
    """No run is started to be told no."""
    airflow.answers["hitlDetails"] = 404
    assert ask(store, airflow, decided(store, yes=False))
    assert [one[0] for one in told(airflow)] == ["PATCH"]


def test_an_airflow_that_refuses_or_is_away_is_tried_again(store: Store, airflow: Airflow) -> None:
    """An OSError for whoever delivers: wrong password, an error of the server, nobody there; no secret in its words."""
    key = decided(store)
    with pytest.raises(OSError, match="cannot be asked") as caught:
        ask(store, airflow, key, password="wrong-secret")
    assert "wrong-secret" not in str(caught.value)
    airflow.answers["hitlDetails"] = 500
    with pytest.raises(OSError, match="500"):
        ask(store, airflow, key)
    with pytest.raises(OSError, match="cannot be asked"):
        wake(store, key, url="http://127.0.0.1:9", user="shadow-courier", password="secret")


def test_the_environment_says_which_airflow(
    store: Store, airflow: Airflow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None without a URL; an account by password or by a file of passwords, else an error that says what to set."""
    for name in (
        "SHADOW_AIRFLOW_URL",
        "SHADOW_AIRFLOW_USER",
        "SHADOW_AIRFLOW_PASSWORD",
        "SHADOW_AIRFLOW_PASSWORD_FILE",
    ):
        monkeypatch.delenv(name, raising=False)
    assert waker_from_env() is None
    monkeypatch.setenv("SHADOW_AIRFLOW_URL", f"{airflow.url}/")
    with pytest.raises(UsageError, match="no account"):
        waker_from_env()
    monkeypatch.setenv("SHADOW_AIRFLOW_USER", "shadow-courier")
    passwords = tmp_path / "passwords.json"
    monkeypatch.setenv("SHADOW_AIRFLOW_PASSWORD_FILE", str(passwords))
    with pytest.raises(UsageError, match="cannot be read"):
        waker_from_env()
    passwords.write_text(json.dumps({"shadow-courier": "secret"}))
    woken = waker_from_env()
    assert woken is not None and woken(store, decided(store)) and len(told(airflow)) == 1
