"""Four weeks of a full desk, four windows of it corrupted: each is stopped and named, and no sound one is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from benchmarks.trial import Trial, trial
from shadow import steps
from shadow.adapters.airflow.sound import examine, was_stopped
from shadow.adapters.expectations.result import Validation
from shadow.case import Arrival, Settlement
from shadow.examples.refund_desk.home import Recipe
from shadow.setup import Setup
from shadow.sources import Source
from shadow.store.registry import run_notes
from tests.whole.desk import window

LABEL, DAYS = "version 2", 28
Rows = list[Arrival]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrupted:
    """A source whose arrivals of one window come out wrong; the rest, and all outcomes, as they are."""

    sound: Source
    spoil: Callable[[Rows], Rows]
    start: datetime
    end: datetime

    def arrivals(self, start: datetime, end: datetime) -> Iterator[Arrival]:
        """Rows before the window, then its own, spoilt."""
        if start < self.start:
            yield from self.sound.arrivals(start, min(end, self.start))
        if end > self.start:
            first = max(start, self.start)
            yield from (row for row in self.spoil(list(self.sound.arrivals(first, min(end, self.end)))))

    def settled(self, start: datetime, end: datetime) -> Iterator[Settlement]:
        return self.sound.settled(start, end)

    def spec(self) -> dict[str, Any]:
        return self.sound.spec()


def _with(row: Arrival, **changes: Any) -> Arrival:
    return replace(row, input={**row.input, **changes})


def in_cents(rows: Rows) -> Rows:
    """Claims in the minor unit: x 100."""
    return [_with(row, claim=row.input["claim"] and round(row.input["claim"] * 100, 2)) for row in rows]


def null_flood(rows: Rows) -> Rows:
    """The country is gone from six rows of ten."""
    rng = Random(14)
    return [_with(row, country=None) if rng.random() < 0.6 else row for row in rows]


def doubled_keys(rows: Rows) -> Rows:
    """Three rows of ten come twice."""
    rng = Random(15)
    return sorted(rows + [row for row in rows if rng.random() < 0.3], key=lambda row: (row.arrived_at, str(row.id)))


def half_the_volume(rows: Rows) -> Rows:
    """Every other row is missing."""
    return rows[::2]


def filled(rows: Rows, column: str) -> int:
    """Rows that have a value there."""
    return sum(row.input[column] is not None for row in rows)


def sharing(rows: Rows) -> int:
    """Rows that share their id with another row."""
    ids = [row.id for row in rows]
    return sum(ids.count(key) > 1 for key in ids if key is not None)


# day of week 3: what is done to it, the column that must be named, and how many rows the rows themselves say
CORRUPTIONS: dict[int, tuple[Callable[[Rows], Rows], str, Callable[[Rows], int]]] = {
    14: (in_cents, "claim", lambda rows: len(rows)),
    15: (null_flood, "country", lambda rows: len(rows) - filled(rows, "country")),
    17: (doubled_keys, "id", sharing),
    18: (half_the_volume, "", len),
}


def _begun(one: Trial, setup: Setup, day: int) -> str:
    start, end = window(day)
    experiment = steps.preflight(one.store, setup, candidate=LABEL)
    return str(steps.begin(one.store, setup, experiment=experiment, start=start, end=end))


def _corrupt(one: Trial, day: int) -> tuple[Setup, Corrupted]:
    start, end = window(day)
    source = Corrupted(sound=one.setup.source, spoil=CORRUPTIONS[day][0], start=start, end=end)
    return replace(one.setup, source=source), source


def _stopped(one: Trial, day: int) -> Validation:
    """Take the spoilt window as far as it comes, and hold what is said of it to the rows themselves."""
    setup, source = _corrupt(one, day)
    _, column, count = CORRUPTIONS[day]
    run = _begun(one, setup, day)
    steps.collect(one.store, setup, run)
    found = examine(one.store, setup, run)
    rows = list(source.arrivals(*window(day)))
    named = {problem.column: problem for problem in found.problems}
    assert not found.ok and was_stopped(one.store, run)
    assert set(named) == {column}, found.problems
    assert count(rows) in [problem.count for problem in found.problems], found.problems
    assert steps.plan(one.store, setup, run) == []  # nothing is spent on it
    assessed = steps.assess(one.store, setup, run)
    assert assessed["verdict"] == "inconclusive" and "data_quality" in assessed["open"]
    assert any(problem.what in reason for problem in found.problems for reason in assessed["reasons"])
    return found


@pytest.mark.slow
def test_four_corrupted_windows_are_stopped_and_no_sound_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unit x 100, a null flood, doubled keys, half the volume: column and count; mended, each goes on; 28 pass."""
    monkeypatch.setenv("SHADOW_CONN_DESK_RO", "")
    one = trial(tmp_path, Recipe(seed=42))
    sound = []
    for day in range(DAYS):
        if day in CORRUPTIONS:
            told = _stopped(one, day)
            print(f"day {day}: " + "; ".join(f"{p.column or 'the table'}: {p.what}" for p in told.problems))
        run = _begun(one, one.setup, day)
        found = examine(one.store, one.setup, run)
        assert found.ok, (day, found.problems)
        sound.append(found.rows)
        if day in CORRUPTIONS:
            steps.collect(one.store, one.setup, run)
            assert steps.plan(one.store, one.setup, run), "mended, it goes on"
            counts = run_notes(one.store, run)["counts"]
            assert (
                counts["taken"] > 100 and counts["aside"] < 0.04 * counts["taken"]
            )  # what the fault set aside is back
    print(f"{len(sound)} sound windows of {min(sound)} to {max(sound)} rows, none stopped")
    assert len(sound) == DAYS
