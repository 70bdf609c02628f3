"""`shadow rollback`, `stage show`, `route` and `audit`: what they say, and their exit codes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shadow.cli import main
from shadow.cli.rollout import operator
from shadow.places import home
from shadow.rollout import promote, routing
from shadow.rollout.deciding import Reason, Router, decide
from shadow.store import Store
from shadow.store.ledger import entries, verify
from shadow.store.stages import Stage, stages_of
from tests.approval.conftest import empty_url, postgres, postgres_ready, store  # noqa: F401
from tests.approval.desk import NOW, edit
from tests.rollout.desk import NAME, approved

Out = tuple[int, str, str]
Run = Callable[..., Out]


@pytest.fixture
def shadow(
    store: Store,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Any:
    """`shadow("rollback", "desk")`: exit code, stdout, stderr; on a store in which the desk was promoted."""
    monkeypatch.setenv("SHADOW_STORE_URL", store.engine.url.render_as_string(hide_password=False))
    promote(store, approved(store).id, now=NOW + timedelta(hours=1))

    def run(*words: str) -> Out:
        code = main(words)
        said = capsys.readouterr()
        return code, said.out, said.err

    yield run
    held, routing._mine = routing._mine, None
    if held is not None:
        routing.close(held[1])
        if held[1].thread is not None:
            held[1].thread.join(30)


def killed() -> bool:
    """Whether this machine's switch sends the desk's keys to the control."""
    return decide(Router(where=home()), NAME, "k", True) is Reason.KILLED


def test_rollback(shadow: Run, store: Store) -> None:  # noqa: F811
    """Recorded, by the account at the keyboard; other machines' delay is said."""
    code, out, err = shadow("rollback", NAME, "--why", "too many refunds")
    assert (code, err) == (0, "")
    row = stages_of(store, NAME)[-1]
    assert (row.stage, row.who, row.why) == (Stage.SHADOW, operator(), "too many refunds")
    assert re.fullmatch(r"os:[^@]+@.+", row.who) and row.who in out and verify(store).hash[:12] in out
    assert not killed()
    assert shadow("rollback", NAME, "--why", "again", "--who", "ann")[0] == 0
    assert stages_of(store, NAME)[-1].who == "ann"


def test_a_rollback_of_nothing_known(shadow: Run, store: Store) -> None:  # noqa: F811
    """A mistyped name, no reason: wrong use, and nothing is stopped or written."""
    for words in (["dask", "--why", "x"], ["../desk", "--why", "x"], [NAME, "--why", " "]):
        code, out, err = shadow("rollback", *words)
        assert (code, out) == (2, "") and err.startswith("shadow: ")
    assert len(stages_of(store, NAME)) == 1
    assert not list(Path(home()).glob("kill*"))


