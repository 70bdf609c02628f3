"""What may pass a door, and how what may not is named."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadow.doors.plain import dumps, loads, one_line, plain, safe_text, unfit

TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda below: st.lists(below) | st.dictionaries(TEXT, below),
    max_leaves=20,
)


@given(JSON)
def test_json_data_passes_unchanged(data: Any) -> None:
    """It is found fit, and comes back equal from its text."""
    assert unfit(data) == "" and plain(data) == data and loads(dumps(data)) == data


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        ({"a": [1, {"b": float("nan")}]}, "value.a[1].b is NaN"),
        ({"a": float("inf")}, "value.a is Infinity"),
        ({"a": b"x"}, "value.a is a bytes, which JSON lacks"),
        ({"a": Decimal(1)}, "value.a is a Decimal, which JSON lacks"),
        ({1: 2}, "value has a name that is a int, not text"),
        ("\ud800", "value holds half a character (a lone surrogate)"),
        ({"a\x00": 1}, "a name in value holds the character U+0000"),
    ],
)
def test_what_is_unfit_is_named_by_its_place(data: Any, wrong: str) -> None:
    """The first such place, as one would write it."""
    assert unfit(data) == wrong


def test_what_databases_give_becomes_text() -> None:
    """Decimal keeps its digits, moments are ISO 8601; what is left over is named by type."""
    row = {"d": Decimal("1.50"), "at": datetime(2026, 1, 2, tzinfo=UTC), "day": date(2026, 1, 2), "t": (1, 2)}
    assert plain(row) == {"d": "1.50", "at": "2026-01-02T00:00:00+00:00", "day": "2026-01-02", "t": [1, 2]}
    with pytest.raises(TypeError, match=r"answer\.b is a bytes"):
        plain({"b": b""}, "answer")


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "[Infinity]",
        '{"a": 1, "a": 1}',
        "1e999",
        "-1e999",
        "[" * 200_000,
        "",
        "{",
        '"\ud800'.encode("utf-8", "surrogatepass"),
    ],
)
def test_texts_that_are_not_strictly_json_are_refused(text: Any) -> None:
    """Each with ValueError, whatever the parser would have made of it."""
    with pytest.raises(ValueError):
        loads(text)


def test_texts_are_made_safe_to_store() -> None:
    """No NUL, no lone surrogate, no more than was allowed; one line is the first that says something."""
    assert safe_text("a\x00b\ud800c", 4) == "\ufffdb?c"
    assert one_line("\n  \n first \n second") == "first"
    json.dumps(one_line("x" * 1000)).encode()
    assert len(one_line("x" * 1000)) == 300
