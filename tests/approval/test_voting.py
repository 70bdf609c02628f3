"""Who may decide, on what, and what is refused: every attack by name, each refusal written down."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from shadow import approval
from shadow.approval import Checked, Recorded, Refusal, Why
from shadow.approval.people import People
from shadow.store import Store, open_store
from shadow.store.ledger import Event, entries, verify
from shadow.store.outbox import REQUEST, due
from shadow.store.requests import Status, request, votes_of
from tests.approval.desk import (
    ASKED,
    DECIDES,
    LIVE,
    NOW,
    PEOPLE,
    TEAM,
    ask,
    asked,
    click,
    edit,
    say,
    say_in_airflow,
    trial,
    verdict,
)


def why(said: Recorded | Refusal | Checked) -> Why | None:
    """Why it was refused; None where it was taken."""
    return said.why if isinstance(said, Refusal) else None


def refusals(store: Store) -> list[str]:
    """What the ledger says of refused answers, in order."""
    return [row.body["why"] for row in entries(store) if row.event is Event.REFUSED]


def test_two_people_approve(store: Store) -> None:
    """One vote is not enough; the second settles it, and the ledger proves it."""
    one = asked(store)
    first = say(store, one, "ines")
    assert isinstance(first, Recorded) and first.request.status is Status.OPEN
    assert not approval.proof(store, one.id).ok
    second = say(store, one, "tom")
    assert isinstance(second, Recorded) and second.request.status is Status.APPROVED
    found = approval.proof(store, one.id)
    assert found.ok and found.people == ("ines", "tom") and found.ground == one.ground
    assert [vote.reason for vote in votes_of(store, one.id)] == ["looked at all of it"] * 2
    assert refusals(store) == []


def test_one_no_settles_it(store: Store) -> None:
    """Whoever said yes before; and the same ground is not asked about again by itself."""
    one = asked(store)
    say(store, one, "ines")
    said = say(store, one, "tom", yes=False, reason="the French cases are wrong")
    assert isinstance(said, Recorded) and said.request.status is Status.REJECTED
    assert not approval.proof(store, one.id).ok
    held = one.about
    assert approval.ask_cutover(store, held, now=NOW).word == "rejected"
    again = approval.ask_cutover(store, held, now=NOW, again=True)
    assert again.word == "opened" and again.request is not None and again.request.id != one.id


@pytest.mark.parametrize("reason", ["", "   ", "too short"])
def test_a_no_needs_a_reason(store: Store, reason: str) -> None:
    """Ten characters; by whichever way it is said."""
    one = asked(store)
    assert why(say(store, one, "ines", yes=False, reason=reason)) is Why.REASON
    assert why(say_in_airflow(store, one, "ines", yes=False, reason=reason)) is Why.REASON
    assert votes_of(store, one.id) == ()


def test_a_forged_or_altered_button(store: Store) -> None:
    """Another request, revision or digest under an old MAC, a MAC of another store, and nonsense."""
    one = asked(store)
    good = approval.token(store, one)
    rid, revision, digest, mac = good.split(".")
    for bad in (
        f"{rid}.{revision}.{'0' * 16}.{mac}",
        f"{rid}.2.{digest}.{mac}",
        f"{'0' * 12}.{revision}.{digest}.{mac}",
        f"{rid}.{revision}.{digest}.{mac[:-1]}{'0' if mac[-1] != '0' else '1'}",
        f"{rid}.{revision}.{digest}.",
        "",
        "x" * 100_000,
        f"{rid}.{revision}.{digest}.ü",
        f"{rid}.²{revision}.{digest}.{mac}",
    ):
        assert why(say(store, one, "ines", token=bad)) is Why.FORGED, bad[:60]
    assert refusals(store) == ["not our button"] * 9


def test_a_button_of_a_request_that_is_not_here(store: Store) -> None:
    """It was made by this store's key, and its request is gone."""
    one = asked(store)
    gone = approval.token(store, replace(one, id="0" * 12))
    assert why(say(store, one, "ines", token=gone)) is Why.UNKNOWN


def test_a_button_planted_in_another_message(store: Store) -> None:
    """The same bot posted a true button elsewhere: another message, another channel."""
    one = asked(store)
    assert why(say(store, one, "ines", place=replace(LIVE, ts="1795300000.000200"))) is Why.COPY
    assert why(say(store, one, "ines", place=replace(LIVE, channel="C2"))) is Why.COPY
    assert why(say(store, one, "ines")) is None


