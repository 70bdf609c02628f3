"""When a server counts as up, and what happens where it cannot be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from shadow.adapters.airflow.server import serving, up
from shadow.adapters.airflow.server.client import Server, Session, until
from shadow.adapters.airflow.server.control import _healthy, folder_of
from shadow.adapters.airflow.server.processes import KEY, clear, marked, members
from shadow.errors import ShadowError, UsageError
from tests.conftest import ROOT

BEGAN = datetime(2026, 10, 5, tzinfo=UTC)
WAITS = [sys.executable, "-c", "import signal; signal.pause()"]


def health(*, beat: datetime = BEGAN, state: str = "healthy", **changed: Any) -> dict[str, Any]:
    """What Airflow answers."""
    parts = {
        part: {"status": state, f"latest_{part}_heartbeat": beat.isoformat()} for part in ("scheduler", "dag_processor")
    }
    return {"metadatabase": {"status": "healthy"}, **parts, **changed}


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[Callable[[int, Any], Server]]:
    """`answering(200, body)` is a server that says so, whatever it is asked."""
    said: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = said[-1]
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body if isinstance(body, bytes) else json.dumps(body).encode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    http = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=http.serve_forever, daemon=True).start()

    def answer(status: int, body: Any) -> Server:
        said.append((status, body))
        return Server(url=f"http://127.0.0.1:{http.server_port}", folder=tmp_path, passwords={})

    yield answer
    http.shutdown()
    http.server_close()


@pytest.fixture
def waiting() -> Iterator[subprocess.Popen[bytes]]:
    """A process that stands for a keeper."""
    one = subprocess.Popen(WAITS)
    yield one
    one.kill()
    one.wait()


@pytest.mark.parametrize(
    ("status", "body", "well"),
    [
        (200, health(), True),
        (200, health(beat=BEGAN - timedelta(seconds=1)), False),  # of a scheduler that was killed a moment ago
        (200, health(state="unhealthy"), False),
        (200, health(dag_processor={"status": None, "latest_dag_processor_heartbeat": None}), False),
        (200, health(metadatabase={"status": "unhealthy"}), False),
        (200, {}, False),
        (200, b"<html>", False),
        (503, health(), False),
    ],
)
def test_healthy_is_every_part_since_this_start(
    answering: Callable[[int, Any], Server], waiting: subprocess.Popen[bytes], status: int, body: Any, well: bool
) -> None:
    """Database, scheduler and DAG processor, each heard of since this start and not since an earlier one."""
    assert _healthy(answering(status, body), waiting, BEGAN) is well


def test_a_dead_keeper_is_said_at_once(tmp_path: Path) -> None:
    """Nobody waits two minutes for what has ended; the end of the log of the part that failed is shown."""
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "scheduler.log").write_text("a line\nno such executor\n")
    (tmp_path / "parts" / "api-server.log").write_text("all is well\n")
    (tmp_path / "failed").write_text("scheduler")
    with pytest.raises(ShadowError, match=r"(?s)did not start.*scheduler\.log.*no such executor"):
        _healthy(Server(url="http://127.0.0.1:9", folder=tmp_path, passwords={}), dead, BEGAN)


def test_nobody_there_is_not_healthy(tmp_path: Path, waiting: subprocess.Popen[bytes]) -> None:
    """Not yet."""
    assert not _healthy(Server(url="http://127.0.0.1:9", folder=tmp_path, passwords={}), waiting, BEGAN)


def test_one_server_a_home(tmp_path: Path) -> None:
    """What is up is given by `up` as it is, and refused by `serving`, which would end it."""
    folder = folder_of(tmp_path)
    folder.mkdir(parents=True)
    keeper = subprocess.Popen(WAITS, env={**os.environ, **marked(folder), KEY: "k"}, start_new_session=True)
    try:
        (folder / "running.json").write_text(json.dumps({"pid": keeper.pid, "key": "k", "url": "http://here"}))
        until(lambda: members(folder), within_s=30, what="the keeper")
        server, fresh = up(tmp_path, ROOT / "dags")
        assert (server.url, fresh) == ("http://here", False)
        with pytest.raises(UsageError, match="is up"), serving(tmp_path, ROOT / "dags"):
            pass
        assert keeper.poll() is None
    finally:
        clear(folder)
        keeper.wait()


@pytest.mark.parametrize("option", ["dags", "plugins"])
def test_a_missing_folder_is_named(tmp_path: Path, option: str) -> None:
    """Before anything is started."""
    folders: dict[str, Path] = {"dags": ROOT / "dags", option: tmp_path / "none"}
    with pytest.raises(UsageError, match=f"--{option}"), serving(tmp_path / "home", **folders):
        pass
    assert members(folder_of(tmp_path / "home")) == []


@pytest.mark.slow
def test_a_part_that_does_not_start_ends_all(tmp_path: Path) -> None:
    """Its last words are told, and nothing is left running."""
    wrong = {"AIRFLOW__CORE__EXECUTOR": "NoSuchExecutor"}
    with (
        pytest.raises(ShadowError, match=r"(?s)did not start.*NoSuchExecutor"),
        serving(tmp_path, ROOT / "dags", variables=wrong),
    ):
        pass
    assert members(folder_of(tmp_path)) == []


def test_a_refusal_is_an_answer(answering: Callable[[int, Any], Server]) -> None:
    """`ask` gives whatever was answered; `get` wants what it asked for."""
    session = Session(url=answering(403, {"detail": "no"}).url, token="t")
    assert session.ask("GET", "/x").status == 403 and session.ask("GET", "/x").body == {"detail": "no"}
    with pytest.raises(ShadowError, match="403"):
        session.get("/x")
    assert "'t'" not in repr(session)


def test_waiting_ends(tmp_path: Path) -> None:
    """What does not come is named."""
    with pytest.raises(ShadowError, match="the moon was waited for"):
        until(lambda: False, within_s=0, what="the moon")
