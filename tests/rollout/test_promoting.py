"""An approval is used once, and everything that it stands on is looked at again; by the ledger, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from shadow import approval
from shadow.approval import asking
from shadow.approval.ground import present
from shadow.errors import ShadowError
from shadow.rollout import promote, roll_back
from shadow.store import Store
from shadow.store.ledger import Event, entries, verify
from shadow.store.outbox import STAGE, due
from shadow.store.registry import experiment
from shadow.store.requests import Request, Subject, request
from shadow.store.stages import Stage, stage_of, stages_of
from tests.approval.desk import ASKED, DECIDES, NOW, ask, asked, edit, say, say_in_airflow, signed, trial, verdict
from tests.rollout.desk import NAME, approved

LATER = NOW + timedelta(hours=1)


def test_an_approved_request_moves_the_stage(store: Store) -> None:
    """To the contract's first share; the ledger and the outbox say so, with who and why."""
    one = approved(store)
    row = promote(store, one.id, now=LATER)
    assert (row.stage, row.share, row.number, row.demonstration) == (Stage.CANARY, 1, 1, True)
    assert (row.experiment, row.contract, row.request, row.who) == (one.about, one.contract, one.id, "ines, tom")
    assert "ready (demonstration)" in row.why
    assert stage_of(store, NAME) == row
    entry = [entry for entry in entries(store, subject=one.id) if entry.event is Event.PROMOTED]
    assert [(one.seq, one.body["share"], one.body["from"], one.body["to"]) for one in entry] == [
        (row.seq, 1, "shadow", "canary")
    ]
    told = due(store, now=LATER, kinds=[STAGE])
    assert [(one.about, one.channel) for one in told] == [(NAME, "C1")]
    assert told[0].payload == {
        "from": "shadow", "to": "canary", "share": 1, "who": "ines, tom", "why": row.why, "request": one.id,
    }  # fmt: skip
    assert verify(store).ok


def test_twice_is_once(store: Store) -> None:
    """A task that is run again finds what the first one did."""
    one = approved(store)
    assert promote(store, one.id, now=LATER) == promote(store, one.id, now=LATER + timedelta(hours=1))
    assert len(stages_of(store, NAME)) == 1
    assert len(due(store, now=LATER + timedelta(hours=2), kinds=[STAGE])) == 1


def refused(store: Store, one: Request, match: str) -> None:
    """It is not promoted, for this reason, and nothing has changed."""
    before = (stages_of(store, NAME), verify(store).hash)
    with pytest.raises(ShadowError, match=match) as caught:
        promote(store, one.id, now=LATER)
    assert caught.value.todo and one.id in caught.value.where
    assert (stages_of(store, NAME), verify(store).hash) == before


def test_an_open_request(store: Store) -> None:
    """One vote of two."""
    one = asked(store)
    say(store, one, "ines")
    refused(store, one, "holds no decision")


def test_a_rejected_request(store: Store) -> None:
    """One no."""
    one = asked(store)
    say(store, one, "ines", yes=False)
    refused(store, one, "not approved")


def test_a_contracts_signature_moves_no_stage(store: Store) -> None:
    """It was approved too, by the same people."""
    held = trial(store)
    one = signed(store, held)
    verdict(store, held)
    refused(store, one, "a contract's signature")


def test_an_unknown_request(store: Store) -> None:
    """With what to do."""
    with pytest.raises(ShadowError, match="no such request") as caught:
        promote(store, "0123456789ab", now=LATER)
    assert caught.value.todo


def test_a_used_approval_is_void_after_a_rollback(store: Store) -> None:
    """A new one is needed, and works."""
    one = approved(store)
    promote(store, one.id, now=LATER)
    roll_back(store, NAME, who="os:ann", why="too many refunds", now=LATER)
    refused(store, one, "the approval was used")
    again = ask(store, experiment(store, one.about))
    assert again.id != one.id
    for name in ("tom", "sara"):
        say(store, again, name)
    assert promote(store, again.id, now=LATER).number == 3


def test_an_approval_that_was_not_used_is_void_after_a_rollback(store: Store) -> None:
    """What was said before somebody pulled the brake does not count after it."""
    one = approved(store)
    roll_back(store, NAME, who="os:ann", why="it looks wrong", now=LATER)
    refused(store, one, "the stage has changed since it was asked")


def test_the_verdict_no_longer_holds(store: Store) -> None:
    """A later look says something else."""
    one = approved(store)
    verdict(store, experiment(store, one.about), "inconclusive", day=21, gate="inconclusive")
    refused(store, one, "no longer holds")


def test_a_later_look_that_says_the_same_does_no_harm(store: Store) -> None:
    """More cases, every gate as before."""
    one = approved(store)
    verdict(store, experiment(store, one.about), day=21, note=7)
    assert promote(store, one.id, now=LATER).share == 1


def test_the_contract_has_changed(store: Store) -> None:
    """Its governance alone: it has to be signed, and asked, again."""
    one = approved(store)
    trial(store, replace(ASKED, approval=replace(DECIDES, quorum=1)))
    refused(store, one, "no longer holds")


def approved_past_the_asking(store: Store, word: str, *, sign: bool) -> Request:
    """A request that should never have been asked, approved by two people all the same."""
    held = trial(store)
    if sign:
        signed(store, held)
    verdict(store, held, word)
    evidence = present(store, held.id, now=NOW)
    assert evidence is not None
    one = asking._ask(store, ASKED, Subject.CUTOVER, held.id, held.contract, evidence, NOW).request
    assert one is not None
    for name in ("ines", "tom"):
        say_in_airflow(store, one, name)
    assert approval.proof(store, one.id).ok
    return one