def test_another_workspace(store: Store) -> None:
    """Neither the click's workspace nor the account's may be another than the message's."""
    one = asked(store)
    assert why(say(store, one, "ines", place=replace(LIVE, team="T2"))) is Why.WORKSPACE
    assert why(say(store, one, "ines", identity="slack:T2/Uines")) is Why.WORKSPACE


def test_a_request_that_was_not_posted_yet_takes_no_click(store: Store) -> None:
    """Nobody can have seen it; None is no place."""
    held = trial(store)
    approval.ask_signature(store, held.contract, now=NOW)
    one = approval.ask_signature(store, held.contract, now=NOW).request
    assert one is not None and one.ts is None
    assert why(say(store, one, "ines")) is Why.WORKSPACE


def test_the_owner_of_the_candidate_has_no_vote(store: Store) -> None:
    """By either way; even where the list of approvers names him."""
    one = asked(store)
    assert why(say(store, one, "lee")) is Why.OWNER
    assert why(say_in_airflow(store, one, "lee")) is Why.OWNER


def test_strangers(store: Store) -> None:
    """A person who is no approver, an account of nobody, and a display name."""
    one = asked(store)
    assert why(say(store, one, "eve")) is Why.STRANGER
    assert why(say(store, one, "nobody")) is Why.STRANGER
    assert why(say_in_airflow(store, one, "admin")) is Why.STRANGER
    named = click(store, one, "", identity=f"slack:{TEAM}/ines")
    assert why(approval.check(store, named, now=NOW, known=PEOPLE)) is Why.STRANGER
    nobody = approval.vote(store, click(store, one, "ines"), approve=True, reason="", now=NOW, known=People())
    assert why(nobody) is Why.STRANGER


def test_one_person_has_one_vote(store: Store) -> None:
    """Twice in Slack, in Slack and in Airflow, and with two Slack accounts."""
    one = asked(store)
    say(store, one, "ines")
    assert why(say(store, one, "ines")) is Why.TWICE
    assert why(say_in_airflow(store, one, "ines")) is Why.TWICE
    two = People(accounts={**PEOPLE.accounts, "ines": (*PEOPLE.accounts["ines"], f"slack:{TEAM}/U2")})
    other = click(store, one, "", identity=f"slack:{TEAM}/U2")
    assert why(approval.vote(store, other, approve=True, reason="", now=NOW, known=two)) is Why.TWICE
    assert request(store, one.id).status is Status.OPEN


def test_the_list_in_the_row_allows_nobody(store: Store) -> None:
    """Who may vote is read from the contract, whose id is the digest of its text."""
    one = asked(store)
    edit(
        store,
        f"update shadow_request set approvers = '[\"eve\"]', quorum = 1, candidate_owner = 'x' where id = '{one.id}'",
    )
    assert why(say(store, one, "eve")) is Why.STRANGER
    assert why(say(store, one, "lee")) is Why.OWNER
    said = say(store, one, "ines")
    assert isinstance(said, Recorded) and said.request.status is Status.OPEN


def test_an_edited_contract_is_found(store: Store) -> None:
    """Its text is no longer what its id is the digest of."""
    one = asked(store)
    edit(store, f"update shadow_contract set text = replace(text, '\"ines\"', '\"eve\"') where id = '{one.contract}'")
    assert why(say(store, one, "eve")) in (Why.ALTERED, Why.STALE)
    assert why(say(store, one, "tom")) is not None


@pytest.mark.parametrize(("column", "value"), [("digest", "0" * 64), ("ground", "1" * 64), ("evidence", "{}")])
def test_an_edited_request_is_found(store: Store, column: str, value: str) -> None:
    """Evidence, digest or ground that the ledger does not know; written back as it was, it can be voted on."""
    one = asked(store)
    edit(store, f"create table kept as select {column} as was from shadow_request where id = '{one.id}'")
    edit(store, f"update shadow_request set {column} = '{value}' where id = '{one.id}'")
    assert why(say_in_airflow(store, one, "ines")) is Why.ALTERED
    edit(store, f"update shadow_request set {column} = (select was from kept) where id = '{one.id}'")
    edit(store, "drop table kept")
    assert why(say(store, one, "ines")) is None


def test_a_vote_that_somebody_wrote_into_the_table_counts_nothing(store: Store) -> None:
    """The ledger holds one vote, so one more true vote makes two, and the written one none."""
    one = asked(store)
    forged = "select id, 'sara', 'slack:T1/Usara', 'socket', true, 'forged', digest, opened_at, 1 from shadow_request"
    edit(store, f"insert into shadow_vote {forged} where id = '{one.id}'")
    said = say(store, one, "ines")
    assert isinstance(said, Recorded) and said.request.status is Status.OPEN


