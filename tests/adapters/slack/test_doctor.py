"""The doctor says what is missing and what to do; the manifest asks for the least."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import yaml

from shadow.adapters.slack.client import SlackConnection, from_token
from shadow.adapters.slack.courier import drain
from shadow.adapters.slack.doctor import Check, State, examine
from shadow.adapters.slack.manifest import manifest
from shadow.approval import People
from shadow.errors import UsageError
from shadow.store import Store
from tests.adapters.slack.asking import PEOPLE, contract, notice
from tests.adapters.slack.faults import BROKEN, Fault, FaultySlack, faulty_slack
from tests.approval.desk import NOW, trial
from tests.emulators import CHANNEL, HTTP_APP, SOCKET_APP, emulate, local_slack

KNOWN = People(accounts={person: tuple(held) for person, held in PEOPLE.items()})
SIGNING = "0123456789abcdef" * 2


@pytest.fixture
def slack() -> Iterator[FaultySlack]:
    """A Slack that can fail; it has no Socket Mode."""
    with faulty_slack() as running:
        running.date = format_datetime(NOW, usegmt=True)
        yield running


def found(connection: SlackConnection, **more: object) -> dict[str, Check]:
    """Every check by its name."""
    given = {"now": NOW, "store": None, "people": KNOWN, **more}
    return {check.name: check for check in examine(connection, **given)}  # type: ignore[arg-type]


def whole(slack: FaultySlack) -> SlackConnection:
    """Everything that signed HTTP needs."""
    return SlackConnection(token="xoxb-1", signing_secret=SIGNING, base_url=slack.base_url)


def missing(checks: dict[str, Check]) -> list[str]:
    """What is missing; each says what to do."""
    lacking = [check for check in checks.values() if check.state is State.MISSING]
    assert all(check.todo for check in lacking)
    return [check.name for check in lacking]


def test_all_is_well(slack: FaultySlack, store: Store) -> None:
    """Nothing is missing; that nobody can read whether the bot is in the channel is said."""
    trial(store, contract())
    checks = found(whole(slack), store=store)
    assert missing(checks) == []
    assert checks["desk: channel"].state is State.UNKNOWN and "/invite" in checks["desk: channel"].todo
    assert [checks[name].state for name in ("token", "scopes", "clock", "signing secret", "desk: approvers")] == [
        "ok"
    ] * 5
    assert {name for name, _ in slack.calls} == {"auth.test"}


def test_nothing_is_there() -> None:
    """No token and no way in; nobody is asked."""
    assert missing(found(SlackConnection())) == ["token", "clicks"]


@pytest.mark.parametrize(
    ("fault", "name", "said"),
    [
        (Fault(status=200, error="invalid_auth"), "token", "invalid_auth"),
        (BROKEN, "Slack", "HTTP 502"),
        (Fault(), "Slack", "not reached"),
    ],
)
def test_a_token_that_does_not_work(slack: FaultySlack, fault: Fault, name: str, said: str) -> None:
    """Slack's refusal and Slack's absence are different things to do something about."""
    slack.fail("auth.test", fault)
    checks = found(whole(slack))
    assert missing(checks) == [name] and said in checks[name].said


def test_scopes(slack: FaultySlack) -> None:
    """Too few are missing, too many are named, and untold is unknown."""
    slack.scopes = "channels:read"
    assert missing(found(whole(slack))) == ["scopes"]
    slack.scopes = "chat:write,channels:history"
    assert "channels:history" in found(whole(slack))["scopes"].said


def test_the_clock(slack: FaultySlack) -> None:
    """Five minutes away, and Slack's signatures are refused."""
    assert missing(found(whole(slack), now=NOW + timedelta(seconds=301))) == ["clock"]
    assert missing(found(whole(slack), now=NOW - timedelta(seconds=299))) == []
    slack.date = "yesterday"
    assert found(whole(slack))["clock"].state is State.UNKNOWN


def test_an_app_token_that_does_not_work(slack: FaultySlack) -> None:
    """Slack gives no address for it."""
    assert missing(found(replace(whole(slack), app_token="xapp-1"))) == ["app token"]


