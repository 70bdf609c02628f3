"""The courier against a Slack that fails: nothing is lost, nothing that matters is said twice, nothing is raised."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from shadow.adapters.slack.calls import GONE, PERMANENT
from shadow.adapters.slack.client import from_token
from shadow.adapters.slack.courier import LONGEST_PAUSE, Drained, drain, pause
from shadow.gates.grounds import grounds
from shadow.store import Store, outbox
from shadow.store.ledger import Event, entries, verify
from shadow.store.outbox import REQUEST, STAGE, WAKE
from shadow.store.registry import contract_of
from shadow.store.requests import Status, request
from shadow.store.verdicts import save_verdict, verdicts_of
from tests.adapters.slack.asking import contract, in_airflow, notice, open_cutover
from tests.adapters.slack.faults import BROKEN, BUSY, CUT_AFTER, CUT_BEFORE, TEAM, Fault, FaultySlack, faulty_slack
from tests.approval.desk import NOW, trial, verdict

TOKEN = "xoxb-of-the-courier"
Pass = Callable[..., Drained]


@pytest.fixture
def slack() -> Iterator[FaultySlack]:
    """A Slack that can fail."""
    with faulty_slack() as running:
        yield running


@pytest.fixture
def go(store: Store, slack: FaultySlack) -> Pass:
    """`go(60)`: a pass of the courier so many seconds after everything began."""

    def one(after: float = 0, **more: Any) -> Drained:
        client = more.pop("client", from_token(TOKEN, base_url=slack.base_url)())
        now = NOW + timedelta(seconds=after)
        return drain(store, client=client, now=now, elapsed=lambda: 0.0, **more)

    return one


def queued(store: Store) -> list[str]:
    """The keys of what still waits."""
    return [message.key for message in outbox.due(store, now=NOW + timedelta(days=900))]


def undelivered(store: Store) -> list[dict[str, Any]]:
    """What the ledger says was put aside."""
    return [dict(entry.body) for entry in entries(store) if entry.event is Event.UNDELIVERED]


def test_a_request_is_posted_without_buttons_first(store: Store, slack: FaultySlack, go: Pass) -> None:
    """Its place is recorded before a button exists; then the buttons come, with the token of the request."""
    one = open_cutover(store)
    assert go() == Drained(sent=1, waiting=0, dead=0)
    assert [name for name, _ in slack.calls] == ["auth.test", "chat.postMessage", "chat.update"]
    (posted,) = slack.asked("chat.postMessage")
    assert not [block for block in posted["blocks"] if block["type"] == "actions"]
    (ts,) = slack.messages
    now = request(store, one.id)
    assert (now.team, now.posted_in, now.ts) == (TEAM, one.channel, ts)
    assert {button["value"].split(".")[0] for button in slack.buttons(ts)} == {one.id}
    assert set(slack.tokens) == {f"Bearer {TOKEN}"}
    assert go() == Drained(sent=0, waiting=0, dead=0)


def test_a_request_says_what_its_verdict_knows_when_it_is_sent(store: Store, slack: FaultySlack, go: Pass) -> None:
    """How many versions were tried; and after the verdict's time, that it is void: judged as of the sending."""
    one = open_cutover(store)
    (said,) = verdicts_of(store, one.about)
    contract = contract_of(store, one.contract)
    stands = grounds(contract, counts="", pin=str(one.evidence["pin"]), taken=NOW - contract.verdict_holds)
    later = replace(stands, until=NOW + timedelta(minutes=1))
    body = {**said.body, "versions_tried": 3, "family": 2, "grounds": later.to_json()}
    save_verdict(store, replace(said, body=body))
    go()
    (ts,) = slack.messages
    shown = json.dumps(slack.messages[ts])
    assert "one error rate holds for all of them, this is version 2." in shown and "is void" not in shown
    in_airflow(store, one, "alice")
    assert "is void" not in json.dumps(slack.messages[ts])
    go(120)
    assert "This verdict is void: it expired on" in json.dumps(slack.messages[ts])


def test_votes_update_the_one_message(store: Store, slack: FaultySlack, go: Pass) -> None:
    """Two votes made while nothing was sent are one update; the settled message has no button and the ledger's hash."""
    one = open_cutover(store)
    go()
    in_airflow(store, one, "alice")
    in_airflow(store, one, "bob")
    assert len(queued(store)) == 2
    assert go().sent == 2
    (ts,) = slack.messages
    assert len(slack.asked("chat.update")) == 2 and slack.buttons(ts) == []
    settled = request(store, one.id)
    assert settled.status is Status.APPROVED
    row = next(entry for entry in entries(store) if entry.seq == settled.settled_seq)
    said = json.dumps(slack.messages[ts]["blocks"])
    assert f"audit #{row.seq}" in said and row.hash[:12] in said


