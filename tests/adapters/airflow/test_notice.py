"""The notice at a run's end, against a real HTTP server in place of Slack."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest

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
            taken.append(json.loads(body) if json_body else {k: v[0] for k, v in parse_qs(body).items()})
            answer = json.dumps({"ok": True, "channel": "C0TRIAL", "ts": "1.0"}).encode()
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


def test_the_digest_is_posted_once(
    run_dag: RunDag,
    trial_desk: Trial,
    slack: tuple[str, list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """To the contract's channel, with the verdict."""
    address, taken = slack
    monkeypatch.setenv("AIRFLOW_CONN_SLACK_API_DEFAULT", connection(address))
    trial_desk.arrive(0, range(3))
    assert run_dag(trial_desk.dag, form(0)).state == "success"
    (message,) = taken
    assert message["channel"] == "C0TRIAL" and "inconclusive" in message["text"]


def test_a_slack_that_is_down_fails_nothing(
    run_dag: RunDag, trial_desk: Trial, states: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run is green, notify too; only the log knows."""
    monkeypatch.setenv("AIRFLOW_CONN_SLACK_API_DEFAULT", connection("http://127.0.0.1:9/api/"))
    trial_desk.arrive(0, range(3))
    run = run_dag(trial_desk.dag, form(0))
    assert run.state == "success" and states(run)["notify"] == ["success"]


def test_a_stopped_window_is_told(
    run_dag: RunDag,
    trial_desk: Trial,
    slack: tuple[str, list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Red runs are posted too, and stay red."""
    address, taken = slack
    monkeypatch.setenv("AIRFLOW_CONN_SLACK_API_DEFAULT", connection(address))
    assert run_dag(trial_desk.dag, form(0)).state == "failed"
    assert len(taken) == 1
