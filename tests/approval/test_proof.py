"""What the ledger must show before anything is promoted, also against rows that hold the key: a second pair of eyes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shadow import approval
from shadow.store import Store
from shadow.store.ledger import Event, append
from shadow.store.requests import Request
from tests.approval.desk import NOW, asked, edit


def write(store: Store, one: Request, event: Event, *, after: float = 1, **body: Any) -> None:
    """A row of the ledger about the request, made with the store's key."""
    now = NOW + timedelta(hours=after)
    with store.write() as connection:
        append(store, connection, event=event, workflow=one.workflow, subject=one.id, body=body, now=now)


def say(store: Store, one: Request, *people: str, yes: bool = True, ground: str = "") -> None:
    """Votes of these people, whoever they are."""
    for person in people:
        given = {"person": person, "approve": yes, "ground": ground or one.ground, "digest": one.digest}
        write(store, one, Event.VOTED, **given)


def decide(store: Store, one: Request, outcome: str = "approved", *, after: float = 2) -> None:
    """The row that says it was decided."""
    write(store, one, Event.DECIDED, outcome=outcome, after=after)


def test_two_approvers_are_a_proof(store: Store) -> None:
    """The control of this test: without anything wrong it is proven."""
    one = asked(store)
    say(store, one, "ines", "tom")
    decide(store, one)
    found = approval.proof(store, one.id)
    assert (found.ok, found.problem, found.people) == (True, "", ("ines", "tom"))


@pytest.mark.parametrize("people", [("ines",), ("ines", "ines"), ("ines", "lee"), ("ines", "eve"), ()])
def test_too_few_approvers(store: Store, people: tuple[str, ...]) -> None:
    """One, one twice, the candidate's owner, a stranger, nobody: a decision is not enough."""
    one = asked(store)
    say(store, one, *people)
    decide(store, one)
    assert "of 2 approvals" in approval.proof(store, one.id).problem


def test_a_vote_against(store: Store) -> None:
    """Whatever the decision says."""
    one = asked(store)
    say(store, one, "ines", "tom")
    say(store, one, "sara", yes=False)
    decide(store, one)
    assert "a vote against it" in approval.proof(store, one.id).problem


def test_a_vote_after_the_decision_does_not_count(store: Store) -> None:
    """It was decided with one."""
    one = asked(store)
    say(store, one, "ines")
    decide(store, one)
    say(store, one, "tom")
    assert not approval.proof(store, one.id).ok


def test_votes_on_another_ground(store: Store) -> None:
    """People were asked about something else."""
    one = asked(store)
    say(store, one, "ines")
    say(store, one, "tom", ground="0" * 64)
    decide(store, one)
    assert "on something else" in approval.proof(store, one.id).problem


@pytest.mark.parametrize(("hours", "proven"), [(23.99, True), (24, False), (25, False)])
def test_decided_after_its_end(store: Store, hours: float, proven: bool) -> None:
    """At its very end it is over."""
    one = asked(store)
    say(store, one, "ines", "tom")
    decide(store, one, after=hours)
    assert approval.proof(store, one.id).ok is proven


@pytest.mark.parametrize("event", [Event.SUPERSEDED, Event.EXPIRED])
def test_what_is_over_stays_over(store: Store, event: Event) -> None:
    """Before or after the decision."""
    one = asked(store)
    say(store, one, "ines", "tom")
    decide(store, one)
    write(store, one, event, outcome=str(event))
    assert "it is over" in approval.proof(store, one.id).problem


def test_rejected(store: Store) -> None:
    """The last decision counts, and it is a no."""
    one = asked(store)
    say(store, one, "ines", "tom")
    decide(store, one, "rejected")
    assert not approval.proof(store, one.id).ok


def test_an_edited_contract_proves_nothing(store: Store) -> None:
    """A quorum of one, written into the text that says who decides."""
    one = asked(store)
    say(store, one, "ines")
    decide(store, one)
    edit(store, "update shadow_contract set text = replace(text, '\"quorum\": 2', '\"quorum\": 1')")
    assert "the contract's record was altered" in approval.proof(store, one.id).problem
