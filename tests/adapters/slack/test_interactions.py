"""Clicks and forms: who, where and what come from ids alone; our record comes first, the network after the answer."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shadow import approval
from shadow.adapters.slack.client import from_token
from shadow.adapters.slack.courier import drain
from shadow.adapters.slack.interactions import (
    LONGEST,
    NO_FORM,
    NO_RECORD,
    NOT_OURS,
    NOTHING,
    TOO_LONG,
    TOO_SHORT,
    Desk,
    Reply,
    handle,
    unavailable,
)
from shadow.approval.answers import SENTENCES, Why
from shadow.store import Store
from shadow.store.ledger import Event, entries
from shadow.store.requests import Request, Status, request, votes_of
from tests.adapters.slack.asking import LABEL, REASON, contract, open_cutover, people_file, said_and_done
from tests.adapters.slack.faults import Fault, FaultySlack, faulty_slack
from tests.approval.desk import NOW, trial, verdict
from tests.emulators import ALICE, BOB, EVE, OWEN, TEAM

FILLED = {"reason": REASON, "confirm": LABEL}


@pytest.fixture
def slack() -> Iterator[FaultySlack]:
    """A Slack that can fail."""
    with faulty_slack() as running:
        yield running


@pytest.fixture
def desk(store: Store, slack: FaultySlack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Where payloads are handled; alice, bob and owen are known."""
    monkeypatch.setenv("SHADOW_PEOPLE", str(people_file(tmp_path)))
    return Desk(store=store, connect=from_token("xoxb-1", base_url=slack.base_url), via="socket", clock=lambda: NOW)


@pytest.fixture
def one(desk: Desk, slack: FaultySlack) -> Request:
    """An open request whose message is live."""
    made = open_cutover(desk.store)
    drain(desk.store, client=desk.connect(), now=NOW)
    slack.calls.clear()
    return request(desk.store, made.id)


def click(desk: Desk, made: Request, user: str, **more: Any) -> dict[str, Any]:
    """The payload of a press of the request's button, as Slack sends it."""
    return {
        "type": "block_actions",
        "team": {"id": more.get("team", TEAM), "domain": "shadow-test"},
        "user": {"id": user, "username": "alice", "name": "alice", "team_id": more.get("home", TEAM)},
        "container": {
            "type": "message",
            "message_ts": more.get("ts", made.ts),
            "channel_id": more.get("channel", made.posted_in),
        },
        "trigger_id": "1.2.abc",
        "message": {"ts": made.ts, "text": "what the message says of itself"},
        "actions": [
            {
                "action_id": more.get("action", "shadow_approve"),
                "value": more.get("token", approval.token(desk.store, made)),
            }
        ],
    }


def form(desk: Desk, made: Request, user: str, values: Mapping[str, str], **more: Any) -> dict[str, Any]:
    """The payload of a form that is sent."""
    held = {
        "token": more.get("token", approval.token(desk.store, made)),
        "approve": more.get("approve", True),
        "team": TEAM,
        "channel": more.get("channel", made.posted_in),
        "ts": more.get("ts", made.ts),
    }
    return {
        "type": "view_submission",
        "team": {"id": more.get("team", TEAM)},
        "user": {"id": user, "name": "alice", "team_id": more.get("home", TEAM)},
        "view": {
            "callback_id": more.get("callback", "shadow_decide"),
            "private_metadata": more.get("metadata", json.dumps(held)),
            "state": {"values": {block: {"text": {"value": text}} for block, text in values.items()}},
        },
    }


def errors(reply: Reply) -> dict[str, str]:
    """What stands under the form's fields; empty where it closes."""
    return dict(reply.body["errors"]) if reply.body is not None else {}


def refusals(store: Store) -> list[str]:
    """Why answers were refused, by the ledger."""
    return [entry.body["why"] for entry in entries(store) if entry.event is Event.REFUSED]


@pytest.mark.parametrize(("action", "approve"), [("shadow_approve", True), ("shadow_reject", False)])
def test_a_click_opens_the_form(desk: Desk, slack: FaultySlack, one: Request, action: str, approve: bool) -> None:
    """Acknowledged empty and without a word to Slack; the form comes afterwards, and nothing is recorded yet."""
    before = len(list(entries(desk.store)))
    reply = handle(desk, click(desk, one, ALICE, action=action))
    assert reply.body is None and reply.after is not None and slack.calls == []
    reply.after()
    ((name, asked),) = slack.calls
    assert (name, asked["trigger_id"]) == ("views.open", "1.2.abc")
    view = asked["view"] if isinstance(asked["view"], dict) else json.loads(asked["view"])
    held = json.loads(view["private_metadata"])
    assert (held["approve"], held["channel"], held["ts"]) == (approve, one.posted_in, one.ts)
    assert len(list(entries(desk.store))) == before and votes_of(desk.store, one.id) == ()


