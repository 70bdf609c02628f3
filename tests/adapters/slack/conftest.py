"""The sample report, and a server that speaks for Slack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import pytest

from shadow.reports.report import Report

SAMPLE = Path(__file__).parents[2] / "reports" / "sample.json"
TAKEN = b'{"ok": true, "channel": "C0123", "ts": "1795300000.000100"}'


@pytest.fixture(scope="session")
def sample() -> Report:
    """A realistic report of the refund desk."""
    return Report.from_json(json.loads(SAMPLE.read_text(encoding="utf-8")))


@dataclass(slots=True, kw_only=True)
class FakeSlack:
    """A server on this machine: `asked` holds what it was asked, `status` and `body` are its answer.

    Status 0 hangs up without one.
    """

    base_url: str = ""
    status: int = 200
    body: bytes = TAKEN
    asked: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    """A running fake; the real slack_sdk client talks to it."""
    fake = FakeSlack()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"])).decode()
            fake.asked.append({"path": self.path, "token": self.headers["Authorization"], **read(raw)})
            if fake.status == 0:  # hang up without an answer
                self.close_connection = True
                return
            self.send_response(fake.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(fake.body)))
            self.end_headers()
            self.wfile.write(fake.body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    fake.base_url = f"http://127.0.0.1:{server.server_port}/api/"
    yield fake
    server.shutdown()
    server.server_close()
    thread.join()


def read(raw: str) -> dict[str, Any]:
    """A request's fields; the client sends JSON where it sends blocks, else a form."""
    if raw.startswith("{"):
        found: dict[str, Any] = json.loads(raw)
        return found
    return {name: values[0] for name, values in parse_qs(raw).items()}
