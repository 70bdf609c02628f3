"""A rollback is always possible: recorded, told, known on this machine at once, and every open approval void."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from shadow.errors import ShadowError, StoreError, UsageError
from shadow.places import home
from shadow.rollout import promote, refresh, roll_back
from shadow.rollout.deciding import Clocks, Reason, Router, decide
from shadow.rollout.places import route_file
from shadow.store import Store
from shadow.store.ledger import Event, entries, verify
from shadow.store.outbox import STAGE, due
from shadow.store.requests import Status, request
from shadow.store.stages import Stage, stage_of, stages_of
from tests.approval.desk import NOW, asked, edit, trial
from tests.rollout.desk import NAME, approved

LATER = NOW + timedelta(hours=1)
WHO, WHY = "os:ann@desk1", "too many refunds"


def drawn(router: Router) -> int:
    """How many of 1000 keys of a demonstration are the candidate's."""
    return [decide(router, NAME, f"k{number}", True) for number in range(1000)].count(Reason.DRAWN)


def test_everything_goes_to_the_control_at_once(store: Store) -> None:
    """On this machine nobody waits for the refresher; the row, the ledger and the outbox say who and why."""
    promote(store, approved(store).id, now=LATER)
    refresh(store, NAME)
    router = Router(where=home(), clocks=Clocks())
    assert 0 < drawn(router) < 40
    row = roll_back(store, NAME, who=WHO, why=WHY, now=LATER)
    assert drawn(router) == 0
    assert (row.stage, row.share, row.number, row.who, row.why) == (Stage.SHADOW, 0, 2, WHO, WHY)
    assert stage_of(store, NAME) == row
    last = list(entries(store, workflow=NAME))[-1]
    assert (last.event, last.seq, last.body["from"], last.body["who"]) == (Event.ROLLED_BACK, row.seq, "canary", WHO)
    assert (due(store, now=LATER, kinds=[STAGE])[-1].payload or {})["to"] == "shadow"
    assert verify(store).ok


def test_open_requests_are_void(store: Store) -> None:
    """They are superseded, each with its row."""
    one = asked(store)
    roll_back(store, NAME, who=WHO, why=WHY, now=LATER)
    assert request(store, one.id).status is Status.SUPERSEDED


def test_it_counts_in_shadow_too(store: Store) -> None:
    """And twice."""
    trial(store)
    assert [roll_back(store, NAME, who=WHO, why=WHY, now=LATER).number for _ in range(2)] == [1, 2]


@pytest.mark.parametrize(("who", "why"), [("", WHY), (WHO, ""), (" ", WHY), (WHO, "\n")])
def test_a_person_and_a_reason_are_needed(store: Store, who: str, why: str) -> None:
    """Nothing is written without."""
    trial(store)
    with pytest.raises(UsageError, match="a person and a reason"):
        roll_back(store, NAME, who=who, why=why, now=LATER)
    assert stages_of(store, NAME) == []


def test_a_mistyped_name_is_not_a_rollback(store: Store) -> None:
    """Whoever mistypes it must not believe that the real one has stopped."""
    trial(store)
    with pytest.raises(UsageError, match="desk v1"):
        roll_back(store, "dask", who=WHO, why=WHY, now=LATER)


def test_a_broken_record_does_not_stand_in_its_way(store: Store) -> None:
    """An edited ledger, an edited stage, a contract that is gone: promote nothing, roll back all the same."""
    promote(store, approved(store).id, now=LATER)
    edit(store, "update shadow_ledger set workflow = 'mail' where seq = 2")
    edit(store, "update shadow_stage set share = 100, contract = 'none'")
    assert roll_back(store, NAME, who=WHO, why=WHY, now=LATER).share == 0
    assert stage_of(store, NAME) == stages_of(store, NAME)[-1]
    router = Router(where=home(), clocks=Clocks())
    assert drawn(router) == 0 and router.watched[NAME].loaded.known is not None


def test_the_route_file_cannot_be_written(store: Store) -> None:
    """The rollback stands in the store, open requests are void, and whoever called is told what to do here."""
    one = asked(store)
    Path(home(), "route").touch()
    with pytest.raises(StoreError, match="route file cannot be written") as caught:
        roll_back(store, NAME, who=WHO, why=WHY, now=LATER)
    assert "SHADOW_KILL=desk" in caught.value.todo
    assert stages_of(store, NAME)[-1].stage is Stage.SHADOW
    assert request(store, one.id).status is Status.SUPERSEDED
    assert not Path(route_file(home(), NAME)).exists()


def test_a_rollback_and_a_promotion_at_once(store: Store) -> None:
    """Whichever comes first: no promotion follows a rollback, and no rollback is lost."""
    one = approved(store)

    def work(number: int) -> str:
        try:
            if number % 2:
                return str(promote(store, one.id, now=LATER).stage)
            return str(roll_back(store, NAME, who=WHO, why=WHY, now=LATER).stage)
        except ShadowError as error:
            return error.what

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    rows = stages_of(store, NAME)
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    found = [row.stage for row in rows]
    assert found.count(Stage.SHADOW) == 3
    assert Stage.CANARY not in found[1:]  # after a rollback the approval is void
    assert verify(store).ok
