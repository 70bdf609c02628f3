"""The notice at a run's end, against a real HTTP server in place of Slack."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from sqlalchemy import select

from shadow.adapters.airflow.notice import ended
from shadow.adapters.slack.client import from_token
from shadow.adapters.slack.courier import drain
from shadow.store.decision_tables import outbox
from tests.adapters.airflow import trial as small
from tests.adapters.airflow.trial import Trial, form

RunDag = Callable[..., Any]


@pytest.fixture
def slack() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The address of a server that takes messages, and the messages that it took."""
    taken: list[dict[str, Any]] = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            json_body = self.headers["Content-Type"].startswith("application/json")
            taken.append(json.loads(body or "{}") if json_body else {k: v[0] for k, v in parse_qs(body).items()})
            answer = json.dumps({"ok": True, "channel": "C0TRIAL", "ts": "1.0", "team_id": "T0TRIAL"}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/api/", taken
    server.shutdown()
    server.server_close()


def connection(address: str) -> str:
    """An Airflow connection to a Slack at this address."""
    return json.dumps({"conn_type": "slack", "password": "xoxb-for-tests", "extra": {"base_url": address}})


def queued(trial: Trial) -> list[tuple[str, str]]:
    """Key and state of all that is to be said or was, without what people were asked."""
    with trial.store().read() as connection:
        rows = connection.execute(
            select(outbox.c.key, outbox.c.state).where(outbox.c.kind == "message").order_by(outbox.c.id)
        ).all()
    return [(key, state) for key, state in rows]


def titles(taken: list[dict[str, Any]]) -> list[str]:
    """The headings of the messages that Slack took."""
    return [block["text"]["text"] for message in taken for block in _blocks(message) if block.get("type") == "header"]


def _blocks(message: dict[str, Any]) -> list[dict[str, Any]]:
    blocks = message.get("blocks", [])
    found: list[dict[str, Any]] = json.loads(blocks) if isinstance(blocks, str) else blocks
    return found


def only(taken: list[dict[str, Any]], begins: str) -> list[dict[str, Any]]:
    """The messages whose text begins so."""
    return [message for message in taken if str(message.get("text", "")).startswith(begins)]


def test_the_digest_is_posted_once(
    run_dag: RunDag,
    trial_desk: Trial,
    slack: tuple[str, list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """To the contract's channel, with the verdict; not again when the same window is run again."""
    address, taken = slack
    monkeypatch.setenv("AIRFLOW_CONN_SLACK_API_DEFAULT", connection(address))
    trial_desk.arrive(0, range(3))
    for _ in range(2):
        assert run_dag(trial_desk.dag, form(0)).state == "success"
    (message,) = only(taken, "Shadow run of trial")
    assert message["channel"] == "C0TRIAL" and "inconclusive" in message["text"]
    ((key, state),) = queued(trial_desk)
    assert key.startswith("digest:") and state == "sent"


def test_a_slack_that_is_down_fails_nothing(
    run_dag: RunDag,
    trial_desk: Trial,
    states: Callable[[Any], Any],
    slack: tuple[str, list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The run is green, notify too; what was to be said waits, and a later pass says it once."""
    monkeypatch.setenv("AIRFLOW_CONN_SLACK_API_DEFAULT", connection("http://127.0.0.1:9/api/"))
    trial_desk.arrive(0, range(3))
    run = run_dag(trial_desk.dag, form(0))
    assert run.state == "success" and states(run)["notify"] == ["success"]
    assert [state for _, state in queued(trial_desk)] == ["queued"]
    address, taken = slack
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    drain(trial_desk.store(), client=from_token("xoxb-for-tests", base_url=address)(), now=tomorrow)
    assert len(only(taken, "Shadow run of trial")) == 1


def test_without_a_connection_it_waits(
    run_dag: RunDag, trial_desk: Trial, states: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has set up Slack yet: the outbox keeps what is to be said, and nothing fails."""
    monkeypatch.delenv("AIRFLOW_CONN_SLACK_API_DEFAULT", raising=False)
    trial_desk.arrive(0, range(3))
    run = run_dag(trial_desk.dag, form(0))
    assert run.state == "success" and states(run)["notify"] == ["success"]
    assert [state for _, state in queued(trial_desk)] == ["queued"]


def test_a_stopped_window_is_told(
    run_dag: RunDag,
    trial_desk: Trial,
    slack: tuple[str, list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Red runs with a verdict are told by their digest, and stay red."""
    address, taken = slack
    monkeypatch.setenv("AIRFLOW_CONN_SLACK_API_DEFAULT", connection(address))
    assert run_dag(trial_desk.dag, form(0)).state == "failed"
    assert len(only(taken, "Shadow run of trial")) == 1 and not only(taken, "Run failed")


def test_a_run_without_a_verdict_is_told(
    run_dag: RunDag,
    trial_desk: Trial,
    slack: tuple[str, list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Replay failed for good: its name is told, once, and no digest stands for what was not found out."""
    address, taken = slack
    monkeypatch.setenv("AIRFLOW_CONN_SLACK_API_DEFAULT", connection(address))
    (trial_desk.root / "code" / "trial_agent.py").write_text("import a_module_that_is_not_there\n")
    trial_desk.arrive(0, range(3))
    assert run_dag(trial_desk.dag, form(0)).state == "failed"
    (message,) = only(taken, "Run failed without a verdict: trial")
    assert "Failed: replay[0]" in message["text"] and not only(taken, "Shadow run of")


def test_a_run_that_never_began_is_told(
    run_dag: RunDag,
    trial_desk: Trial,
    slack: tuple[str, list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Preflight failed, so there is no run of ours; its channel is the contract's all the same."""
    address, taken = slack
    monkeypatch.setenv("AIRFLOW_CONN_SLACK_API_DEFAULT", connection(address))
    assert run_dag(trial_desk.dag).state == "failed"
    (message,) = only(taken, "Run failed without a verdict: trial")
    assert "preflight" in message["text"] and message["channel"] == "C0TRIAL"


def test_an_old_verdict_does_not_hide_a_failure(
    run_dag: RunDag,
    trial_desk: Trial,
    slack: tuple[str, list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The window has a verdict from before; run again, it fails on the way: the failure is told."""
    address, taken = slack
    monkeypatch.setenv("AIRFLOW_CONN_SLACK_API_DEFAULT", connection(address))
    trial_desk.arrive(0, range(3))
    assert run_dag(trial_desk.dag, form(0)).state == "success"
    trial_desk.cases.write_text("no json\n")
    assert run_dag(trial_desk.dag, form(0)).state == "failed"
    (message,) = only(taken, "Run failed without a verdict: trial")
    assert "collect" in message["text"]


def test_patterns_are_told(
    run_dag: RunDag,
    trial_desk: Trial,
    slack: tuple[str, list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ten cases fail alike: a notice of the errors and one of the discrepancies, once; nothing of the errors' words."""
    address, taken = slack
    monkeypatch.setenv("AIRFLOW_CONN_SLACK_API_DEFAULT", connection(address))
    trial_desk.settings = {"fail_on": list(range(10))}
    trial_desk.arrive(0, range(12))
    for _ in range(2):
        assert run_dag(trial_desk.dag, form(0)).state == "success"
    told = only(taken, "Pattern:")
    assert sorted(text for text in titles(told) if "of one" in text) == [
        "Pattern: 10 new discrepancies of one cause, trial, candidate v1",
        "Pattern: 10 new errors of one kind, trial, candidate v1",
    ]
    shown = json.dumps(told)
    assert "RuntimeError" in shown and "cannot" not in shown and "c3" not in shown


def test_a_contract_without_a_channel_tells_the_log(
    run_dag: RunDag,
    trial_desk: Trial,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nobody is named who could be told: nothing waits for a channel that will never be there."""
    monkeypatch.setattr(small, "APPROVAL", None)
    trial_desk.arrive(0, range(3))
    with caplog.at_level(logging.WARNING, logger="shadow"):
        assert run_dag(trial_desk.dag, form(0)).state == "success"
    assert queued(trial_desk) == []
    assert "names no channel" in caplog.text


class _Tries:
    """What Airflow answers of a run's tasks."""

    def __init__(self, *tasks: dict[str, Any]) -> None:
        self.dag_id, self.run_id, self.tasks = "shadow-trial", "manual__1", tasks

    def get_task_breadcrumbs(self, dag_id: str, run_id: str) -> Iterator[dict[str, Any]]:
        """All of them."""
        return iter(self.tasks if (dag_id, run_id) == (self.dag_id, self.run_id) else ())


def test_how_a_run_ended() -> None:
    """Failed tasks by name and shard; whether one of the two that reach a verdict succeeded."""
    over = ended(
        _Tries(
            {"task_id": "replay", "map_index": 3, "state": "failed"},
            {"task_id": "collect", "map_index": -1, "state": "success"},
            {"task_id": "assess", "map_index": -1, "state": "upstream_failed"},
            {"task_id": "compare", "map_index": None, "state": "failed"},
        )
    )
    assert over.failed == ("compare", "replay[3]") and not over.judged
    assert ended(_Tries({"task_id": "stopped", "map_index": -1, "state": "success"})).judged
    assert not ended(_Tries({"task_id": "assess", "map_index": -1, "state": "failed"})).judged
