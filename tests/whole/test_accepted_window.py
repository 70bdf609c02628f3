"""A window that validation stopped can be taken as sound, on somebody's word, for exactly what was found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.trial import Trial, trial
from shadow import steps
from shadow.adapters.airflow.sound import examine, was_stopped
from shadow.errors import UsageError
from shadow.examples.refund_desk.home import Recipe
from shadow.setup import Setup
from shadow.store.registry import accept_window, profiles
from tests.whole.desk import window
from tests.whole.test_corrupted_windows import LABEL, Corrupted, Rows, doubled_keys, in_cents

NOW = datetime(2026, 10, 1, tzinfo=UTC)


def _begun(one: Trial) -> tuple[str, str]:
    start, end = window(0)
    experiment = steps.preflight(one.store, one.setup, candidate=LABEL)
    return experiment, steps.begin(one.store, one.setup, experiment=experiment, start=start, end=end)


def _spoilt(one: Trial, spoil: Callable[[Rows], Rows]) -> Setup:
    start, end = window(0)
    return replace(one.setup, source=Corrupted(sound=one.setup.source, spoil=spoil, start=start, end=end))


@pytest.fixture
def one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trial:
    """A small desk; its connection is put back after the test."""
    monkeypatch.setenv("SHADOW_CONN_DESK_RO", "")
    return trial(tmp_path, Recipe(seed=43, days=2, scale=0.3))


def test_an_accepted_window_goes_on_and_becomes_a_reference(one: Trial) -> None:
    """Stopped, it is no reference; accepted, examining it again lets it pass and says on whose word."""
    experiment, run = _begun(one)
    setup = _spoilt(one, in_cents)
    steps.collect(one.store, setup, run)
    assert not examine(one.store, setup, run).ok and was_stopped(one.store, run)
    assert profiles(one.store, "refund-desk", before=NOW) == []
    start, end = window(0)
    accepted = accept_window(one.store, experiment, start=start, end=end, who="ines", why="new unit", now=NOW)
    assert accepted == run and len(profiles(one.store, "refund-desk", before=NOW)) == 1
    again = examine(one.store, setup, run)
    assert again.ok and again.problems and any("ines" in note and "new unit" in note for note in again.notes)
    assert not was_stopped(one.store, run)


def test_the_word_holds_for_what_was_found_alone(one: Trial) -> None:
    """Other problems in the same window stop it again."""
    experiment, run = _begun(one)
    assert not examine(one.store, _spoilt(one, in_cents), run).ok
    start, end = window(0)
    accept_window(one.store, experiment, start=start, end=end, who="ines", why="new unit", now=NOW)
    assert not examine(one.store, _spoilt(one, doubled_keys), run).ok
    assert was_stopped(one.store, run)


@pytest.mark.parametrize(("who", "why"), [("", "new unit"), ("ines", " ")])
def test_a_person_and_a_reason_are_needed(one: Trial, who: str, why: str) -> None:
    """Nobody's word, or a word without a reason, is refused; so is one on a window that was never stopped."""
    experiment, run = _begun(one)
    start, end = window(0)
    with pytest.raises(UsageError, match="no such window"):
        accept_window(one.store, experiment, start=start, end=end, who="ines", why="x", now=NOW)
    assert not examine(one.store, _spoilt(one, in_cents), run).ok
    with pytest.raises(UsageError, match="a person and a reason"):
        accept_window(one.store, experiment, start=start, end=end, who=who, why=why, now=NOW)
