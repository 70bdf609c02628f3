"""Validation of one window: sound windows pass, corrupted ones are stopped and named."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from shadow.adapters.expectations.validate import Profile, Validation, validate

SEEDS = range(int(os.environ.get("VALIDATE_SEEDS", "1")))  # 40 for a figure worth writing down
WEEK3 = range(14, 21)
Make = Callable[..., Any]


def named(result: Validation, column: str) -> dict[str, int]:
    """Expectation to count, of the problems of one column."""
    return {problem.expectation: problem.count for problem in result.problems if problem.column == column}


def hundredfold(value: str | None) -> str | None:
    """A change from the currency's unit to its hundredth."""
    return str(Decimal(value) * 100) if value else value


def days(seed: int) -> list[int]:
    """A day of week 3; all seven when many seeds are asked for."""
    return list(WEEK3) if len(SEEDS) > 1 else random.Random(seed).sample(WEEK3, 1)


def test_no_sound_window_is_stopped(desk: Make) -> None:
    """28 windows a seed, each held to all sound ones before it, the first without any."""
    stopped = []
    for seed in SEEDS:
        one = desk(seed)
        reference: list[Profile] = []
        for day in range(28):
            result = validate(one.arrivals(day), contract=one.contract, window=one.window(day), reference=reference)
            stopped += [(seed, day, problem.what) for problem in result.problems]
            reference.append(result.profile)
    print(f"{len(SEEDS)} seeds x 28 sound windows: {len(stopped)} problems")
    assert not stopped


@pytest.mark.parametrize("daily", [6, 40])
def test_small_windows_are_not_stopped_by_chance(desk: Make, daily: int) -> None:
    """A handful of rows a day moves shares, medians and silences a lot; the margins know."""
    one = desk(5, daily=daily)
    for day in (6, 15):
        result = one.validate(day, one.arrivals(day))
        assert result.ok, result.problems


@pytest.mark.parametrize("seed", SEEDS)
def test_a_changed_unit_is_stopped(desk: Make, changed: Make, seed: int) -> None:
    """Amounts x 100: the median names all rows; each value out of range is counted."""
    one = desk(seed)
    for day in days(seed):
        rows = changed(one.arrivals(day), lambda place, row: True, amount=hundredfold)
        result = one.validate(day, rows)
        found = named(result, "amount")
        assert len(result.problems) == len(found) == 2  # no currency and no country says it again
        assert found["expect_column_median_to_be_between"] == len(rows)
        highest = max(profile.numbers["amount"].high for profile in one.profiles(range(day)))
        beyond = sum(float(row.input["amount"] or 0) > 2 * highest for row in rows)
        assert found["expect_column_values_to_be_between"] == beyond > 0


@pytest.mark.parametrize("seed", SEEDS)
def test_a_unit_changed_in_one_currency_alone_is_stopped(desk: Make, changed: Make, seed: int) -> None:
    """The smallest currency is 12 % of rows; the problem names the column and the currency."""
    one = desk(seed)
    for day in days(seed):
        rows = changed(one.arrivals(day), lambda place, row: row.input["currency"] == "GBP", amount=hundredfold)
        result = one.validate(day, rows)
        assert {problem.column for problem in result.problems} == {"amount"}
        assert any("currency is GBP" in problem.what for problem in result.problems)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("column", "share"), [("channel", 0.6), ("amount", 0.6), ("country", 0.25)])
def test_a_null_flood_is_stopped(desk: Make, changed: Make, seed: int, column: str, share: float) -> None:
    """The column is named alone, with exactly the number of its nulls, blank texts included."""
    one, rng = desk(seed), random.Random(seed)
    for day in days(seed):
        rows = changed(one.arrivals(day), lambda place, row: rng.random() < share, **{column: lambda old: None})
        result = one.validate(day, rows)
        empty = sum(not row.input[column] for row in rows)
        assert [(problem.column, problem.count) for problem in result.problems] == [(column, empty)]
        assert f"{column} is null in {empty} of {len(rows)} rows" in result.problems[0].what


@pytest.mark.parametrize("seed", SEEDS)
def test_doubled_keys_are_stopped(desk: Make, seed: int) -> None:
    """30 % of rows twice; every row that shares its id is counted."""
    one, rng = desk(seed), random.Random(seed)
    for day in days(seed):
        rows = one.arrivals(day)
        rows += [row for row in rows if rng.random() < 0.3]
        ids = [row.id for row in rows]
        found = named(one.validate(day, rows), "id")
        assert found == {"expect_column_values_to_be_unique": sum(ids.count(one_id) > 1 for one_id in ids)}