def test_a_status_that_somebody_wrote_into_the_table_proves_nothing(store: Store) -> None:
    """Approved by the row, and not by the ledger."""
    one = asked(store)
    edit(store, f"update shadow_request set status = 'approved' where id = '{one.id}'")
    found = approval.proof(store, one.id)
    assert not found.ok and "no decision" in found.problem


def test_an_edited_ledger_proves_nothing(store: Store) -> None:
    """A vote turned round, by somebody without the key."""
    one = asked(store)
    say(store, one, "ines")
    say(store, one, "tom")
    assert approval.proof(store, one.id).ok
    edit(store, "update shadow_ledger set body = replace(body, '\"tom\"', '\"sara\"') where event = 'voted'")
    found = approval.proof(store, one.id)
    assert not found.ok and "edited" in found.problem


def test_expired(store: Store) -> None:
    """At its very end it is over; silence is never a yes, and the click says why."""
    one = asked(store)
    say(store, one, "ines")
    assert why(say(store, one, "tom", now=one.expires_at)) is Why.EXPIRED
    assert request(store, one.id).status is Status.EXPIRED
    assert why(say(store, one, "tom", now=one.expires_at - timedelta(hours=1))) is Why.SETTLED
    assert not approval.proof(store, one.id).ok


def test_the_courier_expires_what_nobody_clicks(store: Store) -> None:
    """And leaves alone what has time left."""
    one = asked(store)
    assert approval.expire(store, now=one.expires_at - timedelta(seconds=1)) == []
    assert one.id in approval.expire(store, now=one.expires_at)
    assert approval.expire(store, now=one.expires_at) == []


def test_settled(store: Store) -> None:
    """After the decision nothing is taken, neither way."""
    one = asked(store)
    say(store, one, "ines")
    say(store, one, "tom")
    assert why(say(store, one, "sara", yes=False)) is Why.SETTLED
    assert why(say_in_airflow(store, one, "sara", yes=False, reason="I am against it")) is Why.SETTLED
    assert approval.proof(store, one.id).ok


def test_a_replayed_payload(store: Store) -> None:
    """The same click sent again after it was taken."""
    one = asked(store)
    pressed = click(store, one, "ines")
    assert why(approval.vote(store, pressed, approve=True, reason="", now=NOW, known=PEOPLE)) is None
    assert why(approval.vote(store, pressed, approve=True, reason="", now=NOW, known=PEOPLE)) is Why.TWICE
    assert len(votes_of(store, one.id)) == 1


def test_newer_evidence_needs_a_new_look_but_no_new_vote(store: Store) -> None:
    """A later look on the same ground: the vote before stands, an old button is refused, the message is updated."""
    one = asked(store)
    say(store, one, "ines")
    held = trial(store)
    verdict(store, held, day=21, note=7)
    asked_again = approval.ask_cutover(store, held.id, now=NOW)
    assert asked_again.word == "revised" and asked_again.request is not None and asked_again.request.id == one.id
    assert why(say(store, one, "tom")) is Why.REVISED
    said = say(store, asked_again.request, "tom")
    assert isinstance(said, Recorded) and said.request.status is Status.APPROVED
    assert approval.proof(store, one.id).ok
    assert f"request:{one.id}:2" in [row.key for row in due(store, now=NOW + timedelta(days=1), kinds=[REQUEST])]


def test_stale_evidence_is_refused_even_where_nobody_withdrew_it(store: Store) -> None:
    """The store is asked at the click: a finding that moved since closes the request."""
    one = asked(store)
    kind = "text" if store.engine.dialect.name == "sqlite" else "json"  # what SQLite keeps JSON as
    edit(store, f"update shadow_verdict set body = cast(replace(cast(body as text), '\"pass\"', '\"fail\"') as {kind})")
    assert why(say(store, one, "ines")) is Why.STALE
    assert request(store, one.id).status is Status.SUPERSEDED


@pytest.mark.parametrize(
    ("word", "gate"), [("not ready", "fail"), ("inconclusive", "inconclusive"), ("ready (demonstration)", "fail")]
)
def test_a_later_look_that_says_otherwise_supersedes_at_once(store: Store, word: str, gate: str) -> None:
    """The verdict's word, or any gate's finding; nobody has to click for it."""
    one = asked(store)
    say(store, one, "ines")
    verdict(store, trial(store), word, day=21, gate=gate)
    assert request(store, one.id).status is Status.SUPERSEDED
    assert why(say(store, one, "tom")) is Why.SETTLED