def test_a_contract_that_nobody_signed(store: Store) -> None:
    """Whoever approved the verdict on it."""
    refused(store, approved_past_the_asking(store, "ready (demonstration)", sign=False), "the contract is not signed")


@pytest.mark.parametrize("word", ["inconclusive", "not ready", "ready"])
def test_a_verdict_that_is_not_ready(store: Store, word: str) -> None:
    """Nor one of real traffic on a contract that is marked as a demonstration."""
    refused(store, approved_past_the_asking(store, word, sign=True), f"the verdict is '{word}'")


def test_the_signature_is_gone(store: Store) -> None:
    """The row of it was deleted; the ledger misses it."""
    one = approved(store)
    edit(store, "delete from shadow_request where subject = 'contract'")
    assert not approval.signed(store, one.contract)
    refused(store, one, "request [0-9a-f]{12} is in the ledger and not in its table")


EDITS: dict[str, Callable[[Request], str]] = {
    "status": lambda one: f"update shadow_request set status = 'superseded' where id = '{one.id}'",
    "approvers": lambda one: f"update shadow_request set approvers = '[\"eve\"]' where id = '{one.id}'",
    "quorum": lambda one: f"update shadow_request set quorum = 1 where id = '{one.id}'",
    "candidate_owner": lambda one: f"update shadow_request set candidate_owner = 'x' where id = '{one.id}'",
    "about": lambda one: f"update shadow_request set about = 'another' where id = '{one.id}'",
    "evidence": lambda one: "update shadow_request set evidence = replace(evidence, '\"share\":1', '\"share\":100')",
    "garbage": lambda one: f"update shadow_request set evidence = '{{}}' where id = '{one.id}'",
    "expires_at": lambda one: f"update shadow_request set expires_at = '2030-01-01 00:00:00' where id = '{one.id}'",
    "vote's person": lambda one: (
        f"update shadow_vote set person = 'sara' where person = 'tom' and request = '{one.id}'"
    ),
    "vote's reason": lambda one: f"update shadow_vote set reason = 'never' where request = '{one.id}'",
    "vote taken away": lambda one: f"delete from shadow_vote where person = 'tom' and request = '{one.id}'",
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_row(store: Store, name: str) -> None:
    """Of the request or of a vote: the ledger says something else, so nothing moves."""
    one = approved(store)
    edit(store, EDITS[name](one))
    before = verify(store).hash
    with pytest.raises(ShadowError, match="not promoted"):
        promote(store, one.id, now=LATER)
    assert (stages_of(store, NAME), verify(store).hash) == ([], before)


def test_a_request_that_was_only_made_to_look_approved(store: Store) -> None:
    """Status and both votes put into the tables by hand; the ledger has one vote and no decision."""
    one = asked(store)
    say(store, one, "ines")
    edit(store, f"update shadow_request set status = 'approved' where id = '{one.id}'")
    edit(
        store,
        "insert into shadow_vote select request, 'tom', 'airflow:tom', via, approve, reason, digest, at, seq "
        f"from shadow_vote where request = '{one.id}'",
    )
    refused(store, one, "holds no decision")


def test_a_broken_ledger(store: Store) -> None:
    """One edited row anywhere, also of another request."""
    one = approved(store)
    edit(store, "update shadow_ledger set body = replace(body, '10', '11') where seq = 1")
    edit(store, "update shadow_ledger set workflow = 'mail' where seq = 1")
    with pytest.raises(ShadowError, match="does not verify"):
        promote(store, one.id, now=LATER)
    assert stages_of(store, NAME) == []


def test_the_owners_vote_in_the_ledger_is_none(store: Store) -> None:
    """Even where the contract lists nobody but him beside one approver, and a row of the true ledger says his yes."""
    from shadow.store.ledger import append
    from shadow.store.requests import change_request

    one = asked(store)
    say(store, one, "ines")
    body = {
        "person": "lee", "identity": "airflow:lee", "via": "airflow", "approve": True, "reason": "mine", "revision": 1,
        "digest": one.digest, "ground": one.ground,
    }  # fmt: skip
    with store.write() as connection:
        append(store, connection, event=Event.VOTED, workflow=NAME, subject=one.id, body=body, now=NOW)
        said = {"outcome": "approved", "digest": one.digest}
        entry = append(store, connection, event=Event.DECIDED, workflow=NAME, subject=one.id, body=said, now=NOW)
        change_request(connection, one.id, status="approved", settled_at=NOW, settled_seq=entry.seq)
    refused(store, request(store, one.id), "holds 1 of 2 approvals")


def test_a_stage_row_that_was_put_there_by_hand(store: Store) -> None:
    """It is no promotion: the request that it names is still refused, and says why."""
    one = asked(store)
    edit(
        store,
        "insert into shadow_stage values ('desk', 1, 'canary', 100, 'x', 'c', "
        f"'{one.id}', {'false' if store.engine.dialect.name == 'postgresql' else 0}, 'eve', 'why', '2026-12-01', 1)",
    )
    with pytest.raises(ShadowError, match="not promoted"):
        promote(store, one.id, now=LATER)


def test_two_at_once_make_one_row(store: Store) -> None:
    """Eight threads use one approval together."""
    from concurrent.futures import ThreadPoolExecutor

    one = approved(store)
    with ThreadPoolExecutor(8) as pool:
        rows = list(pool.map(lambda _: promote(store, one.id, now=LATER), range(8)))
    assert len({row.seq for row in rows}) == 1 == len(stages_of(store, NAME))
    assert verify(store).ok