def test_busy_is_left_alone_for_as_long_as_it_asks(store: Store, slack: FaultySlack, go: Pass) -> None:
    """429 with Retry-After: 30 quiets the whole channel for thirty seconds, and no other."""
    for key in ("first", "second"):
        notice(store, key)
    notice(store, "elsewhere", channel="C2")
    slack.fail("chat.postMessage", BUSY)
    assert go() == Drained(sent=1, waiting=2, dead=0)
    assert [body["channel"] for body in slack.asked("chat.postMessage")] == ["C01APPR", "C2"]
    assert go(29).sent == 0 and len(slack.calls) == 2
    assert go(30) == Drained(sent=2, waiting=0, dead=0)
    assert sorted(body["text"] for body in slack.messages.values()) == ["elsewhere", "first", "second"]


def test_broken_is_tried_less_and_less(store: Store, slack: FaultySlack, go: Pass) -> None:
    """502: after 1, 2, 4, … seconds, at most five minutes; it is said once when Slack is well."""
    notice(store, "only")
    slack.fail("chat.postMessage", *[BROKEN] * 7)
    tried, at = [], 0
    while queued(store):
        before = len(slack.calls)
        go(at)
        tried += [at] * (len(slack.calls) - before)
        at += 1
    gaps = [after - before for before, after in pairwise(tried)]
    assert gaps == [1, 2, 4, 8, 16, 32, 64]
    assert len(slack.messages) == 1
    assert [pause(8), pause(9), pause(10**6)] == [256, LONGEST_PAUSE, LONGEST_PAUSE]


def test_cut_before_it_was_taken(store: Store, slack: FaultySlack, go: Pass) -> None:
    """Nothing was posted, and the next try posts it: one message."""
    open_cutover(store)
    slack.fail("chat.postMessage", CUT_BEFORE)
    assert go() == Drained(sent=0, waiting=1, dead=0)
    assert slack.messages == {}
    assert go(1).sent == 1 and len(slack.messages) == 1


def test_cut_after_it_was_taken(store: Store, slack: FaultySlack, go: Pass) -> None:
    """The message is there twice, and only the recorded one ever had buttons."""
    one = open_cutover(store)
    slack.fail("chat.postMessage", CUT_AFTER)
    go()
    assert len(slack.messages) == 1 and request(store, one.id).ts is None
    go(1)
    lost, live = slack.messages
    assert request(store, one.id).ts == live
    assert len(slack.buttons(live)) == 2 and slack.buttons(lost) == []


def test_killed_between_post_and_buttons(store: Store, slack: FaultySlack, go: Pass) -> None:
    """An update that never arrived is made up for; nothing is posted again."""
    open_cutover(store)
    slack.fail("chat.update", CUT_BEFORE)
    assert go() == Drained(sent=0, waiting=1, dead=0)
    (ts,) = slack.messages
    assert slack.buttons(ts) == []
    assert go(1).sent == 1
    assert len(slack.messages) == 1 and len(slack.buttons(ts)) == 2


def test_an_update_that_was_taken_twice_is_the_same(store: Store, slack: FaultySlack, go: Pass) -> None:
    """Cut after the update: it is made again, and the message is the one it was."""
    one = open_cutover(store)
    go()
    in_airflow(store, one, "alice")
    slack.fail("chat.update", CUT_AFTER)
    go(1)
    (ts,) = slack.messages
    before = slack.messages[ts]["blocks"]
    assert go(2).sent == 1
    assert list(slack.messages) == [ts] and slack.messages[ts]["blocks"] == before


def test_away_for_an_hour(store: Store, slack: FaultySlack, go: Pass) -> None:
    """Everything that was said meanwhile is said afterwards, once, and the request as it then stands."""
    one = open_cutover(store)
    slack.away = True
    for minute in range(60):
        if minute in (5, 25):
            notice(store, f"at {minute}", now=NOW + timedelta(minutes=minute))
        if minute in (10, 40):
            in_airflow(store, one, "alice" if minute == 10 else "bob")
        assert go(60 * minute).sent == 0
    slack.away = False
    for second in range(0, 301, 10):
        go(3600 + second)
    assert queued(store) == [] and undelivered(store) == []
    said = sorted(body["text"] for body in slack.messages.values())
    assert len(said) == 3 and said[1:] == ["at 25", "at 5"] and said[0].startswith("Approved")
    assert not any(slack.buttons(ts) for ts in slack.messages)


