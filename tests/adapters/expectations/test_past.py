"""The margins: wide for few rows, narrow for many, never below chance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shadow.adapters.expectations.past import divergence, gap, most, past, volume
from shadow.adapters.expectations.profile import Profile
from shadow.adapters.expectations.table import Table

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
DAY = timedelta(days=1)


def empty(day: int, *, length: timedelta = DAY) -> Table:
    """A window without rows: margins look at its span alone."""
    start = MONDAY + day * DAY
    return Table(
        start=start,
        end=start + length,
        ids=(),
        moments=(),
        fields=(),
        cells={},
        absent=frozenset(),
        units=(),
        slices=(),
    )


def profile(day: int, rows: int, *, length: timedelta = DAY) -> Profile:
    """A sound window of so many rows, silent for its last two hours."""
    start = MONDAY + day * DAY
    return Profile(start=start, end=start + length, rows=rows, end_gap_h=2.0, widest_gap_h=3.0)


@pytest.mark.parametrize("rows", [1, 5, 20, 357, 10_000])
def test_more_is_allowed_than_was_seen_and_the_share_shrinks(rows: int) -> None:
    """The allowed count exceeds the expected one; the share allowed falls with the number of rows."""
    allowed = most(rows, share=0.02, known=2_000, extra=0.05)
    assert allowed >= 3
    assert allowed > 0.07 * rows
    assert allowed / rows >= most(10 * rows, share=0.02, known=2_000, extra=0.05) / (10 * rows)


def test_a_short_past_allows_more_than_a_long_one() -> None:
    """What was measured on few rows is itself uncertain."""
    assert most(357, share=0.02, known=50) > most(357, share=0.02, known=5_000)


def test_volume_is_held_to_the_same_weekday() -> None:
    """Sundays to Sundays; half of 350 rows is too few, and half a Sunday is too."""
    days = [profile(day, 214 if day % 7 == 6 else 357) for day in range(14)]
    low, high = volume(past(days, empty(14))) or (0, 0)
    assert 178 + 3 * 13 < low < 357 - 4 * 19
    assert high >= 1.7 * 357
    low, high = volume(past(days, empty(20))) or (0, 0)
    assert 107 + 2 * 10 < low < 214 - 3 * 15


def test_volume_without_the_weekday_is_held_loosely_and_without_a_past_not_at_all() -> None:
    """0.4 to 2.5 times the other days."""
    low, high = volume(past([profile(0, 1_000)], empty(1))) or (0, 0)
    assert (low, high) == (400, 2_500)
    assert volume(past([], empty(1))) is None


def test_restless_volumes_widen_the_bounds() -> None:
    """Days that vary more than chance alone are seen to."""
    calm = [profile(day, 100) for day in range(28)]
    restless = [profile(day, 60 if day % 14 < 7 else 140) for day in range(28)]
    assert (volume(past(restless, empty(28))) or (0, 0))[0] < (volume(past(calm, empty(28))) or (0, 0))[0]


def test_windows_of_another_length_are_no_peers() -> None:
    """An hour's volume says nothing here about a day's."""
    found = past([profile(0, 15, length=timedelta(hours=1)), profile(1, 357)], empty(8))
    assert len(found.all) == 2
    assert [one.rows for one in found.peers] == [one.rows for one in found.same] == [357]


def test_hourly_windows_are_held_to_the_same_hour_of_the_week() -> None:
    """Three o'clock on a Monday is not noon on a Monday."""
    hour = timedelta(hours=1)
    night = Profile(start=MONDAY + 3 * hour, end=MONDAY + 4 * hour, rows=2)
    noon = Profile(start=MONDAY + 12 * hour, end=MONDAY + 13 * hour, rows=40)
    data = empty(7, length=hour)
    later = Table(
        **{name: getattr(data, name) for name in Table.__slots__}
        | {"start": data.start + 12 * hour, "end": data.end + 12 * hour}
    )
    assert past([night, noon], later).same == (noon,)


def test_silence_is_held_to_the_longest_one_seen() -> None:
    """Looser before the weekday is known; nobody knows without a past."""
    known = past([profile(0, 360), profile(1, 360)], empty(7))
    assert gap(known, hours=24, end=True) == pytest.approx(2 + 3 + 12 * 24 / 360)
    assert gap(known, hours=24, end=False) == pytest.approx(3 + 3 + 12 * 24 / 360)
    unknown = past([profile(0, 360)], empty(6))
    assert gap(unknown, hours=24, end=True) == pytest.approx(2 + 3 + 12 * 24 / 360 + 12)
    assert gap(past([], empty(0)), hours=24, end=True) is None


def test_divergence_grows_with_categories_and_shrinks_with_rows() -> None:
    """At six deviations of the chi-square: with 4 degrees of freedom about 52 (Wilson-Hilferty)."""
    assert divergence(5, rows=10**9, known=10**9) == pytest.approx(0.08, abs=1e-6)
    assert divergence(5, rows=200, known=10**9) == pytest.approx(0.08 + 52.5 / 400, abs=0.003)
    assert divergence(30, rows=357, known=714) > divergence(5, rows=357, known=714)