def test_a_form_is_a_vote(desk: Desk, slack: FaultySlack, one: Request) -> None:
    """Recorded before the acknowledgement, by person and account; the second person's settles it; no call is made."""
    assert handle(desk, form(desk, one, ALICE, FILLED)) == NOTHING
    (vote,) = votes_of(desk.store, one.id)
    assert (vote.person, vote.identity, vote.via) == ("alice", f"slack:{TEAM}/{ALICE}", "socket")
    assert (vote.approve, vote.reason) == (True, REASON)
    assert handle(desk, form(desk, one, BOB, FILLED)) == NOTHING
    assert request(desk.store, one.id).status is Status.APPROVED
    assert slack.calls == []


def test_a_no_needs_no_typed_label(desk: Desk, one: Request) -> None:
    """But a reason; one no settles it."""
    assert handle(desk, form(desk, one, ALICE, {"reason": REASON}, approve=False)) == NOTHING
    assert request(desk.store, one.id).status is Status.REJECTED


@pytest.mark.parametrize("approve", [True, False])
@pytest.mark.parametrize(
    ("reason", "said"),
    [("", TOO_SHORT), ("too short", TOO_SHORT), (" a  b  c \n\t ", TOO_SHORT), ("x" * (LONGEST + 1), TOO_LONG)],
)
def test_a_reason_is_needed(desk: Desk, one: Request, reason: str, said: str, approve: bool) -> None:
    """Ten characters for a yes and for a no, blanks not counted twice; the form stays open and says so."""
    reply = handle(desk, form(desk, one, ALICE, {**FILLED, "reason": reason}, approve=approve))
    assert errors(reply) == {"reason": said}
    assert votes_of(desk.store, one.id) == ()


@pytest.mark.parametrize("typed", ["", "v2", "V1", "v1 v1", "v"])
def test_the_label_has_to_be_typed(desk: Desk, one: Request, typed: str) -> None:
    """Exactly, blanks around it apart."""
    assert list(errors(handle(desk, form(desk, one, ALICE, {**FILLED, "confirm": typed})))) == ["confirm"]
    assert votes_of(desk.store, one.id) == ()
    assert handle(desk, form(desk, one, ALICE, {**FILLED, "confirm": f" {LABEL} "})) == NOTHING


def test_a_contract_is_confirmed_by_its_workflow(desk: Desk) -> None:
    """Not by a candidate's label, for it has none."""
    held = trial(desk.store, contract())
    approval.ask_signature(desk.store, held.contract, now=NOW)
    drain(desk.store, client=desk.connect(), now=NOW)
    made = approval.ask_signature(desk.store, held.contract, now=NOW).request
    assert made is not None
    assert list(errors(handle(desk, form(desk, made, ALICE, FILLED)))) == ["confirm"]
    assert handle(desk, form(desk, made, ALICE, {**FILLED, "confirm": made.workflow})) == NOTHING


ATTACKS: list[tuple[str, dict[str, Any], Why]] = [
    (EVE, {}, Why.STRANGER),
    (OWEN, {}, Why.OWNER),
    (ALICE, {"ts": "1795300000.999999"}, Why.COPY),
    (ALICE, {"channel": "C0OTHER"}, Why.COPY),
    (ALICE, {"team": "T0OTHER", "home": "T0OTHER"}, Why.WORKSPACE),
    (ALICE, {"home": "T0OTHER"}, Why.WORKSPACE),
    (ALICE, {"team": "T0OTHER"}, Why.WORKSPACE),
    (ALICE, {"token": "a.1.b.c"}, Why.FORGED),
    (ALICE, {"token": "nonsense"}, Why.FORGED),
]


@pytest.mark.parametrize(("user", "more", "why"), ATTACKS)
def test_a_refused_click_is_told_to_the_clicker_alone(
    desk: Desk, slack: FaultySlack, one: Request, user: str, more: dict[str, Any], why: Why
) -> None:
    """One sentence, after the acknowledgement; no form opens, the ledger has it. A name in the payload is nothing."""
    reply = handle(desk, click(desk, one, user, **more))
    assert reply.body is None and reply.after is not None and slack.calls == []
    reply.after()
    assert slack.forms == []
    (said,) = slack.whispers
    assert (said["user"], said["text"]) == (user, SENTENCES[why])
    assert refusals(desk.store) == [why]


@pytest.mark.parametrize(("user", "more", "why"), ATTACKS)
def test_a_refused_form_says_why(desk: Desk, one: Request, user: str, more: dict[str, Any], why: Why) -> None:
    """Everything is checked again when it is sent."""
    reply = handle(desk, form(desk, one, user, FILLED, **more))
    assert errors(reply) == {"reason": SENTENCES[why]} and reply.after is None
    assert refusals(desk.store) == [why] and votes_of(desk.store, one.id) == ()


def test_what_has_changed_since_the_click(desk: Desk, one: Request) -> None:
    """A form that was open while newer evidence came, the request was settled or its time ran out."""
    stale = form(desk, one, ALICE, FILLED)
    late = Desk(store=desk.store, connect=desk.connect, via="socket", clock=lambda: NOW + timedelta(hours=25))
    verdict(desk.store, trial(desk.store, contract()), day=21, note=7)
    approval.ask_cutover(desk.store, one.about, now=NOW)
    assert errors(handle(desk, stale)) == {"reason": SENTENCES[Why.REVISED]}
    fresh = form(desk, request(desk.store, one.id), ALICE, FILLED)
    assert errors(handle(late, fresh)) == {"reason": SENTENCES[Why.EXPIRED]}
    assert errors(handle(desk, fresh)) == {"reason": SENTENCES[Why.SETTLED]}
    assert votes_of(desk.store, one.id) == ()


