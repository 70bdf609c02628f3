"""What is refused before a case is taken, by name and with what to do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from shadow.cage import probe as probe_room
from shadow.cage.attest import attest
from shadow.case import Case
from shadow.errors import BindingError, CandidateError, ContainmentUnavailable, SourceError, UsageError
from shadow.observation import Ending
from shadow.replay import ISOLATION, Limits, replay
from shadow.replay import isolation as isolation_room
from tests.replay.desk import CONTRACT, bindings, candidate, case, held, one, run


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("import nowhere_to_be_found", "No module named 'nowhere_to_be_found'"),
        ("def handel(case, tools): return {}", "did you mean 'handel'?"),
        ("handle = 3", "cannot be called"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("import os; print('so long', flush=True); os._exit(4)", "so long"),
        ("import ctypes; ctypes.string_at(0)", "ended while it was imported"),
        ("def handle(case tools): pass", "SyntaxError"),
    ],
)
def test_a_candidate_that_cannot_be_imported_is_refused_before_any_case(tmp_path: Path, source: str, says: str) -> None:
    """The error says what happened and what to do; no case is taken."""

    def no_case() -> Iterator[Case]:
        raise AssertionError("a case was taken")
        yield case()

    with pytest.raises(CandidateError) as caught:
        run(candidate(tmp_path, source), no_case())
    assert says in str(caught.value) and "to do: " in str(caught.value)


def test_a_candidate_that_changed_since_it_was_pinned_is_refused(tmp_path: Path) -> None:
    """Evidence never names another code than the one that ran."""
    agent = candidate(tmp_path, "def handle(case, tools): return {}")
    (tmp_path / "agent.py").write_text("def handle(case, tools): return {'other': 1}")
    with pytest.raises(CandidateError, match="no longer what was pinned"):
        run(agent, [case()])


def test_bindings_are_checked_before_the_candidate_is_started(tmp_path: Path) -> None:
    """A tool without a binding, and a callable that is not there, stop the run before any case."""
    agent = candidate(tmp_path, "raise RuntimeError('was imported')")
    with pytest.raises(BindingError, match=r"refund\.issue has no binding"):
        replay([], agent, contract=CONTRACT, bindings={}, experiment="e")
    from shadow.doors.bindings import python

    wrong = {**bindings(), "told": python("nowhere_at_all:f")}
    with pytest.raises(BindingError, match="nowhere_at_all"):
        replay([], agent, contract=CONTRACT, bindings=wrong, experiment="e")


def test_an_input_that_is_no_json_is_the_sources_error(tmp_path: Path) -> None:
    """It is never charged to the candidate."""
    with pytest.raises(SourceError, match=r"case c1: input\.x is a set"):
        list(run(candidate(tmp_path, "def handle(case, tools): return {}"), [case(1, x={1})]))


def test_limits_are_above_zero() -> None:
    """A limit of nothing is refused by name."""
    with pytest.raises(UsageError, match=r"limits\.calls"):
        Limits(calls=0)


def test_isolation_is_said_in_so_many_words(tmp_path: Path, isolation: str) -> None:
    """Nobody can read the words of the one as those of the other."""
    running = run(candidate(tmp_path, "def handle(case, tools): return {}"), [])
    assert running.isolation.startswith("kernel: ") is (isolation == "kernel")
    assert (running.isolation == ISOLATION == "cooperative, not enforced") is (isolation == "cooperative")
    assert len(running.isolation) <= 60
    assert list(running) == []


def test_an_unknown_isolation_is_refused(tmp_path: Path) -> None:
    """A candidate that cannot be held as asked is not run."""
    with pytest.raises(CandidateError, match="no such isolation here"):
        run(candidate(tmp_path, "raise RuntimeError('was imported')"), [case()], isolation="kernal")


@held("kernel")
@pytest.mark.parametrize("missing", ["seccomp filters with a listener", "Landlock"])
def test_where_the_floor_is_missing_nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    """The kernel's cage is never replaced by less; less is asked for by name."""
    floor = replace(probe_room.look(), missing=(missing,))
    monkeypatch.setattr(isolation_room, "look", lambda: floor)
    monkeypatch.setattr(probe_room, "look", lambda: floor)
    agent = candidate(tmp_path, "def handle(case, tools): return {}")
    with pytest.raises(ContainmentUnavailable, match=missing):
        run(agent, [case()])
    assert (isolation_room.best(), isolation_room.why_not()) == ("cooperative", missing)
    assert one(agent, isolation="cooperative").ending is Ending.FINISHED


@held("kernel")
def test_a_process_that_is_not_held_runs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the kernel says of the process decides, not what the process says of itself."""
    from shadow.replay import nursery

    bare = attest(os.getpid())  # what a process looks like that is in no cage
    monkeypatch.setattr(nursery, "attest", lambda pid: bare)
    agent = candidate(tmp_path, f"open({str(tmp_path / 'ran')!r}, 'w')\ndef handle(case, tools): return {{}}")
    with pytest.raises(ContainmentUnavailable, match="NoNewPrivs: 0"):
        run(agent, [case()])


def test_a_label_does_not_change_what_is_run(tmp_path: Path) -> None:
    """The pin covers the code, not its name."""
    agent = candidate(tmp_path, "def handle(case, tools): return {}")
    assert one(replace(agent, label="other")).ending is Ending.FINISHED