def test_a_changed_contract_supersedes_at_once(store: Store) -> None:
    """Its governance alone is enough; and the new one has to be signed first."""
    one = asked(store)
    changed = replace(ASKED, approval=replace(DECIDES, quorum=1))
    held = trial(store, changed)
    assert request(store, one.id).status is Status.SUPERSEDED
    assert held.id == one.about and not approval.signed(store, held.contract)
    verdict(store, held, day=21)
    assert approval.ask_cutover(store, held.id, now=NOW).word == "unsigned"


def test_a_verdict_of_another_contract_asks_nobody(store: Store) -> None:
    """The contract changed after the look; the next look has to say it again."""
    held = trial(store)
    verdict(store, held)
    changed = trial(store, replace(ASKED, approval=replace(DECIDES, expires_h=12)))
    assert changed.id == held.id
    assert approval.ask_cutover(store, held.id, now=NOW).word == "not ready"


@pytest.mark.parametrize("word", ["not ready", "inconclusive"])
def test_only_ready_is_asked_about(store: Store, word: str) -> None:
    """Not ready and inconclusive open no request."""
    one = asked(store)
    held = trial(store)
    verdict(store, held, word, day=22)
    found = approval.ask_cutover(store, held.id, now=NOW)
    assert found.word == "not ready" and found.request is None
    assert request(store, one.id).status is Status.SUPERSEDED


def test_asked_once_for_one_look(store: Store) -> None:
    """A task that is tried again asks nobody again."""
    one = asked(store)
    again = approval.ask_cutover(store, one.about, now=NOW + timedelta(minutes=1))
    assert again.word == "known" and again.request is not None and again.request.digest == one.digest
    assert [row.key for row in due(store, now=NOW + timedelta(days=1)) if row.about == one.id] == [
        f"request:{one.id}:1"
    ]


def test_an_unsigned_contract_is_asked_about_first(store: Store) -> None:
    """Its verdict may say ready; no cutover is asked about until its approvers have signed."""
    held = trial(store)
    verdict(store, held)
    assert approval.ask_cutover(store, held.id, now=NOW).word == "unsigned"


@pytest.mark.kill
def test_two_clicks_at_once(store: Store) -> None:
    """Forty votes of two people from eight threads: two votes, one decision, one chain."""
    one = asked(store)
    url = store.engine.url.render_as_string(hide_password=False)
    start = threading.Barrier(8)
    failed: list[BaseException] = []

    def press(name: str) -> None:
        mine = open_store(url)
        start.wait()
        try:
            for _ in range(5):
                say(mine, one, name)
        except BaseException as error:
            failed.append(error)
        mine.close()

    threads = [threading.Thread(target=press, args=(name,)) for name in ("ines", "tom") * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    rows = [row.event for row in entries(store, subject=one.id)]
    assert (rows.count(Event.VOTED), rows.count(Event.DECIDED), rows.count(Event.REFUSED)) == (2, 1, 38)
    assert verify(store).ok and approval.proof(store, one.id).ok


def test_every_refusal_is_written_down(store: Store) -> None:
    """With whose account it was, and why; the refused transaction does not take it along."""
    one = asked(store)
    say(store, one, "eve")
    say(store, one, "lee")
    rows = [row for row in entries(store, subject=one.id) if row.event is Event.REFUSED]
    assert [(row.body["identity"], row.body["why"]) for row in rows] == [
        ("slack:T1/Ueve", "not an approver"),
        ("slack:T1/Ulee", "owns the candidate"),
    ]


def test_asking_again_after_a_rollback_needs_new_votes(store: Store) -> None:
    """What was approved for one stage is not approved for a later one: the stage is part of the ground."""
    one = asked(store)
    from shadow.store.stages import Stage, StageRow, add_stage

    with store.write() as connection:
        add_stage(connection, StageRow(
            workflow=one.workflow, number=1, stage=Stage.SHADOW, share=0, experiment=one.about, contract=one.contract,
            request="", demonstration=True, who="ops", why="it went wrong", at=NOW, seq=1))  # fmt: skip
    assert why(say(store, one, "ines")) is Why.STALE
    again = ask(store, trial(store))
    assert again.id != one.id and again.ground != one.ground
