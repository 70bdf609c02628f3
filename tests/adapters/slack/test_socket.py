"""Socket Mode on a third party's emulator: clicks become votes, and a lost connection is found and made anew."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from shadow.adapters.slack.beats import Beat, beats
from shadow.adapters.slack.client import SlackConnection
from shadow.adapters.slack.listening import Listener, run
from shadow.store import Store
from shadow.store.requests import Status, request, votes_of
from tests.adapters.slack.asking import LABEL, REASON, in_airflow, open_cutover, people_file
from tests.approval.desk import NOW
from tests.emulators import ALICE, BOB, EVE, OWEN, SOCKET_APP, TEAM, LocalSlack, local_slack

YES = {"reason": {"text": REASON}, "confirm": {"text": LABEL}}
WAIT_S = 30


@pytest.fixture
def slack(tmp_path: Path) -> Iterator[LocalSlack]:
    """A running local-slack."""
    with local_slack(tmp_path) as running:
        yield running


@pytest.fixture
def listening(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Listener]]:
    """`listening(api)`: a listener on that address, in threads of this process, ended with the test."""
    monkeypatch.setenv("SHADOW_PEOPLE", str(people_file(tmp_path)))
    running: list[tuple[Listener, threading.Thread]] = []

    def start(api: str) -> Listener:
        connection = SlackConnection(token=SOCKET_APP.token, app_token=SOCKET_APP.app_token, base_url=api)
        listener = Listener(store=store, connection=connection, home=tmp_path / "home", clock=lambda: NOW)
        thread = threading.Thread(target=run, args=(listener,), daemon=True)
        running.append((listener, thread))
        thread.start()
        return listener

    yield start
    for listener, thread in running:
        listener.stop.set()
        thread.join()
        assert not listener.failed


def test_two_people_approve(store: Store, slack: LocalSlack, listening: Callable[[str], Listener]) -> None:
    """Request, click, form, vote, second vote, the message updated, without a button and with the audit row."""
    one = open_cutover(store)
    listening(slack.api)
    slack.wait_connected()
    ts = slack.wait_buttons()
    assert request(store, one.id).ts == ts
    assert slack.vote(ts, user=ALICE, approve=True, values=YES) == {}
    slack.wait_message(lambda message: "1 of 2" in message["text"])
    assert slack.vote(ts, user=BOB, approve=True, values=YES) == {}
    settled = slack.wait_message(lambda message: message["text"].startswith("Approved"))
    assert settled["ts"] == ts and slack.buttons(ts) == {} and "audit #" in str(settled["blocks"])
    votes = [(vote.person, vote.identity, vote.via) for vote in votes_of(store, one.id)]
    assert votes == [("alice", f"slack:{TEAM}/{ALICE}", "socket"), ("bob", f"slack:{TEAM}/{BOB}", "socket")]
    assert request(store, one.id).status is Status.APPROVED


def test_one_no_settles_it(store: Store, slack: LocalSlack, listening: Callable[[str], Listener]) -> None:
    """Rejected with a reason, which the message shows; what is filled in wrongly comes back first."""
    one = open_cutover(store)
    listening(slack.api)
    slack.wait_connected()
    ts = slack.wait_buttons()
    assert list(slack.vote(ts, user=ALICE, approve=False, values={"reason": {"text": "no"}})) == ["reason"]
    slack.submit(user=ALICE, values={"reason": {"text": "the refunds are too high"}})
    assert slack.submitted() == {}
    slack.wait_message(lambda message: message["text"].startswith("Rejected"))
    assert request(store, one.id).status is Status.REJECTED


@pytest.mark.parametrize("user", [EVE, OWEN])
def test_others_are_told_and_get_no_form(
    store: Store, slack: LocalSlack, listening: Callable[[str], Listener], user: str
) -> None:
    """A stranger and the candidate's owner: a sentence to them alone."""
    one = open_cutover(store)
    listening(slack.api)
    slack.wait_connected()
    ts = slack.wait_buttons()
    slack.click(ts, "shadow_approve", user=user)
    told = slack.wait_message(lambda message: message.get("subtype") == "ephemeral")
    assert told["ephemeral_to"] == user
    assert votes_of(store, one.id) == ()


def test_a_button_planted_in_another_message(
    store: Store, slack: LocalSlack, listening: Callable[[str], Listener]
) -> None:
    """The same button, true to the last digit, in a message that is not the live one."""
    from slack_sdk import WebClient

    one = open_cutover(store)
    listening(slack.api)
    slack.wait_connected()
    live = slack.wait_buttons()
    client = WebClient(token=SOCKET_APP.token, base_url=slack.api)
    planted = client.chat_postMessage(channel=one.channel, text="win a prize", blocks=slack.message(live)["blocks"])
    slack.click(planted["ts"], "shadow_approve", user=ALICE)
    told = slack.wait_message(lambda message: message.get("ephemeral_to") == ALICE)
    assert "copy" in told["text"]


def test_two_listeners(store: Store, slack: LocalSlack, listening: Callable[[str], Listener]) -> None:
    """This emulator gives each click to both: one message, one vote, nobody fails."""
    one = open_cutover(store)
    listening(slack.api)
    listening(slack.api)
    slack.wait_connected()
    ts = slack.wait_buttons()
    slack.vote(ts, user=ALICE, approve=True, values=YES)
    slack.wait_message(lambda message: "1 of 2" in message["text"])
    assert [vote.person for vote in votes_of(store, one.id)] == ["alice"]
    assert len([message for message in slack.messages() if message.get("subtype") != "ephemeral"]) == 1


@contextmanager
def states(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Beat]]:
    """`wait(state)`: the listener's next sign of life that says so."""
    from shadow.adapters.slack import beats as module

    came = threading.Condition()
    written: list[Beat] = []
    write = module.write

    def noted(where: Path, beat: Beat) -> None:
        write(where, beat)
        with came:
            written.append(beat)
            came.notify_all()

    monkeypatch.setattr(module, "write", noted)

    def wait(state: str) -> Beat:
        with came:
            assert came.wait_for(lambda: bool(written) and written[-1].socket == state, WAIT_S), written[-3:]
            assert beats(home)[0].socket == state
            return written[-1]

    yield wait


def test_a_server_that_goes_and_comes_back(
    store: Store, tmp_path: Path, listening: Callable[[str], Listener], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is noticed, told in the heartbeat, and connected to again; then clicks are heard."""
    one = open_cutover(store)
    with states(tmp_path / "home", monkeypatch) as wait:
        with local_slack(tmp_path) as first:
            listening(first.api)
            wait("connected")
            first.wait_buttons()
            port = urlsplit(first.url).port or 0
        assert wait("not connected").why
        with local_slack(tmp_path, port=port) as second:
            wait("connected")
            second.wait_connected()
            in_airflow(store, one, "bob")  # the update finds no message there: the request is posted anew
            ts = second.wait_buttons()
            assert second.vote(ts, user=ALICE, approve=True, values=YES) == {}
    assert request(store, one.id).status is Status.APPROVED


@pytest.mark.kill
def test_a_frozen_server_is_noticed(
    slack: LocalSlack, tmp_path: Path, listening: Callable[[str], Listener], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes our pings and never answers: given up within seconds, not held for connected."""
    with states(tmp_path / "home", monkeypatch) as wait:
        listening(slack.api)
        wait("connected")
        slack.process.send_signal(signal.SIGSTOP)
        wait("not connected")
        slack.process.send_signal(signal.SIGCONT)
        wait("connected")
