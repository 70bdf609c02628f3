"""A verdict that is void is asked about no more: by its age, by what judged it, by what it stands on."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from shadow import approval
from shadow.approval import Word, still_holds, void_because
from shadow.approval.ground import present
from shadow.errors import ShadowError
from shadow.gates.grounds import Grounds, grounds
from shadow.rollout import promote
from shadow.store import Store
from shadow.store.registry import Experiment, experiment
from shadow.store.requests import Request
from shadow.store.verdicts import save_verdict, verdicts_of
from tests.approval.desk import ASKED, NOW, ask, say, signed, trial, verdict

HOLDS = timedelta(days=2)
BOUND = replace(ASKED, verdict_holds=HOLDS)


def stand(store: Store, held: Experiment, said: Grounds) -> None:
    """The newest verdict stands on this."""
    last = verdicts_of(store, held.id)[-1]
    save_verdict(store, replace(last, body={**last.body, "grounds": said.to_json()}))


def bound(store: Store, *, taken: datetime = NOW) -> tuple[Experiment, Grounds]:
    """A ready verdict under a signed contract, taken at that moment."""
    held = trial(store, BOUND)
    signed(store, held)
    verdict(store, held)
    said = grounds(BOUND, counts="n" * 64, pin=held.pin, taken=taken)
    stand(store, held, said)
    return held, said


def approved(store: Store, held: Experiment) -> Request:
    """Asked about and approved by two."""
    one = ask(store, held)
    for name in ("ines", "tom"):
        say(store, one, name)
    return one


def test_a_verdict_expires(store: Store) -> None:
    """On its very moment nothing is asked any more, and nothing that was approved moves a stage."""
    held, _ = bound(store)
    one = approved(store, held)
    before, on = NOW + HOLDS - timedelta(seconds=1), NOW + HOLDS
    assert still_holds(store, one, now=before) == "" and present(store, held.id, now=before) is not None
    assert "the verdict is void: it expired on " in still_holds(store, one, now=on)
    assert present(store, held.id, now=on) is None
    with pytest.raises(ShadowError, match="no longer holds: the verdict is void: it expired"):
        promote(store, one.id, now=on)
    assert promote(store, one.id, now=before).share == 1


def test_an_old_verdict_is_not_asked_about(store: Store) -> None:
    """However ready it says it is; an open request is withdrawn."""
    held, said = bound(store)
    ask(store, held)
    stand(store, held, replace(said, until=NOW))
    assert len(approval.withdraw_stale(store, held.id, now=NOW)) == 1
    assert approval.ask_cutover(store, held.id, now=NOW).word is Word.NOT_READY


def test_another_version_of_what_judged_voids(store: Store) -> None:
    """Of a gate, a comparator, or the evidence itself; a vote is refused as stale."""
    held, said = bound(store)
    one = ask(store, held)
    stand(store, held, replace(said, versions={**said.versions, "evidence": 0}))
    refused = say(store, one, "ines")
    assert str(getattr(refused, "why", "")) == str(approval.Why.STALE)
    assert [why.split(" is version")[0] for why in void_because(store, held, now=NOW)] == ["evidence"]


def test_another_contract_voids_and_says_which_part(store: Store) -> None:
    """The verdict is of the old contract; the part that is new is named."""
    held, _ = bound(store)
    newer = trial(store, replace(BOUND, slices=()) if BOUND.slices else replace(BOUND, failure="critical"))  # type: ignore[arg-type]
    assert newer.id == held.id and present(store, held.id, now=NOW) is None
    assert len(void_because(store, newer, now=NOW)) == 1
    assert void_because(store, newer, now=NOW)[0].startswith("the contract's ")


def test_grounds_that_cannot_be_read_void(store: Store) -> None:
    """A field that is gone, one too many, no moment: whatever it is, nothing is asked about it."""
    held, said = bound(store)
    last = verdicts_of(store, held.id)[-1]
    whole = said.to_json()
    for wrong in ({}, {**whole, "more": 1}, {**whole, "until": "soon"}, [1]):
        save_verdict(store, replace(last, body={**last.body, "grounds": wrong}))
        assert "cannot be read" in void_because(store, held, now=NOW)[0]
        assert present(store, held.id, now=NOW) is None


def test_what_was_never_written_down_is_held_against_the_contract(store: Store) -> None:
    """A verdict from before; without any verdict there is nothing that could be void."""
    held = trial(store)
    assert void_because(store, held, now=NOW) == ()
    verdict(store, held)
    assert void_because(store, held, now=NOW) == ()
    trial(store, BOUND)
    assert void_because(store, experiment(store, held.id), now=NOW) == ("the contract changed",)
