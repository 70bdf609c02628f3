"""One connection, from wherever it is given; no secret in any text of ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from shadow.adapters.slack.calls import Answer, Failure, call
from shadow.adapters.slack.client import (
    SLACK,
    VARIABLES,
    SlackConnection,
    connection_of,
    from_environment,
    from_token,
)
from shadow.errors import UsageError
from tests.adapters.slack.faults import BROKEN, BUSY, CUT_BEFORE, Fault, FaultySlack, faulty_slack

WHOLE = SlackConnection(token="xoxb-1", app_token="xapp-2", signing_secret="s3cret", base_url="http://127.0.0.1:9/api/")
EXTRA = {"app_token": "xapp-2", "signing_secret": "s3cret", "base_url": "http://127.0.0.1:9/api"}
VARIABLE = "AIRFLOW_CONN_SLACK_API_DEFAULT"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*VARIABLES.values(), VARIABLE):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def slack() -> Iterator[FaultySlack]:
    """A Slack that can fail."""
    with faulty_slack() as running:
        yield running


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"conn_type": "slack", "password": "xoxb-1", "extra": EXTRA}),
        json.dumps({"conn_type": "slack", "password": " xoxb-1\n", "extra": json.dumps(EXTRA)}),
        f"slack://:xoxb-1@/?app_token=xapp-2&signing_secret=s3cret&base_url={quote(EXTRA['base_url'], safe='')}",
        f"slack://:xoxb-1@/?__extra__={quote(json.dumps(EXTRA), safe='')}",
    ],
)
def test_airflows_connection_is_read_without_airflow(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """As JSON and as URI, its extras as an object and as text."""
    monkeypatch.setenv(VARIABLE, text)
    assert from_environment() == WHOLE


def test_a_variable_of_its_own_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each for itself; without any there is an empty connection to Slack's own address, and no client."""
    assert from_environment() == SlackConnection() and SlackConnection().client() is None
    assert SlackConnection().base_url == SLACK
    monkeypatch.setenv("AIRFLOW_CONN_OTHER", json.dumps({"password": "xoxb-other", "extra": EXTRA}))
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    assert from_environment("other") == WHOLE
    assert from_environment() == SlackConnection(token="xoxb-1")


@pytest.mark.parametrize("text", ["{", "[1]", '{"extra": 7}', '{"extra": "{"}', "slack://[", '{"extra": ["xoxb-9"]}'])
def test_a_connection_that_cannot_be_read_is_not_shown(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """It names the variable and what is allowed, never its value."""
    monkeypatch.setenv(VARIABLE, text)
    if text == "[1]":  # a URI without a password, as Airflow reads it too
        assert from_environment() == SlackConnection()
        return
    with pytest.raises(UsageError) as caught:
        from_environment()
    assert VARIABLE in str(caught.value) and "xoxb-9" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("address", ["ftp://x/", "slack.com/api", "http://", "http://a b/"])
def test_an_address_that_is_none(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Is refused before a token goes anywhere."""
    monkeypatch.setenv("SLACK_API_URL", address)
    with pytest.raises(UsageError, match="http or https"):
        from_environment()


def test_no_secret_is_shown() -> None:
    """Not by repr, not by str, not in an error."""
    shown = f"{WHOLE!r} {WHOLE} {connection_of('xoxb-1', EXTRA)!r}"
    assert not [one for one in ("xoxb-1", "xapp-2", "s3cret") if one in shown]


def test_in_a_task(tmp_path: Path) -> None:
    """Airflow's own way gives the same connection; an absent one is empty."""
    pytest.importorskip("airflow", reason="Airflow is not installed")
    code = (
        "from shadow.adapters.slack.client import in_a_task\n"
        "for name in ('desk', 'absent'):\n"
        "    held = in_a_task(name)\n"
        "    print('HELD', held.token[:5], held.app_token[:5], held.signing_secret[:2], held.base_url)\n"
    )
    given = json.dumps({"conn_type": "slack", "password": "xoxb-1", "extra": EXTRA})
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "AIRFLOW_HOME": str(tmp_path), "AIRFLOW_CONN_DESK": given},
    )  # fmt: skip
    held = [line for line in done.stdout.splitlines() if line.startswith("HELD")]
    assert held == ["HELD xoxb- xapp- s3 http://127.0.0.1:9/api/", f"HELD    {SLACK}"], done.stderr


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        (BUSY, Failure(word="ratelimited", wait_s=30)),
        (Fault(status=429, headers={"Retry-After": "soon"}), Failure(word="ratelimited")),
        (Fault(status=429, headers={"Retry-After": "99999999"}), Failure(word="ratelimited", wait_s=3600)),
        (BROKEN, Failure(word="HTTP 502")),
        (CUT_BEFORE, Failure(word="not reached (ConnectionResetError)")),
        (Fault(status=200, error="invalid_auth"), Failure(word="invalid_auth", permanent=True, reached=True)),
        (Fault(status=200, error="new_word"), Failure(word="new_word", reached=True)),
        (Fault(status=200, error="<!here> xoxb-1"), Failure(word="HTTP 200, not an answer of Slack's")),
    ],
)
def test_a_failed_call_is_a_value(slack: FaultySlack, fault: Fault, found: Failure) -> None:
    """Whether trying again can help, whether Slack was there, how long it asks for; made once."""
    slack.fail("auth.test", fault)
    client = from_token("xoxb-1", base_url=slack.base_url)()
    assert client is not None
    told = call(client.auth_test)
    assert told == found
    assert len(slack.calls) == 1


def test_an_answer_tells_scopes_and_clock(slack: FaultySlack) -> None:
    """Where Slack says them."""
    client = from_token("xoxb-1", base_url=slack.base_url)()
    assert client is not None
    told = call(client.auth_test)
    assert isinstance(told, Answer)
    assert (told.scopes, told.text("team_id"), told.text("nothing")) == (("chat:write",), "T01TEST", "")
    assert told.date.endswith("GMT")


def test_nobody_there() -> None:
    """A port that nobody listens on, a token that no header can hold: values too."""
    for token, base_url in (("xoxb-1", "http://127.0.0.1:9/api/"), ("xoxb-退款", "http://127.0.0.1:9/api/")):
        client = from_token(token, base_url=base_url)()
        assert client is not None
        told = call(client.auth_test)
        assert isinstance(told, Failure) and not told.permanent and token not in told.word
