"""Control whenever in doubt: each doubt by name, hostile input, and the kill switch."""

from __future__ import annotations

import threading
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from shadow.rollout import deciding
from shadow.rollout.deciding import Reason
from shadow.rollout.kill import VARIABLE, killed_by, throw
from tests.rollout.desk import NAME, Machine
from tests.store.desk import at


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine on which everybody is the candidate's: whatever goes to the control does so for a doubt."""
    monkeypatch.delenv(VARIABLE, raising=False)
    made = Machine(tmp_path)
    made.know(share=100)
    return made


def test_without_a_doubt_it_is_the_candidates(machine: Machine) -> None:
    """The fixture's machine; every test below takes one thing away."""
    assert machine.ask() is Reason.DRAWN


def test_the_share_decides(machine: Machine) -> None:
    """None at 0 %, some at 50 %, and the same ones in another process."""
    machine.know(share=0)
    assert {machine.ask(f"k{number}") for number in range(100)} == {Reason.OUTSIDE}
    machine.know(share=50)
    first = [machine.ask(f"k{number}") for number in range(200)]
    assert 60 < first.count(Reason.DRAWN) < 140
    machine.router = machine.process()
    assert [machine.ask(f"k{number}") for number in range(200)] == first


def test_no_file(machine: Machine) -> None:
    """Never written, or taken away since."""
    machine.ask()
    machine.file.unlink()
    assert machine.ask() is Reason.UNKNOWN
    machine.know(share=100)
    assert machine.ask() is Reason.DRAWN


def test_a_damaged_file(machine: Machine) -> None:
    """Also one that was read well before."""
    machine.ask()
    machine.file.write_text(machine.file.read_text().replace("canary", "kanary"))
    assert machine.ask() is Reason.DAMAGED


def test_another_workflows_file(machine: Machine) -> None:
    """A file that was copied is none."""
    machine.know(share=100, workflow="mail")
    assert machine.ask() is Reason.DAMAGED


def test_a_file_that_may_not_be_read(machine: Machine) -> None:
    """A link that leads nowhere, or to itself."""
    machine.file.unlink()
    machine.file.symlink_to(machine.file)
    assert machine.ask() is Reason.UNKNOWN


def test_what_was_not_confirmed_for_a_minute(machine: Machine) -> None:
    """By the clock that nobody moves, although the other one stands still; a new look helps."""
    machine.ask()
    machine.ticks += 59.9
    assert machine.ask() is Reason.DRAWN
    machine.ticks += 0.2
    assert machine.ask() is Reason.OLD
    machine.know(share=100)
    assert machine.ask() is Reason.DRAWN


def test_an_old_file_at_the_first_look(machine: Machine) -> None:
    """A process that starts knows a file's age only by its stamp, and does not count from when it looked."""
    machine.wall += 40
    machine.router = machine.process()
    assert machine.ask() is Reason.DRAWN
    machine.ticks += 30
    assert machine.ask() is Reason.OLD
    machine.wall += 21
    machine.router = machine.process()
    assert machine.ask() is Reason.OLD


def test_the_clock_was_set_back(machine: Machine) -> None:
    """The file was written in the future: at the first look, and while the process runs."""
    machine.ask()
    machine.wall -= 3600
    assert machine.ask() is Reason.CLOCK
    machine.router = machine.process()
    assert machine.ask() is Reason.CLOCK
    machine.know(share=100)
    assert machine.ask() is Reason.DRAWN


def test_a_stamp_in_the_future_gives_no_longer_life(machine: Machine) -> None:
    """Once the clock is right again, a file that was met too early still ends a minute after it was met."""
    machine.know(share=100, written_at=machine.wall + 30)
    assert machine.ask() is Reason.CLOCK
    machine.wall, machine.ticks = machine.wall + 30, machine.ticks + 60
    assert machine.ask() is Reason.OLD


def test_the_clock_was_set_forward(machine: Machine) -> None:
    """Or the machine has slept, which the other clock does not count."""
    machine.ask()
    machine.wall += 3600
    assert machine.ask() is Reason.OLD


def test_the_store_was_not_reached(machine: Machine) -> None:
    """At the last look; that it was there before does not count."""
    machine.ask()
    machine.know(share=100, reached=False)
    assert machine.ask() is Reason.UNREACHED


def test_a_demonstration_gets_no_real_key(machine: Machine) -> None:
    """Only whoever asks for it, by the word and not by something that counts as a yes."""
    machine.know(share=100, demonstration=True)
    assert machine.ask() is Reason.DEMONSTRATION
    for other in (1, "yes", object(), [1]):
        assert machine.ask(demonstration=other) is Reason.DEMONSTRATION
    assert machine.ask(demonstration=True) is Reason.DRAWN


