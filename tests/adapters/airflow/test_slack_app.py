"""Signed HTTP: the same loop as over Socket Mode, and everything hostile that can be posted to the route."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import uvicorn

from shadow.adapters.airflow import slack_app
from shadow.adapters.airflow.slack_app import Office, lazy_app, make_app
from shadow.adapters.slack.client import SlackConnection
from shadow.adapters.slack.courier import drain
from shadow.adapters.slack.signed import LARGEST
from shadow.store import Store
from shadow.store.ledger import Event, entries
from shadow.store.requests import Status, request, votes_of
from tests.adapters.slack.asking import LABEL, REASON, open_cutover, people_file
from tests.approval.desk import NOW
from tests.emulators import ALICE, BOB, HTTP_APP, LocalSlack, free_port, local_slack

ROOT = Path(__file__).resolve().parents[3]
YES = {"reason": {"text": REASON}, "confirm": {"text": LABEL}}
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
IGNORED = urlencode({"payload": json.dumps({"type": "shortcut"})}).encode()


@contextmanager
def serving(app: Any, port: int = 0) -> Iterator[int]:
    """The app behind a real server; its port."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", port))
    held.listen()  # whoever comes before the server has started waits
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [held]}, daemon=True)
    thread.start()
    yield int(held.getsockname()[1])
    server.should_exit = True
    thread.join()


def headers(raw: bytes, *, at: float | None = None, secret: str = SECRET) -> dict[str, str]:
    """What Slack signs a body with."""
    stamp = str(int(time.time() if at is None else at))
    mac = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + raw, hashlib.sha256).hexdigest()
    form = "application/x-www-form-urlencoded"
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={mac}", "Content-Type": form}


@pytest.fixture
def office(store: Store) -> Iterator[Office]:
    """The route's means, with a Slack that nobody answers for."""
    connection = SlackConnection(token="xoxb-1", signing_secret=SECRET, base_url="http://127.0.0.1:9/api/")
    made = Office(connect=lambda: connection, open_store=lambda: store)
    yield made
    made.close()


@pytest.fixture
def port(office: Office) -> Iterator[int]:
    """The route behind a real server."""
    with serving(make_app(office)) as number:
        yield number


@pytest.fixture
def post(port: int) -> Callable[..., httpx.Response]:
    """`post(raw, headers)` to the route."""

    def send(raw: Any, given: Mapping[str, str] | list[tuple[str, str]]) -> httpx.Response:
        return httpx.post(f"http://127.0.0.1:{port}/interactivity", content=raw, headers=given, timeout=20)

    return send