def test_the_same_form_twice(desk: Desk, one: Request) -> None:
    """One vote; the second time the person is told that it is there."""
    sent = form(desk, one, ALICE, FILLED)
    assert handle(desk, sent) == NOTHING
    assert errors(handle(desk, sent)) == {"reason": SENTENCES[Why.TWICE]}
    assert len(votes_of(desk.store, one.id)) == 1


@pytest.mark.parametrize(
    "metadata", ["", "{", "[]", "null", "1", '{"token": 1}', '{"token": "a.1.b.c", "approve": "yes"}', "[" * 99_999]
)
def test_a_form_that_is_not_ours(desk: Desk, one: Request, metadata: str) -> None:
    """Its hidden part is no such thing."""
    assert errors(handle(desk, form(desk, one, ALICE, FILLED, metadata=metadata))) == {"reason": NOT_OURS}


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        "text",
        {},
        {"type": 7},
        {"type": "shortcut"},
        {"type": "view_closed", "view": {"callback_id": "shadow_decide"}},
        {"type": "view_submission", "view": {"callback_id": "another_app"}},
        {"type": "block_actions"},
        {"type": "block_actions", "actions": []},
        {"type": "block_actions", "actions": [{"action_id": "shadow_open"}]},
    ],
)
def test_what_is_not_for_us_is_acknowledged(desk: Desk, slack: FaultySlack, payload: Any) -> None:
    """And has no effect at all."""
    assert handle(desk, payload) == NOTHING
    assert slack.calls == [] and list(entries(desk.store)) == []


JUNK: list[Any] = [None, 7, "", "\x00\ud800" * 20_000, ["a"], {"a": "b"}]


def broken(payload: Any) -> Iterator[Any]:
    """The payload with each of its parts replaced by junk, or taken away."""
    for way in list(ways(payload)):
        for junk in JUNK:
            made = copy.deepcopy(payload)
            within = made
            for step in way[:-1]:
                within = within[step]
            within[way[-1]] = junk
            yield made


def ways(data: Any) -> Iterator[list[Any]]:
    """Every path into it."""
    steps = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for step, inner in steps:
        yield [step]
        yield from ([step, *rest] for rest in ways(inner))


def test_no_malformed_payload_raises(desk: Desk, slack: FaultySlack, one: Request) -> None:
    """Whatever part is missing or something else: an answer, and never somebody else's vote."""
    for payload in (click(desk, one, ALICE), form(desk, one, EVE, FILLED)):
        for made in broken(payload):
            reply = handle(desk, made)
            assert isinstance(reply, Reply)
    assert votes_of(desk.store, one.id) == ()
    assert request(desk.store, one.id).status is Status.OPEN


def test_what_was_typed_is_stored_as_plain_text(desk: Desk, one: Request) -> None:
    """No control character, no half of a surrogate pair, no override of the reading direction."""
    typed = "looked\x00 at\u202e all\ud800 of\r\nit \x1b[31m"
    assert handle(desk, form(desk, one, ALICE, {**FILLED, "reason": typed})) == NOTHING
    (vote,) = votes_of(desk.store, one.id)
    assert vote.reason == "looked at all of it [31m"


def test_a_record_that_cannot_be_read_is_never_a_yes(
    desk: Desk, slack: FaultySlack, one: Request, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A broken people file, or no store: the clicker is told, nothing is recorded."""
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    monkeypatch.setenv("SHADOW_PEOPLE", str(tmp_path / "broken.json"))
    sent = form(desk, one, ALICE, FILLED)
    assert errors(handle(desk, sent)) == {"reason": NO_RECORD} == errors(unavailable(sent))
    reply = handle(desk, click(desk, one, ALICE))
    assert reply.after is not None
    reply.after()
    assert [said["text"] for said in slack.whispers] == [NO_RECORD]
    assert unavailable(click(desk, one, ALICE)) == NOTHING
    assert votes_of(desk.store, one.id) == ()


def test_a_form_that_does_not_open_is_told(desk: Desk, slack: FaultySlack, one: Request) -> None:
    """Slack's trigger lives for three seconds; whoever clicked is asked to click again."""
    slack.fail("views.open", Fault(status=200, error="expired_trigger_id"))
    reply = handle(desk, click(desk, one, ALICE))
    assert reply.after is not None
    reply.after()
    assert [said["text"] for said in slack.whispers] == [NO_FORM]


def test_without_a_client_a_click_does_nothing_more(desk: Desk, one: Request) -> None:
    """And raises nothing."""
    said_and_done(desk.store)
    alone = Desk(store=desk.store, connect=lambda: None, via="http", clock=lambda: NOW)
    for user in (ALICE, EVE):
        reply = handle(alone, click(desk, one, user))
        assert reply.after is not None
        reply.after()
