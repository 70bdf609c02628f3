"""Arrivals as columns: flattening, nulls, numbers, categories."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from shadow.adapters.expectations.fields import fields
from shadow.adapters.expectations.table import Table, categories, number, numeric, series, table
from shadow.case import Arrival

START = datetime(2026, 11, 2, tzinfo=UTC)
Make = Callable[..., Any]


def made(desk: Make, schema: dict[str, Any], inputs: list[dict[str, Any]]) -> Table:
    """A table of these inputs, an hour's arrivals one second apart."""
    contract = desk(1, accepts={"properties": schema}, unit="u", slices=("kind",), redact=()).contract
    rows = [
        Arrival(id=str(place), arrived_at=(at := START + timedelta(seconds=place)), began_at=at, input=one)
        for place, one in enumerate(inputs)
    ]
    return table(rows, contract=contract, window=(START, START + timedelta(hours=1)))


def test_one_level_of_objects_is_flattened(desk: Make) -> None:
    """Deeper objects and lists are only filled or not; references are followed; an absent key is known."""
    person = {"type": "object", "properties": {"name": {}, "home": {"type": "object"}}}
    contract = desk(1, accepts={"properties": {"p": {"$ref": "#/defs/p"}, "x": True}, "defs": {"p": person}})
    assert [field.name for field in fields(contract.contract)] == ["p.name", "p.home", "x"]
    data = made(desk, {"p": person, "x": {}}, [{"p": {"name": "a", "home": {"city": "b"}}}, {"p": None}, {}])
    assert data.cells == {
        "p.name": ("a", None, None),
        "p.home": ("(nested)", None, None),
        "x": (None, None, None),
    }
    assert data.absent == {"x"}


@pytest.mark.parametrize("nothing", [None, float("nan"), Decimal("NaN"), "", "  ", [], {}])
def test_what_says_nothing_is_null(desk: Make, nothing: Any) -> None:
    """NaN, blank text and empty containers are nulls; zero and false are not."""
    data = made(desk, {"a": {}}, [{"a": nothing}, {"a": 0}, {"a": False}, {"a": "0"}])
    assert data.cells["a"] == (None, 0.0, "false", "0")
    assert data.filled("a") == 3


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("12.50", 12.5), ("-3", -3.0), (" 1e3 ", 1000.0), ("1,5", None), ("twelve", None), ("nan", None)],
)
def test_decimal_text_is_a_number(cell: str, expected: float | None) -> None:
    """Only what a program would write; an infinite or worded number is none."""
    assert number(cell) == expected
    assert number(None) is number("1e999") is number(float("inf")) is None


def test_which_columns_hold_numbers(desk: Make) -> None:
    """Decimal text and numbers do; codes in digits, ids and mostly words do not, unless declared."""
    names = ("price", "zip", "u", "note", "amount")
    rows = [
        {"price": f"{n}.50", "zip": f"{10_000 + n}", "u": n, "note": f"word {n}", "amount": "none"} for n in range(40)
    ]
    data = made(desk, {name: {} for name in names}, rows)
    found = {field.name: numeric(data, field) for field in data.fields}
    assert found == {"price": True, "zip": False, "u": False, "note": False, "amount": True}


def test_categories_repeat_and_are_few(desk: Make) -> None:
    """Thirty short values that repeat are categories; more, sentences and lists are not."""
    rows = [
        {
            "kind": f"k{n % 30}",
            "note": f"n{n % 31}",
            "list": [n],
            "few": n % 7 == 0,
            "said": "please help me " * 3,
        }
        for n in range(310)
    ]
    data = made(desk, {name: {} for name in ("kind", "note", "list", "few", "said")}, rows)
    found = {field.name: len(categories(data, field)) for field in data.fields}
    assert found == {"kind": 30, "note": 0, "list": 0, "few": 2, "said": 0}
    short = made(desk, {"kind": {}}, rows[:100])
    assert categories(short, short.fields[0]) == {}


def test_sizes_are_split_by_unit_and_slice(desk: Make) -> None:
    """Signs are dropped, zeros and words left out; one value a row."""
    rows = [{"amount": "-2.0", "currency": "EUR", "kind": "a"}] * 5
    rows += [{"amount": "0.00", "currency": "USD", "kind": "a"}] * 5 + [{"amount": "x", "currency": "USD", "kind": "a"}]
    data = made(desk, {name: {} for name in ("amount", "currency", "kind")}, rows)
    found = series(data, ["amount"])
    assert list(found) == [
        "amount",
        "amount where currency is EUR",
        "amount where currency is USD",
        "amount where kind is a",
    ]
    assert found["amount"] == found["amount where currency is EUR"] == (2.0,) * 5 + (None,) * 6
    assert set(found["amount where currency is USD"]) == {None}


def test_gaps_count_from_the_windows_start(desk: Make) -> None:
    """In order of arrival, whatever the order of rows."""
    data = made(desk, {"a": {}}, [{}, {}, {}])
    assert [round(gap * 3600) for gap in data.gaps()] == [0, 1, 1]