class Hostile(str):
    """Text that fails at whatever it is asked."""

    def _fail(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("asked")

    __eq__ = __hash__ = __len__ = __bool__ = __str__ = __repr__ = __getitem__ = encode = strip = _fail  # type: ignore[assignment]


class Pretender:
    """Says that it is text."""

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        raise RuntimeError("asked")


class Word(StrEnum):
    """A name as a constant."""

    DESK = "desk"


NO_KEYS = [None, "", 0, 7, 1.5, True, b"k1", ["k1"], {"k": 1}, object(), str, float("nan")]


@pytest.mark.parametrize("key", NO_KEYS, ids=lambda key: type(key).__name__)
def test_what_is_no_key(machine: Machine, key: object) -> None:
    """It goes to the control, and nothing is raised."""
    assert machine.ask(key) is Reason.KEY


@pytest.mark.parametrize("key", ["\ud800", "\x00", " ", "x" * 1_000_000, "../../etc", Word.DESK])
def test_strange_keys_are_keys(machine: Machine, key: str) -> None:
    """Text is text, whatever its class has made of itself."""
    assert machine.ask(key) is Reason.DRAWN


BAD_NAMES = [
    None, "", 7, b"desk", "Desk", "../desk", "desk/../desk", "desk\x00", "desk\n", " desk", "\ud800", "d" * 201,
]  # fmt: skip


@pytest.mark.parametrize("name", BAD_NAMES, ids=lambda name: repr(name)[:12])
def test_what_is_no_workflow(machine: Machine, name: object) -> None:
    """It goes to the control, and no file is looked for under it."""
    assert machine.ask(workflow=name) is Reason.WORKFLOW
    assert not machine.router.watched


def test_text_of_another_class_is_text(machine: Machine) -> None:
    """A constant, or text that fails at what it is asked."""
    assert machine.ask(Hostile("k1")) is Reason.DRAWN
    assert machine.ask(Hostile("")) is Reason.KEY
    assert machine.ask(workflow=Word.DESK) is Reason.DRAWN
    assert machine.ask(workflow=Hostile("desk")) is Reason.DRAWN


def test_what_only_pretends_to_be_text(machine: Machine) -> None:
    """It is not asked what it is."""
    assert machine.ask(Pretender()) is Reason.KEY
    assert machine.ask(workflow=Pretender()) is Reason.WORKFLOW


def test_names_made_up_for_each_call_do_not_fill_the_memory(machine: Machine) -> None:
    """From a number on they are not looked for; those that were known before still are."""
    machine.ask()
    for number in range(2 * deciding._MOST):
        machine.ask(workflow=f"w{number}")
    assert len(machine.router.watched) == deciding._MOST
    assert machine.ask(workflow="another") is Reason.WORKFLOW
    assert machine.ask() is Reason.DRAWN


@pytest.mark.parametrize(
    "value", ["1", "true", "ALL", "desk", "mail,desk", "mail desk", "desk;", "?", "Desk!", "0,desk"]
)
def test_the_variable_kills(machine: Machine, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """At the next decision; what is not understood kills too."""
    machine.ask()
    monkeypatch.setenv(VARIABLE, value)
    assert machine.ask() is Reason.KILLED
    monkeypatch.delenv(VARIABLE)
    assert machine.ask() is Reason.DRAWN


@pytest.mark.parametrize("value", ["", " ", "0", "off", "False", "mail", "mail,cases", "desk2"])
def test_the_variable_does_not_kill(machine: Machine, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """Off, or another workflow."""
    monkeypatch.setenv(VARIABLE, value)
    assert machine.ask() is Reason.DRAWN


@pytest.mark.parametrize("name", ["kill", "kill-desk"])
def test_a_file_kills(machine: Machine, name: str) -> None:
    """At the next decision, whatever is in it; taken away, it kills no more."""
    machine.ask()
    (machine.where / name).touch()
    assert machine.ask() is Reason.KILLED
    (machine.where / name).unlink()
    (machine.where / "kill-mail").touch()
    assert machine.ask() is Reason.DRAWN
    (machine.where / name).mkdir()
    assert machine.ask() is Reason.KILLED


def test_the_switch_is_thrown_without_a_database(machine: Machine) -> None:
    """Twice does no harm; the file says who and why, on lines that nobody can break out of."""
    for why in ("too many refunds\n{}", "again \ud800"):
        path = throw(str(machine.where), NAME, who="os:ann@host", why=why, now=at(1))
    assert machine.ask() is Reason.KILLED
    assert len(Path(path).read_text(encoding="utf-8").splitlines()) == 2
    assert "os:ann@host" in Path(path).read_text(encoding="utf-8")


def test_the_home_is_gone(machine: Machine) -> None:
    """With everything in it."""
    machine.ask()
    machine.where.rename(f"{machine.where}-gone")
    assert machine.ask() is Reason.UNKNOWN


def test_every_word_is_understood_one_way() -> None:
    """What is parsed once is parsed the same."""
    assert "desk" in killed_by("1") and "desk" not in killed_by("0")


def test_a_refresher_that_cannot_start_does_no_harm(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """No thread may be had: the decision stands on the file alone, and it is not tried at every decision."""
    tried = []

    class NoThread(threading.Thread):
        def start(self) -> None:
            tried.append(1)
            raise RuntimeError("can't start new thread")

    machine.router.refresher = tried.append
    monkeypatch.setattr(threading, "Thread", NoThread)
    assert machine.ask() is Reason.DRAWN
    machine.file.unlink()
    for _ in range(10):
        assert machine.ask() is Reason.UNKNOWN
    assert len(tried) == 1
    machine.ticks += deciding.INTERVAL_S
    assert machine.ask() is Reason.UNKNOWN
    assert len(tried) == 2
