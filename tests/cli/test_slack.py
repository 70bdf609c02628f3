"""`shadow slack …` as a user starts it: what is printed, the exit codes, and a listener that ends at once."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import pytest

from shadow.adapters.slack.beats import Beat, beats, forget, write
from shadow.cli import main
from shadow.store import open_store, outbox
from tests.adapters.slack.asking import notice
from tests.emulators import SOCKET_APP, local_slack

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SIGN = Beat(host="here", pid=1, at=NOW, started=NOW, socket="connected")
WAITS_S = 60


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, and nothing of Slack's in the environment."""
    for name in [name for name in os.environ if name.startswith(("SLACK_", "AIRFLOW_CONN_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SHADOW_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@contextmanager
def listener(home: Path, **more: str) -> Iterator[subprocess.Popen[str]]:
    """`shadow slack listen` in a process of its own; killed if it does not end."""
    code = "import sys; from shadow.cli import main; sys.exit(main(['slack', 'listen']))"
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, text=True, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT), "SHADOW_HOME": str(home), **more},
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()


def says(process: subprocess.Popen[str], wanted: str) -> str:
    """Wait for a line with these words on stderr."""
    said: IO[str] | None = process.stderr
    assert said is not None
    seen = []
    for line in said:
        seen.append(line)
        if wanted in line:
            return line
    raise AssertionError(f"{wanted!r} was not said: {seen}")


def ended(process: subprocess.Popen[str], number: int) -> tuple[int, float]:
    """Its exit code, and the seconds from the signal to its end."""
    begun = time.monotonic()
    process.send_signal(number)
    return process.wait(WAITS_S), time.monotonic() - begun


@pytest.mark.kill
def test_listen_without_a_token(own: Path) -> None:
    """It says so once, goes on, leaves a sign of life, and ends on SIGTERM with 0 and no sign."""
    with listener(own) as process:
        assert "no token" in says(process, "no token")
        assert process.poll() is None
        code, seconds = ended(process, signal.SIGTERM)
        assert process.stderr is not None
        assert "no token" not in process.stderr.read()
    assert code == 0 and seconds < 1.0
    assert beats(own) == []


@pytest.mark.kill
def test_listen_ends_at_once(own: Path, tmp_path: Path) -> None:
    """Connected by Socket Mode: within a second; Ctrl-C is 130."""
    with local_slack(tmp_path) as slack:
        given = {"SLACK_BOT_TOKEN": SOCKET_APP.token, "SLACK_APP_TOKEN": SOCKET_APP.app_token}
        with listener(own, SLACK_API_URL=slack.api, **given) as process:
            says(process, "Socket Mode is connected")
            assert [beat.pid for beat in beats(own)] == [process.pid]
            code, seconds = ended(process, signal.SIGINT)
    assert code == 130 and seconds < 1.0
    assert beats(own) == []


@pytest.mark.kill
def test_listen_ends_with_a_call_in_hand(own: Path) -> None:
    """A Slack that takes a message and never answers holds up no end; the message waits for the next listener."""
    store = open_store()
    notice(store, "in hand", now=NOW - timedelta(days=365))
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/api/"
        with listener(own, SLACK_BOT_TOKEN="xoxb-1", SLACK_API_URL=address) as process:
            silent.settimeout(WAITS_S)
            line, _ = silent.accept()
            code, seconds = ended(process, signal.SIGTERM)
            line.close()
    assert code == 0 and seconds < 1.0
    assert outbox.waiting(store) == {"queued": 1}


def test_listen_refuses_what_it_cannot_use(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that cannot be read, an Airflow without an account: exit code 2."""
    monkeypatch.setenv("AIRFLOW_CONN_SLACK_API_DEFAULT", "{")
    assert main(["slack", "listen"]) == 2
    monkeypatch.delenv("AIRFLOW_CONN_SLACK_API_DEFAULT")
    monkeypatch.setenv("SHADOW_AIRFLOW_URL", "http://127.0.0.1:9")
    assert main(["slack", "listen"]) == 2


def test_status(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """0 where somebody listens and nothing was put aside; a silent or unconnected listener is none."""
    assert main(["slack", "status"]) == 1
    assert "nobody listens" in capsys.readouterr().out
    now = datetime.now(UTC)
    for beat, code in (
        (Beat(host="a/b", pid=2, at=now, started=now, socket="connected"), 0),
        (Beat(host="a/b", pid=2, at=now, started=now, socket="off"), 0),
        (Beat(host="a/b", pid=2, at=now, started=now, socket="not connected", why="the connection was lost"), 1),
        (Beat(host="a/b", pid=2, at=now - timedelta(minutes=1), started=now, socket="connected"), 1),
    ):
        write(own, beat)
        assert main(["slack", "status"]) == code
        assert main(["slack", "status", "--json"]) == code
    said = capsys.readouterr().out
    assert "the connection was lost" in said and "silent for 60 s" in said
    write(own, Beat(host="c", pid=3, at=now, started=now, socket="connected"))
    assert main(["slack", "status"]) == 0
    store = open_store()
    notice(store, "lost")
    (message,) = outbox.due(store, now=NOW + timedelta(days=99))
    outbox.dead(store, message, now=NOW, error="not_in_channel")
    assert main(["slack", "status"]) == 1
    assert "1 dead" in capsys.readouterr().out


def test_signs_of_life(tmp_path: Path) -> None:
    """Read as they were written; half a file is none; those of yesterday are taken away."""
    write(tmp_path, SIGN)
    (tmp_path / "slack" / "broken.json").write_text("{", encoding="utf-8")
    assert beats(tmp_path) == [SIGN]
    assert SIGN.alive(NOW + timedelta(seconds=19)) and not SIGN.alive(NOW + timedelta(seconds=20))
    forget(tmp_path, now=NOW + timedelta(hours=24))
    assert beats(tmp_path) == [SIGN]
    forget(tmp_path, now=NOW + timedelta(hours=25))
    assert beats(tmp_path) == []


def test_doctor(own: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """1 where something is missing, with what to do; a broken people file is one of them; no store is made."""
    assert main(["slack", "doctor"]) == 1
    said = capsys.readouterr().out
    assert "missing  token: none is given\n         to do: set SLACK_BOT_TOKEN" in said
    assert not own.exists()
    own.mkdir()
    (own / "people.json").write_text("[]", encoding="utf-8")
    assert main(["slack", "doctor", "--json"]) == 1
    checks = json.loads(capsys.readouterr().out)
    assert [check["name"] for check in checks if check["state"] == "missing"] == ["people", "token", "clicks"]


def test_doctor_is_content(own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """0 where nothing is missing."""
    with local_slack(tmp_path) as slack:
        monkeypatch.setenv("SLACK_BOT_TOKEN", SOCKET_APP.token)
        monkeypatch.setenv("SLACK_APP_TOKEN", SOCKET_APP.app_token)
        monkeypatch.setenv("SLACK_API_URL", slack.api)
        assert main(["slack", "doctor"]) == 0


def test_manifest(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On the terminal, to be pasted; a plain http address is refused."""
    assert main(["slack", "manifest", "--url", "https://airflow.example.org"]) == 0
    assert "request_url: https://airflow.example.org/shadow-slack/interactivity" in capsys.readouterr().out
    assert main(["slack", "manifest", "--url", "http://airflow.example.org"]) == 2
