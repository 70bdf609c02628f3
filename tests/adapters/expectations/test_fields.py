"""What the contract's schema says of each column."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shadow.adapters.expectations.fields import fields, unit_columns


def test_the_contract_says_what_a_column_is(desk: Callable[..., Any]) -> None:
    """Required, nullable, numeric, bounded, key, secret: each read from the contract alone."""
    contract = desk(1).contract
    found = {field.name: field for field in fields(contract)}
    assert [name for name, field in found.items() if field.filled] == [
        "customer_id",
        "order_id",
        "amount",
        "currency",
        "channel",
    ]
    assert found["country"].needed and not found["country"].filled  # a slice
    assert not found["message"].needed
    assert [name for name, field in found.items() if field.number] == ["amount", "items"]
    assert (found["items"].low, found["items"].high) == (1.0, 50.0)
    assert [name for name, field in found.items() if field.key] == ["customer_id", "order_id"]
    assert [name for name, field in found.items() if field.secret] == ["customer.phone"]
    assert unit_columns(contract) == ("currency",)


def test_null_is_allowed_in_each_of_its_spellings(desk: Callable[..., Any]) -> None:
    """A required column that may be null is needed, and may be null."""
    ways = {
        "a": {"type": ["string", "null"]},
        "b": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "c": {"enum": ["x", None]},
        "d": {"type": "string"},
    }
    contract = desk(1, accepts={"required": list(ways), "properties": ways}, slices=()).contract
    found = fields(contract)
    assert [field.filled for field in found] == [False, False, False, True]
    assert all(field.needed for field in found)


def test_an_object_that_is_not_required_requires_nothing_within(desk: Callable[..., Any]) -> None:
    """Required all the way down, or not required."""
    inner = {"type": "object", "required": ["a"], "properties": {"a": {}}}
    schema = {"required": ["must"], "properties": {"must": inner, "may": inner}}
    contract = desk(1, accepts=schema, slices=()).contract
    assert {field.name: field.filled for field in fields(contract)} == {"must.a": True, "may.a": False}
