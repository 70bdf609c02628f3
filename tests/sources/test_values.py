"""Moments and JSON values from a database's row."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from shadow.errors import SourceError
from shadow.sources.values import moment, plain, style_of

BERLIN = ZoneInfo("Europe/Berlin")


def read(value: Any) -> datetime:
    """As a column `at` of row 7, naive ones in Berlin."""
    return moment(value, naive=BERLIN, where="row 7", column="at")


def test_a_moment_is_aware_utc() -> None:
    """From text or datetime, with a zone or without."""
    nine = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
    for value in ("2026-11-01T09:00:00Z", "2026-11-01 10:00:00", datetime(2026, 11, 1, 10, 0), nine):
        assert read(value) == nine
        assert read(value).tzinfo is UTC


@pytest.mark.parametrize("value", [None, "", "yesterday", 1793523600, 1.5, date(2026, 11, 1), "2026-13-01", b"x"])
def test_anything_else_is_no_moment(value: Any) -> None:
    """Row, column and value are named."""
    with pytest.raises(SourceError, match=r"row 7: at is no moment; seen: "):
        read(value)


def test_the_first_and_last_moments_of_the_calendar_are_errors_and_no_crash() -> None:
    """Converting them to UTC leaves the calendar."""
    with pytest.raises(SourceError, match="out of range"):
        read(datetime(1, 1, 1))


def test_values_become_json() -> None:
    """Decimals keep their digits; what JSON does not know becomes text that no number schema takes."""
    row = {
        "price": Decimal("19.90"),
        "day": date(2026, 11, 1),
        "at": datetime(2026, 11, 1, 9, 0, tzinfo=UTC),
        "id": UUID(int=1),
        "bad": float("nan"),
        "tags": ("a", {"n": Decimal(1)}),
        "yes": True,
    }
    assert plain(row, where="row", column="c") == {
        "price": "19.90",
        "day": "2026-11-01",
        "at": "2026-11-01T09:00:00+00:00",
        "id": "00000000-0000-0000-0000-000000000001",
        "bad": "nan",
        "tags": ["a", {"n": "1"}],
        "yes": True,
    }


@pytest.mark.parametrize("value", [b"x", memoryview(b"x"), object(), {1, 2}, [b"x"]])
def test_what_has_no_json_form_is_an_error(value: Any) -> None:
    """At any depth."""
    with pytest.raises(SourceError, match="row 7: photo holds"):
        plain(value, where="row 7", column="photo")


@pytest.mark.parametrize(
    ("sample", "end"),
    [
        ("2026-01-01T00:00:00Z", "2026-11-01T09:00:00"),
        ("2026-01-01 00:00:00+00:00", "2026-11-01 09:00:00"),
        ("2026-01-01 00:00:00", "2026-11-01 10:00:00"),
        (datetime(2026, 1, 1), datetime(2026, 11, 1, 10, 0)),
        (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 11, 1, 9, 0, tzinfo=UTC)),
    ],
)
def test_a_windows_end_is_written_as_the_column_writes(sample: Any, end: Any) -> None:
    """Text as text in the same spelling, moments as moments with or without a zone."""
    style = style_of(sample, naive=BERLIN, dialect="sqlite")
    assert style.bound(datetime(2026, 11, 1, 9, 0, tzinfo=UTC)) == end