def test_an_away_slack_is_asked_once_a_pass(store: Store, slack: FaultySlack, go: Pass) -> None:
    """A hundred rows do not wait for a hundred timeouts."""
    for number in range(100):
        notice(store, f"row {number}")
    slack.fail("chat.postMessage", *[BROKEN] * 100)
    go()
    assert len(slack.calls) == 1


@pytest.mark.parametrize("word", sorted(PERMANENT))
def test_what_is_refused_for_good_is_put_aside(store: Store, slack: FaultySlack, go: Pass, word: str) -> None:
    """It is not tried again, the ledger says so, and what comes after it is sent."""
    notice(store, "refused")
    notice(store, "after")
    slack.fail("chat.postMessage", Fault(status=200, error=word))
    assert go() == Drained(sent=1, waiting=0, dead=1)
    (told,) = undelivered(store)
    assert (told["error"], told["key"], told["channel"]) == (word, "refused", "C01APPR")
    assert verify(store).ok
    go(9999)
    assert [body["text"] for body in slack.messages.values()] == ["after"]


@pytest.mark.parametrize("word", ["internal_error", "fatal_error", "some_new_word", "ratelimited"])
def test_what_may_pass_is_tried_again(store: Store, slack: FaultySlack, go: Pass, word: str) -> None:
    """An error that is not known to be for good waits."""
    notice(store, "only")
    slack.fail("chat.postMessage", Fault(status=200, error=word))
    assert go() == Drained(sent=0, waiting=1, dead=0)
    assert go(1).sent == 1


def test_a_request_that_is_refused_for_good_is_told_by_its_workflow(store: Store, slack: FaultySlack, go: Pass) -> None:
    """Whoever reads the ledger of the request sees why nobody was asked in Slack."""
    one = open_cutover(store)
    slack.fail("chat.postMessage", Fault(status=200, error="not_in_channel"))
    assert go().dead == 1
    (entry,) = [entry for entry in entries(store, subject=one.id) if entry.event is Event.UNDELIVERED]
    assert (entry.workflow, entry.body["error"]) == (one.workflow, "not_in_channel")


@pytest.mark.parametrize("word", sorted(GONE))
def test_a_live_message_that_is_gone_is_posted_anew(store: Store, slack: FaultySlack, go: Pass, word: str) -> None:
    """Somebody has deleted it, or it is another app's: the request has a new live message, with buttons."""
    one = open_cutover(store)
    go()
    in_airflow(store, one, "alice")
    slack.fail("chat.update", Fault(status=200, error=word))
    assert go().sent == 1
    old, new = slack.messages
    assert request(store, one.id).ts == new != old
    assert len(slack.buttons(new)) == 2


def test_eight_couriers_say_each_thing_once(store: Store, slack: FaultySlack) -> None:
    """They take rows from each other, never the same one."""
    one = open_cutover(store)
    for number in range(10):
        notice(store, f"row {number}")
    ready = threading.Barrier(8)

    def work() -> None:
        client = from_token(TOKEN, base_url=slack.base_url)()
        ready.wait()
        drain(store, client=client, now=NOW)

    couriers = [threading.Thread(target=work) for _ in range(8)]
    for courier in couriers:
        courier.start()
    for courier in couriers:
        courier.join()
    assert queued(store) == []
    texts = [body["text"] for body in slack.messages.values()]
    assert len(texts) == len(set(texts)) == 11
    assert request(store, one.id).ts in slack.messages


def test_only_the_oldest_row_of_a_request_is_worked_on(store: Store, slack: FaultySlack, go: Pass) -> None:
    """While somebody has it in hand, a newer row does not overtake it; when he dies, the next takes over."""
    one = open_cutover(store)
    (oldest,) = outbox.due(store, now=NOW, kinds=(REQUEST,))
    assert outbox.claim(store, oldest, now=NOW)  # and then killed
    in_airflow(store, one, "alice")
    assert go(29) == Drained(sent=0, waiting=2, dead=0)
    assert slack.calls == []
    assert go(30) == Drained(sent=2, waiting=0, dead=0)
    assert len(slack.messages) == 1