@pytest.mark.parametrize("seed", SEEDS)
def test_half_the_volume_is_stopped(desk: Make, seed: int) -> None:
    """Every other row is gone; the table is named with the rows that are left."""
    one = desk(seed)
    for day in days(seed):
        rows = one.arrivals(day)[::2]
        result = one.validate(day, rows)
        assert named(result, "") == {"expect_table_row_count_to_be_between": len(rows)}
        assert f"{len(rows)} rows arrived" in result.problems[-1].what


def test_words_for_numbers_are_stopped(desk: Make, changed: Make) -> None:
    """Words where amounts were; nulls are not words, and the values are not repeated."""
    one = desk(3)
    rows = changed(one.arrivals(9), lambda place, row: True, amount=lambda old: old and "twelve")
    result = one.validate(9, rows)
    filled = sum(bool(row.input["amount"]) for row in rows)
    assert named(result, "amount") == {"expect_column_values_to_be_in_set": filled}
    assert "twelve" not in str(result.to_json())


def test_a_silence_is_stopped(desk: Make) -> None:
    """Nothing after 16:00, or nothing for six hours of the day."""
    one = desk(4)
    start, rows = one.window(15)[0], one.arrivals(15)
    early = [row for row in rows if row.arrived_at < start + timedelta(hours=16)]
    assert "expect_column_max_to_be_between" in named(one.validate(15, early), "arrived_at")
    torn = [row for row in rows if not 10 <= (row.arrived_at - start) / timedelta(hours=1) < 17]
    assert named(one.validate(15, torn), "arrived_at") == {"expect_column_values_to_be_between": 1}


def test_moved_categories_are_stopped(desk: Make, changed: Make) -> None:
    """Unknown values, and known ones in other shares."""
    one = desk(6)
    shouted = changed(one.arrivals(16), lambda place, row: place % 2 == 0, channel=lambda old: old.upper())
    count = sum(row.input["channel"].isupper() for row in shouted)
    assert named(one.validate(16, shouted), "channel")["expect_column_values_to_be_in_set"] == count
    moved = changed(one.arrivals(16), lambda place, row: place % 3 == 0, channel=lambda old: "form")
    found = named(one.validate(16, moved), "channel")
    assert found == {"expect_column_kl_divergence_to_be_less_than": len(moved)}


def test_rows_outside_the_window_are_stopped(desk: Make) -> None:
    """The window is half-open: a row at its end belongs to the next one."""
    one = desk(7)
    late = replace(one.arrivals(1)[0], id="late", arrived_at=one.window(1)[1])
    result = one.validate(1, [*one.arrivals(1), late])
    assert named(result, "arrived_at")["expect_column_values_to_be_between"] == 1


def test_without_a_past_it_says_so_and_checks_keys_nulls_and_units(desk: Make, changed: Make) -> None:
    """The first window of a workflow: what a past would tell is a note, not a pass in silence."""
    one = desk(8)
    sound = one.validate(0, one.arrivals(0))
    assert sound.ok
    assert sound.notes[0] == "no earlier window to compare with: keys, nulls and units only"
    assert any("unit of amount is not checked" in note for note in sound.notes)
    rows = one.arrivals(0)
    assert named(one.validate(0, rows + rows[:60]), "id") == {"expect_column_values_to_be_unique": 120 + 2}
    nameless = changed(rows, lambda place, row: place < 120, channel=lambda old: "")
    assert named(one.validate(0, nameless), "channel") == {"expect_column_values_to_not_be_null": 120}
    crowded = changed(rows, lambda place, row: place < 40, items=lambda old: 100 * old)
    beyond = sum(row.input["items"] > 50 for row in crowded)
    assert named(one.validate(0, crowded), "items") == {"expect_column_values_to_be_between": beyond}


def test_a_first_sunday_is_not_stopped_for_being_a_sunday(desk: Make) -> None:
    """Six weekdays are its only past; what is not compared is named."""
    one = desk(9)
    result = one.validate(6, one.arrivals(6))
    assert result.ok
    assert "no earlier Sunday" in result.notes[0]