def test_an_address_without_encryption() -> None:
    """Tokens would travel in clear; on this machine they do not travel."""
    assert missing(found(SlackConnection(signing_secret=SIGNING, base_url="http://slack.example/api/"))) == [
        "address",
        "token",
    ]


def test_a_channel_that_has_refused(slack: FaultySlack, store: Store) -> None:
    """What Slack said of the last message there is the best that can be known."""
    trial(store, contract())
    notice(store, "lost")
    slack.fail("chat.postMessage", Fault(status=200, error="not_in_channel"))
    drain(store, client=from_token("xoxb-1", base_url=slack.base_url)(), now=NOW)
    checks = found(whole(slack), store=store)
    assert missing(checks) == ["desk: channel"] and "not_in_channel" in checks["desk: channel"].said


def test_approvers_without_an_account(slack: FaultySlack, store: Store) -> None:
    """By name; an account in another workspace is none. A people file that cannot be read is told elsewhere."""
    trial(store, contract())
    other = People(accounts={"alice": ("slack:T0OTHER/U1", "airflow:alice"), "bob": (PEOPLE["bob"][1],)})
    checks = found(whole(slack), store=store, people=other)
    assert missing(checks) == ["desk: approvers"] and "alice" in checks["desk: approvers"].todo
    assert "1 of the 2" in checks["desk: approvers"].said
    assert "desk: approvers" not in found(whole(slack), store=store, people=None)


def test_on_both_emulators(tmp_path: Path, store: Store) -> None:
    """A third party's Socket Mode address, and a second one's strict scopes."""
    trial(store, contract())
    now = datetime.now(UTC)
    with local_slack(tmp_path) as first:
        connection = SlackConnection(
            token=SOCKET_APP.token, app_token=SOCKET_APP.app_token, signing_secret=HTTP_APP.signing_secret,
            base_url=first.api,
        )  # fmt: skip
        checks = found(connection, store=store, now=now)
        assert missing(checks) == [] and checks["app token"].state is State.OK
        assert checks["signing secret"].state is State.UNKNOWN and CHANNEL in checks["desk: channel"].said
    with emulate(tmp_path) as second:
        connection = SlackConnection(token=second.least, app_token="xapp-1", base_url=second.api)
        assert missing(found(connection, now=now)) == ["app token"]


def test_messages_on_the_second_emulator(tmp_path: Path, store: Store) -> None:
    """With chat:write and nothing else a request is posted, and updated once it is settled."""
    from shadow.store.requests import request
    from tests.adapters.slack.asking import in_airflow, open_cutover

    with emulate(tmp_path) as second:
        channel = second.channels["shadow-approvals"]
        client = from_token(second.least, base_url=second.api)()
        one = open_cutover(store, channel=channel)
        assert drain(store, client=client, now=NOW).sent == 1
        in_airflow(store, one, "alice", yes=False)
        assert drain(store, client=client, now=NOW).sent == 1
        (message,) = [held for held in second.messages(channel) if held["ts"] == request(store, one.id).ts]
        assert message["text"].startswith("Rejected")


def test_the_manifest_asks_for_the_least() -> None:
    """One scope; Socket Mode without an address, signed HTTP with one."""
    made = yaml.safe_load(manifest())
    assert made["oauth_config"]["scopes"] == {"bot": ["chat:write"]}
    assert made["settings"]["socket_mode_enabled"] is True
    assert made["settings"]["interactivity"] == {"is_enabled": True}
    for url in ("https://airflow.example.org/", "https://airflow.example.org/shadow-slack/interactivity"):
        made = yaml.safe_load(manifest(name="Ours", url=url))
        assert made["settings"]["interactivity"]["request_url"] == (
            "https://airflow.example.org/shadow-slack/interactivity"
        )
        assert (made["settings"]["socket_mode_enabled"], made["display_information"]["name"]) == (False, "Ours")


@pytest.mark.parametrize(
    "wrong", [{"url": "http://x"}, {"url": "x"}, {"url": "https://"}, {"name": ""}, {"name": "x" * 36}]
)
def test_a_manifest_that_slack_would_refuse(wrong: dict[str, str]) -> None:
    """Is refused here, with what is allowed."""
    with pytest.raises(UsageError):
        manifest(**wrong)