@pytest.mark.parametrize("url", ["postgresql://ann:secret@127.0.0.1:1/none", "sqlite:///nowhere/at-all.db"])
def test_a_rollback_without_a_store(shadow: Run, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """This machine is stopped all the same; loudly, with what was not done and what is to be done."""
    monkeypatch.setenv("SHADOW_STORE_URL", url)
    code, out, err = shadow("rollback", NAME, "--why", "it burns", "--who", "ann")
    assert (code, out) == (1, "")
    assert killed()
    assert "NOT ROLLED BACK IN THE STORE" in err and "ON THIS MACHINE ONLY" in err and "secret" not in err
    assert "once the store is back" in err
    said = json.loads(Path(home(), "kill-desk").read_text(encoding="utf-8"))
    assert (said["who"], said["why"]) == ("ann", "it burns")


def test_a_store_that_fails_half_way(shadow: Run, store: Store) -> None:  # noqa: F811
    """It opens, and its tables are not there: stopped on this machine."""
    edit(store, "alter table shadow_stage rename to gone")
    try:
        code, _, err = shadow("rollback", NAME, "--why", "it burns")
    finally:
        edit(store, "alter table gone rename to shadow_stage")
    assert code == 1 and killed() and "NOT ROLLED BACK" in err


def test_neither_store_nor_switch(shadow: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing was stopped: that is said first of all, and what still can be done."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("SHADOW_HOME", str(tmp_path / "file"))
    monkeypatch.setenv("SHADOW_STORE_URL", "postgresql://ann@127.0.0.1:1/none")
    code, _, err = shadow("rollback", NAME, "--why", "it burns")
    assert code == 1
    assert "NOTHING WAS STOPPED" in err and "SHADOW_KILL=desk" in err


def test_a_rollback_on_a_broken_ledger(shadow: Run, store: Store) -> None:  # noqa: F811
    """It counts, and whoever asked for it learns of the other thing too."""
    edit(store, "update shadow_ledger set workflow = 'mail' where seq = 2")
    code, out, err = shadow("rollback", NAME, "--why", "it burns")
    assert code == 0 and "rolled back" in out
    assert "row 2 was edited" in err
    assert stages_of(store, NAME)[-1].stage is Stage.SHADOW


def test_stage_show(shadow: Run) -> None:
    """Where it stands, then every change; as data too; an unknown name is one."""
    code, out, _ = shadow("stage", "show", NAME)
    assert code == 0
    assert out.splitlines()[0] == "desk: canary 1 % (demonstration: no real key)"
    assert "ines, tom: approved on the verdict 'ready (demonstration)'" in out
    shadow("rollback", NAME, "--why", "it\x1b[2Jburns")
    out = shadow("stage", "show", NAME)[1]
    assert "shadow 0 %" in out and "\x1b" not in out
    assert [row["stage"] for row in json.loads(shadow("stage", "show", NAME, "--json")[1])] == ["canary", "shadow"]
    assert shadow("stage", "show", "dask")[0] == 2


def test_route(shadow: Run) -> None:
    """Asked as a demonstration the share, unasked none; the reason beside."""
    sides = {number: shadow("route", NAME, f"k{number}", "--demonstration")[1].split()[0] for number in range(300)}
    chosen = [number for number, side in sides.items() if side == "candidate"]
    assert 0 < len(chosen) < 20
    code, out, _ = shadow("route", NAME, f"k{chosen[0]}")
    assert code == 0 and out.startswith("control\n  the stage is a demonstration's")
    found = json.loads(shadow("route", NAME, f"k{chosen[0]}", "--demonstration", "--json")[1])
    assert (found["side"], found["known"]["share"]) == ("candidate", 1)
    shadow("rollback", NAME, "--why", "it burns")
    assert shadow("route", NAME, f"k{chosen[0]}", "--demonstration")[1].startswith("control\n")
    assert shadow("route", "No Name", "k")[1].startswith("control\n  that is no name")


def test_route_without_a_store(shadow: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control, and why."""
    monkeypatch.setenv("SHADOW_STORE_URL", "postgresql://ann@127.0.0.1:1/none")
    code, out, _ = shadow("route", NAME, "k")
    assert code == 0 and out.startswith("control\n  the store could not be asked\n") and "; the store: " in out


def test_audit_verify(shadow: Run, store: Store) -> None:  # noqa: F811
    """All is well, with the anchor that people were told."""
    chain = verify(store)
    code, out, err = shadow("audit", "verify")
    assert (code, err) == (0, "") and f"{chain.seq}:{chain.hash}" in out
    assert shadow("audit", "verify", "--anchor", f"{chain.seq}:{chain.hash[:12]}")[0] == 0
    assert json.loads(shadow("audit", "verify", "--json")[1])["ok"] is True


BREAKS = {
    "edit": ("update shadow_ledger set body = replace(body, 'tom', 'eve') where seq = 3", "row 3 was edited"),
    "event": ("update shadow_ledger set event = 'nonsense' where seq = 3", "row 3 was edited"),
    "deletion": ("delete from shadow_ledger where seq = 3", "row 3 is missing"),
    "first row": ("delete from shadow_ledger where seq = 1", "row 1 is missing"),
    "renumbered": ("update shadow_ledger set seq = seq + 100 where seq > 2", "row 3 is missing"),
    "table": ("update shadow_vote set reason = 'never said' where person = 'tom'", "was edited: reason"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_audit_finds(shadow: Run, store: Store, name: str) -> None:  # noqa: F811
    """Exit code 1, and where."""
    edit(store, BREAKS[name][0])
    code, _, err = shadow("audit", "verify")
    assert code == 1 and BREAKS[name][1] in err
    assert shadow("audit", "verify", "--json")[0] == 1


def test_audit_finds_a_swap(shadow: Run, store: Store) -> None:  # noqa: F811
    """Two rows change places, with their numbers made right."""
    for old, new in ((2, 902), (3, 2), (902, 3)):
        edit(store, f"update shadow_ledger set seq = {new} where seq = {old}")
    code, _, err = shadow("audit", "verify")
    assert code == 1 and "row 2 does not follow" in err


def test_audit_finds_a_cut_tail_by_its_anchor(shadow: Run, store: Store) -> None:  # noqa: F811
    """The chain that is left holds; the row that people were told is not in it."""
    shadow("rollback", NAME, "--why", "it burns")
    told = verify(store)
    edit(store, f"delete from shadow_ledger where seq = {told.seq}")
    edit(store, "delete from shadow_stage where number = 2")
    assert shadow("audit", "verify")[0] == 0
    code, _, err = shadow("audit", "verify", "--anchor", f"{told.seq}:{told.hash[:12]}")
    assert code == 1 and "cut off" in err


@pytest.mark.parametrize(
    "anchor", ["", "3", "3:", ":abcdef012345", "3:abc", "x:abcdef012345", "3:" + "g" * 12, "²:" + "a" * 12]
)
def test_an_anchor_that_is_none(shadow: Run, anchor: str) -> None:
    """Wrong use, with its form."""
    code, _, err = shadow("audit", "verify", "--anchor", anchor)
    assert code == 2 and "12 to 64 digits" in err


def test_audit_show(shadow: Run, store: Store) -> None:  # noqa: F811
    """A row a line, also of one request; a reason that steers terminals does not."""
    shadow("rollback", NAME, "--why", "it\x1b[2Jburns\nnow")
    code, out, _ = shadow("audit", "show")
    assert code == 0 and "\x1b" not in out
    assert len(out.splitlines()) == verify(store).count
    one = stages_of(store, NAME)[0].request
    only = shadow("audit", "show", "--request", one)[1].splitlines()
    assert len(only) == len(list(entries(store, subject=one))) and "promoted" in only[-1]
    assert len(json.loads(shadow("audit", "show", "--workflow", NAME, "--json")[1])) == verify(store).count
    assert "no such row" in shadow("audit", "show", "--workflow", "mail")[1]
    edit(store, "update shadow_ledger set event = 'nonsense' where seq = 2")
    assert shadow("audit", "show")[0] == 2


def test_no_store_is_made_by_asking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An audit of an empty home is wrong use, not a good record."""
    monkeypatch.delenv("SHADOW_STORE_URL", raising=False)
    monkeypatch.setenv("SHADOW_HOME", str(tmp_path / "empty"))
    assert main(["audit", "verify"]) == 2
    assert not (tmp_path / "empty" / "store.db").exists()