def test_two_people_approve(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over signed HTTP from the emulator: clicks, forms, votes, and the message updated by the route itself."""
    monkeypatch.setenv("SHADOW_PEOPLE", str(people_file(tmp_path)))
    number = free_port()
    with local_slack(tmp_path, request_url=f"http://127.0.0.1:{number}/interactivity") as slack:
        connection = SlackConnection(token=HTTP_APP.token, signing_secret=HTTP_APP.signing_secret, base_url=slack.api)
        office = Office(connect=lambda: connection, open_store=lambda: store, now=lambda: NOW)
        one = open_cutover(store)
        drain(store, client=connection.client(), now=NOW)
        with serving(make_app(office), number):
            ts = slack.wait_buttons()
            assert list(_vote(slack, ts, ALICE, {**YES, "confirm": {"text": "v9"}})) == ["confirm"]
            slack.submit(user=ALICE, values=YES)
            assert slack.submitted() == {}
            slack.wait_message(lambda message: "1 of 2" in message["text"])
            assert _vote(slack, ts, BOB, YES) == {}
            slack.wait_message(lambda message: message["text"].startswith("Approved"))
            office.close()
    assert request(store, one.id).status is Status.APPROVED
    assert [vote.via for vote in votes_of(store, one.id)] == ["http", "http"]


def _vote(slack: LocalSlack, ts: str, user: str, values: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    return slack.vote(ts, user=user, approve=True, values=values)


def test_a_signed_request_is_taken(post: Callable[..., httpx.Response]) -> None:
    """What is not for us is answered 200, and empty; so is the same request again."""
    given = headers(IGNORED)
    for _ in range(2):
        answer = post(IGNORED, given)
        assert (answer.status_code, answer.content) == (200, b"")


def test_a_replay_has_no_effect(
    post: Callable[..., httpx.Response], store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second time nothing is looked at: the ledger has one refusal, not two."""
    monkeypatch.setenv("SHADOW_PEOPLE", str(people_file(tmp_path)))
    held = {"token": "a.1.b.c", "approve": True, "channel": "C1", "ts": "1.1"}
    form = {
        "type": "view_submission", "team": {"id": "T1"}, "user": {"id": "U1"},
        "view": {"callback_id": "shadow_decide", "private_metadata": json.dumps(held)},
    }  # fmt: skip
    raw = urlencode({"payload": json.dumps(form)}).encode()
    given = headers(raw)
    first, second = post(raw, given), post(raw, given)
    assert first.json()["response_action"] == "errors"
    assert (second.status_code, second.content) == (200, b"")
    assert [entry.event for entry in entries(store)] == [Event.REFUSED]


HOSTILE: dict[str, Any] = {
    "unsigned": lambda: (IGNORED, {}),
    "another secret": lambda: (IGNORED, headers(IGNORED, secret="another")),
    "another body": lambda: (IGNORED + b"x", headers(IGNORED)),
    "old": lambda: (IGNORED, headers(IGNORED, at=time.time() - 301)),
    "from the future": lambda: (IGNORED, headers(IGNORED, at=time.time() + 301)),
    "no number": lambda: (IGNORED, {**headers(IGNORED), "X-Slack-Request-Timestamp": "abc"}),
    "no ASCII": lambda: (IGNORED, [(k.encode(), v.encode()) for k, v in headers(IGNORED).items() if "Sig" not in k]
                         + [(b"X-Slack-Signature", b"v0=" + b"\xe9" * 64)]),
    "two signatures": lambda: (IGNORED, [*headers(IGNORED).items(), ("X-Slack-Signature", "v0=" + "0" * 64)]),
    "no text": lambda: (b"payload=\xff", headers(b"payload=\xff")),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_not_slacks_is_401(post: Callable[..., httpx.Response], office: Office, name: str) -> None:
    """Never 500; nothing is started for it, and nothing is told about why."""
    answer = post(*HOSTILE[name]())
    assert (answer.status_code, answer.content) == (401, b"")
    assert office._hands is None and office._store is None


@pytest.mark.parametrize("raw", [b"", b"payload=", b"payload={", b"payload=1&payload=2", b"payload=" + b"[" * 99_999])
def test_signed_and_not_to_be_read_is_400(post: Callable[..., httpx.Response], raw: bytes) -> None:
    """Whoever has the secret and sends nonsense: never 500."""
    assert post(raw, headers(raw)).status_code == 400


@pytest.mark.parametrize("data", [None, [], 7, "x", {"type": "block_actions"}, {"type": "view_submission"}])
def test_any_payload_is_answered(post: Callable[..., httpx.Response], data: Any) -> None:
    """Whatever JSON it is."""
    raw = urlencode({"payload": json.dumps(data)}).encode()
    assert post(raw, headers(raw)).status_code == 200


def test_too_large_is_413(post: Callable[..., httpx.Response], port: int) -> None:
    """By its length, and where it gives none while it is read: no more is taken in."""
    largest = b"payload=" + b"x" * (LARGEST - 8)
    assert post(largest, headers(largest)).status_code == 400
    over = largest + b"x"
    assert post(over, headers(over)).status_code == 413
    told = b"POST /interactivity HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999\r\n\r\n"
    assert raw_answer(port, [told]).startswith(b"HTTP/1.1 413")
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    begin = b"POST /interactivity HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert raw_answer(port, [begin, *[chunk] * 8]).startswith(b"HTTP/1.1 413")  # and it never says that it is over


def test_too_slow_is_408(post: Callable[..., httpx.Response], port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that does not come is not waited for."""
    monkeypatch.setattr(slack_app, "READ_S", 0.05)
    begin = b"POST /interactivity HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nx"
    assert raw_answer(port, [begin]).startswith(b"HTTP/1.1 408")


def raw_answer(port: int, parts: list[bytes]) -> bytes:
    """The first bytes that a server answers with, however much it has read."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        for part in parts:
            try:
                line.sendall(part)
            except OSError:
                break
        try:
            return line.recv(100)
        except ConnectionResetError:
            return b"reset"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_only_post(port: int, method: str) -> None:
    """And no page of documentation."""
    assert httpx.request(method, f"http://127.0.0.1:{port}/interactivity").status_code == 405
    for path in ("docs", "redoc", "openapi.json", ""):
        assert httpx.get(f"http://127.0.0.1:{port}/{path}").status_code == 404


def test_without_a_secret_nothing_is_slacks(store: Store) -> None:
    """An app without a connection refuses everything, also what is signed with nothing."""
    with serving(make_app(Office(connect=SlackConnection, open_store=lambda: store))) as number:
        for secret in ("", " "):
            given = headers(IGNORED, secret=secret)
            assert (
                httpx.post(f"http://127.0.0.1:{number}/interactivity", content=IGNORED, headers=given).status_code
                == 401
            )


def test_the_answer_does_not_wait_for_slack(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Slack that takes a connection and never speaks holds up no acknowledgement."""
    monkeypatch.setenv("SHADOW_PEOPLE", str(people_file(tmp_path)))
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        base = f"http://127.0.0.1:{silent.getsockname()[1]}/api/"
        connection = SlackConnection(token="xoxb-1", signing_secret=SECRET, base_url=base)
        with serving(make_app(Office(connect=lambda: connection, open_store=lambda: store))) as number:
            open_cutover(store)
            click = {
                "type": "block_actions", "team": {"id": "T1"}, "user": {"id": "U1"}, "trigger_id": "1",
                "container": {"channel_id": "C1", "message_ts": "1.1"},
                "actions": [{"action_id": "shadow_approve", "value": "x"}],
            }  # fmt: skip
            raw = urlencode({"payload": json.dumps(click)}).encode()
            answer = httpx.post(
                f"http://127.0.0.1:{number}/interactivity", content=raw, headers=headers(raw), timeout=3
            )
            assert answer.status_code == 200
            silent.accept()[0].close()  # the refusal is on its way, after the answer


def test_the_plugin_starts_nothing_and_mounts_one_route() -> None:
    """Importing it loads no web framework, no SDK and no store, and starts no thread; its stem is its own."""
    code = (
        "import sys, threading, runpy\n"
        "sys.path.insert(0, '.')\n"
        "from airflow.plugins_manager import AirflowPlugin\n"
        "before, running = set(sys.modules), threading.active_count()\n"
        "made = runpy.run_path('plugins/shadow_slack.py')['ShadowSlack']\n"
        "(app,) = made.fastapi_apps\n"
        "heavy = {'fastapi', 'slack_sdk', 'sqlalchemy', 'aiohttp', 'uvicorn'}\n"
        "loaded = sorted(heavy & (set(sys.modules) - before))\n"
        "print('TOLD', app['url_prefix'], loaded, threading.active_count() - running)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "TOLD /shadow-slack [] 0" in done.stdout, done.stderr


def test_the_lazy_app_is_made_once(airflow_home: Path) -> None:
    """With the first request, of Airflow's own connection; an absent one refuses everything."""
    with serving(lazy_app("no_such_connection")) as number:
        for _ in range(2):
            answer = httpx.post(f"http://127.0.0.1:{number}/interactivity", content=IGNORED, headers=headers(IGNORED))
            assert answer.status_code == 401
