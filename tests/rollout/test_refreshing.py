"""Bringing route files up to date: what the store says, or that it says nothing; one process at a time."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from shadow.errors import StoreError
from shadow.places import home
from shadow.rollout import promote, refresh
from shadow.rollout.deciding import Clocks, Reason, Router, decide
from shadow.rollout.known import Known, read_known, write_known
from shadow.rollout.places import route_file
from shadow.rollout.refreshing import refresh_all, refresh_one
from shadow.store import Store, open_store
from shadow.store import home as home_of_the_store
from tests.approval.desk import NOW, edit
from tests.rollout.desk import KNOWN, NAME, approved
from tests.store.desk import in_a_process

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def here(store: Store, monkeypatch: pytest.MonkeyPatch) -> str:
    """The home; and the store is the one that a production process would open."""
    monkeypatch.setenv("SHADOW_STORE_URL", store.engine.url.render_as_string(hide_password=False))
    return home()


def known(where: str) -> Known:
    """What the desk's file says."""
    found = read_known(route_file(where, NAME))[1]
    assert found is not None
    return found


def test_the_home_is_the_stores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found without a database, and the same: named, relative, by a link, and not named at all."""
    (tmp_path / "link").symlink_to(tmp_path)
    monkeypatch.chdir(tmp_path)
    for name in (str(tmp_path / "a"), "b", "../c", str(tmp_path / "link" / "d")):
        monkeypatch.setenv("SHADOW_HOME", name)
        assert home() == str(home_of_the_store())
    monkeypatch.delenv("SHADOW_HOME")
    assert home() == str(home_of_the_store()) == str(tmp_path / ".shadow")


def test_what_the_store_says(store: Store, here: str) -> None:
    """Before anything happened, and after a promotion."""
    opened = refresh_one(here, NAME, None, wall=lambda: 100_000.0)
    assert known(here) == replace(KNOWN, stage="shadow", share=0, experiment="", number=0, written_at=100_000.0)
    row = promote(store, approved(store).id, now=LATER)
    refresh_one(here, NAME, opened, wall=lambda: 100_002.0)
    assert known(here) == replace(
        KNOWN, stage="canary", share=1, experiment=row.experiment, demonstration=True, written_at=100_002.0
    )


@pytest.mark.parametrize(
    "change", ["share = 100", "experiment = 'x'", "stage = 'live'", "seq = seq - 1", "request = ''", "number = 9"]
)
def test_a_stage_that_the_ledger_does_not_know(store: Store, here: str, change: str) -> None:
    """A row that was edited or put there by hand sends nobody to the candidate."""
    promote(store, approved(store).id, now=LATER)
    edit(store, f"update shadow_stage set {change}")
    refresh_one(here, NAME, None)
    assert not known(here).reached and "not what the ledger says" in known(here).why
    with pytest.raises(StoreError, match="not what the ledger says"):
        refresh(store, NAME)


def test_a_demonstration_that_was_made_real_by_hand(store: Store, here: str) -> None:
    """The edit that would send real keys to a demonstration's candidate."""
    promote(store, approved(store).id, now=LATER)
    edit(store, f"update shadow_stage set demonstration = {'false' if 'postgres' in store.engine.dialect.name else 0}")
    refresh_one(here, NAME, None)
    assert not known(here).reached


def test_the_store_is_gone(store: Store, here: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is written down that it could not be asked, and nothing is made in its place; once it is back, it counts."""
    if store.engine.dialect.name == "sqlite":
        path = Path(str(store.engine.url.database))
        opened = refresh_one(here, NAME, None)
        assert known(here).reached
        store.close()
        shutil.move(path, f"{path}.away")
        assert refresh_one(here, NAME, opened, wall=lambda: known(here).written_at + 10) is None
        assert not known(here).reached and "no store" in known(here).why and not path.exists()
        shutil.move(f"{path}.away", path)
    else:
        url = os.environ["SHADOW_STORE_URL"]
        monkeypatch.setenv("SHADOW_STORE_URL", "postgresql://ann:secret@127.0.0.1:1/none")
        assert refresh_one(here, NAME, None) is None
        assert not known(here).reached and "secret" not in known(here).why
        monkeypatch.setenv("SHADOW_STORE_URL", url)
    assert refresh_one(here, NAME, None) is not None
    assert known(here).reached


def test_the_file_that_is_there_now_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that was put back from a copy, or made anew, under a refresher that had the old one open."""
    monkeypatch.setenv("SHADOW_HOME", str(tmp_path))
    monkeypatch.delenv("SHADOW_STORE_URL", raising=False)
    store = open_store()
    promote(store, approved(store).id, now=LATER)
    opened = refresh_one(home(), NAME, None, wall=lambda: 100_000.0)
    assert known(home()).share == 1
    store.close()
    for path in tmp_path.glob("store.db*"):
        path.unlink()
    open_store().close()
    refresh_one(home(), NAME, opened, wall=lambda: 100_010.0)
    assert known(home()).reached and known(home()).share == 0


def test_a_store_that_holds_nonsense(store: Store, here: str) -> None:
    """A stage that there is not."""
    promote(store, approved(store).id, now=LATER)
    edit(store, "update shadow_stage set stage = 'everybody'")
    refresh_one(here, NAME, None)
    assert not known(here).reached and "everybody" in known(here).why


def test_what_another_process_has_just_asked_is_not_asked_again(store: Store, here: str) -> None:
    """A hundred workers of one machine are one reader of the store; what could not be asked is asked again."""
    write_known(route_file(here, NAME), replace(KNOWN, share=5))
    refresh_one(here, NAME, None, wall=lambda: KNOWN.written_at + 0.9)
    assert known(here).share == 5
    write_known(route_file(here, NAME), replace(KNOWN, share=5, reached=False))
    refresh_one(here, NAME, None, wall=lambda: KNOWN.written_at + 0.9)
    assert known(here).share == 0
    write_known(route_file(here, NAME), replace(KNOWN, share=5))
    refresh_one(here, NAME, None, wall=lambda: KNOWN.written_at + 1.1)
    assert known(here).share == 0
    write_known(route_file(here, NAME), replace(KNOWN, share=5))
    refresh_one(here, NAME, None, wall=lambda: KNOWN.written_at - 1)
    assert known(here).share == 0


def test_only_one_at_a_time(store: Store, here: str) -> None:
    """An older look must not replace a newer one: whoever meets another process at it leaves it alone."""
    from shadow.rollout.refreshing import _alone

    write_known(route_file(here, NAME), replace(KNOWN, share=5))

    def other() -> int:
        refresh_one(here, NAME, None)
        return int(known(here).share)

    with _alone(here, wait=True):
        assert in_a_process(other) == 5
    assert in_a_process(other) == 0


def test_a_file_that_cannot_be_written_grows_old(store: Store, here: str) -> None:
    """The round goes on with the other workflows, and nothing is raised."""
    router = Router(where=here, clocks=Clocks())
    for name in ("aaa", NAME):
        decide(router, name, "k", False)
    Path(route_file(here, "aaa")).mkdir(parents=True)
    assert refresh_all(router, None) is not None
    assert decide(router, "aaa", "k", False) is Reason.DAMAGED
    assert decide(router, NAME, "k", False) is Reason.OUTSIDE
