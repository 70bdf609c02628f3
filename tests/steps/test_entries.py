"""From a source's row to a case: what the contract accepts, and why the rest is set aside."""

from __future__ import annotations

from typing import Any

import pytest

from shadow.case import Arrival
from shadow.steps.entries import LONGEST, entry_of
from shadow.store.cases import Entry
from tests.steps.desk import CONTRACT, at

ROW: dict[str, Any] = {"customer": "k", "order": "o", "claim": 10, "country": "DE", "email": "a@example.org"}


def made(key: str | None = "a", **changed: Any) -> Entry:
    """The entry of a row."""
    row = {name: value for name, value in {**ROW, **changed}.items() if value != "(missing)"}
    return entry_of(CONTRACT, Arrival(id=key, arrived_at=at(), began_at=at(0, 1), input=row))


def test_a_right_row_is_a_case() -> None:
    """With its unit, its slices and both moments."""
    one = made()
    assert (one.aside, one.case.id, one.case.unit, one.case.slices) == ("", "a", "k", {"country": "DE"})
    assert (one.case.arrived_at, one.case.began_at) == (at(), at(0, 1))


@pytest.mark.parametrize(
    ("key", "changed", "why"),
    [
        (None, {}, "the row has no id"),
        ("x" * (LONGEST + 1), {}, "the id is longer than 200 characters"),
        ("a", {"customer": None}, "customer is missing"),
        ("a", {"customer": "(missing)"}, "customer is missing"),
        ("a", {"customer": "x" * (LONGEST + 1)}, "customer is longer than 200 characters"),
        ("a", {"order": "(missing)"}, "'order' is a required property"),
        ("a", {"claim": "much"}, "claim breaks 'type'"),
    ],
)
def test_what_the_contract_does_not_accept_is_set_aside(key: str | None, changed: dict[str, Any], why: str) -> None:
    """By reason; it is a case all the same, so that it is counted, and every database takes its id."""
    one = made(key, **changed)
    assert one.aside == why
    assert 0 < len(one.case.id) <= LONGEST
    assert len(one.case.unit) <= LONGEST


def test_a_reason_never_quotes_a_customer() -> None:
    """Only the place and the rule: the value may be what the contract hides."""
    assert "ann@example.org" not in made(claim="ann@example.org").aside
    assert "ann@example.org" not in made(order=["ann@example.org"]).aside


def test_rows_without_an_id_are_told_apart() -> None:
    """By what they hold; the same row twice is the same case."""
    keys = {made(None).case.id, made(None, claim=11).case.id, made("x" * 300).case.id, made("y" * 300).case.id}
    assert len(keys) == 4
    assert made(None).case.id == made(None).case.id


@pytest.mark.parametrize(("value", "said"), [(None, "(none)"), ({"a": 1}, "(none)"), ([1], "(none)"), (5, "5")])
def test_a_slice_is_a_word(value: Any, said: str) -> None:
    """Whatever is none has one value of its own."""
    assert made(country=value).case.slices == {"country": said}


def test_the_digest_is_of_the_clear_input() -> None:
    """It tells whether what is replayed is what was collected."""
    assert made().digest == made().digest
    assert made().digest != made(email="b@example.org").digest