def test_superseded_before_it_was_posted_is_not_posted(store: Store, slack: FaultySlack, go: Pass) -> None:
    """Nobody has seen it, so nobody is told that it is over."""
    one = open_cutover(store)
    verdict(store, trial(store, contract()), "inconclusive", day=21)
    assert request(store, one.id).status is Status.SUPERSEDED
    assert go() == Drained(sent=2, waiting=0, dead=0)
    assert slack.calls == []


def test_each_pass_closes_what_has_expired(store: Store, slack: FaultySlack, go: Pass) -> None:
    """Its buttons go, and the message says so; without a client it expires all the same."""
    one = open_cutover(store)
    go()
    go(86399, client=None)
    assert request(store, one.id).status is Status.OPEN
    go(86400, client=None)
    assert request(store, one.id).status is Status.EXPIRED
    go(86401)
    (ts,) = slack.messages
    assert slack.buttons(ts) == [] and slack.messages[ts]["text"].startswith("Expired")


def test_without_a_client_everything_waits(store: Store, slack: FaultySlack, go: Pass) -> None:
    """Nothing is tried, nothing is put aside."""
    open_cutover(store)
    notice(store, "later")
    assert go(client=None) == Drained(sent=0, waiting=2, dead=0)
    assert go().sent == 2


def test_stages_are_told(store: Store, slack: FaultySlack, go: Pass) -> None:
    """A promotion and a rollback, in their own words."""
    for key, to in (("up", "canary"), ("down", "shadow")):
        change = {"from": "shadow", "to": to, "share": 1, "who": "ann", "why": "because", "request": ""}
        outbox.queue(store, key=key, kind=STAGE, about="desk", channel="C1", payload=change, now=NOW)
    assert go().sent == 2
    up, down = [body["text"] for body in slack.messages.values()]
    assert "1 %" in up and down.startswith("Rolled back")


def test_one_that_cannot_be_put_into_words_holds_up_nobody(store: Store, slack: FaultySlack, go: Pass) -> None:
    """It is put aside, and the ledger names it."""
    outbox.queue(store, key="lost", kind=REQUEST, about="no-such-request", channel="C1", now=NOW)
    notice(store, "after")
    assert go() == Drained(sent=1, waiting=0, dead=1)
    assert [told["key"] for told in undelivered(store)] == ["lost"]


def test_airflow_is_woken(store: Store, go: Pass) -> None:
    """Once it says so; a failure is tried again, and without anybody who can wake the row waits."""
    outbox.queue(store, key="wake", kind=WAKE, about="r1", now=NOW, not_before=NOW + timedelta(seconds=15))
    woken: list[str] = []

    def failing(_: Store, request_id: str) -> bool:
        woken.append(request_id)
        raise OSError("Airflow is away")

    def well(_: Store, request_id: str) -> bool:
        woken.append(request_id)
        return True

    assert go(14, wake=well).sent == 0 and go(15).sent == 0 and woken == []
    assert go(15, wake=failing) == Drained(sent=0, waiting=1, dead=0)
    assert go(15, wake=well).sent == 0
    assert go(16, wake=lambda *_: False).sent == 0
    assert go(18, wake=well) == Drained(sent=1, waiting=0, dead=0)
    assert go(99, wake=well).sent == 0 and woken == ["r1", "r1"]


def test_a_long_pass_is_dated_by_its_own_clock(store: Store, slack: FaultySlack) -> None:
    """A row that is taken late in a pass is leased from then on, not from when the pass began."""
    notice(store, "first")
    notice(store, "second")
    ticks = iter([0.0, *[20.0] * 50])
    slack.fail("chat.postMessage", BROKEN)
    drain(store, client=from_token(TOKEN, base_url=slack.base_url)(), now=NOW, elapsed=lambda: next(ticks))
    first = next(one for one in outbox.due(store, now=NOW + timedelta(days=1)) if one.key == "first")
    assert first.next_at == NOW + timedelta(seconds=21)


def test_no_token_is_ever_logged(store: Store, slack: FaultySlack, go: Pass, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever goes wrong, at every level, of ours and of the SDK's."""
    caplog.set_level(logging.DEBUG)
    for key in "abcd":
        notice(store, key)
    slack.fail("chat.postMessage", BUSY, BROKEN, CUT_AFTER, Fault(status=200, error="invalid_auth"))
    for after in range(0, 200, 10):
        go(after)
    assert queued(store) == []
    assert "invalid_auth" in caplog.text and TOKEN not in caplog.text
