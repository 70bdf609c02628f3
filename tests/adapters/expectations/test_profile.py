"""The profile says what was in the window, in plain data."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from shadow.adapters.expectations.profile import Profile, profile_of
from shadow.adapters.expectations.table import table


def test_it_counts_what_is_there(desk: Callable[..., Any]) -> None:
    """Against counts made by hand from the same rows."""
    one = desk(2)
    rows, profile = one.arrivals(6), one.profile(6)
    assert profile.rows == len(rows)
    assert profile.weekday == "Sunday"
    assert profile.newest == max(row.arrived_at for row in rows)
    blank = sum(not row.input["amount"] for row in rows)
    assert profile.nulls["amount"] == pytest.approx(blank / len(rows))
    mail = sum(row.input["channel"] == "mail" for row in rows)
    assert profile.categories["channel"]["mail"] == pytest.approx(mail / len(rows))
    ids = [row.id for row in rows]
    assert profile.doubled == pytest.approx(sum(ids.count(i) > 1 for i in ids) / len(ids))
    pounds = sorted(float(r.input["amount"]) for r in rows if r.input["amount"] and r.input["currency"] == "GBP")
    spread = profile.numbers["amount where currency is GBP"]
    assert spread.count == len(pounds)
    assert spread.median == pounds[round((len(pounds) - 1) / 2)]
    assert spread.low == pounds[0] <= spread.quarter <= spread.median <= spread.three_quarters <= spread.high
    assert (one.window(6)[1] - profile.newest).total_seconds() / 3600 == pytest.approx(profile.end_gap_h)


def test_it_travels_as_json_and_keeps_no_free_text(desk: Callable[..., Any]) -> None:
    """Equal after the way through text; customers' words and ids are not in it."""
    profile = desk(3).profile(0)
    text = json.dumps(profile.to_json(), allow_nan=False)
    assert Profile.from_json(json.loads(text)) == profile
    assert "please look at" not in text
    assert '"u1' not in text


def test_an_empty_window_has_a_profile_too(desk: Callable[..., Any]) -> None:
    """It is never a reference, but its validation is stored."""
    one = desk(4)
    profile = profile_of(table([], contract=one.contract, window=one.window(1)))
    assert (profile.rows, profile.newest, profile.end_gap_h) == (0, None, 24.0)
    assert Profile.from_json(json.loads(json.dumps(profile.to_json()))) == profile
