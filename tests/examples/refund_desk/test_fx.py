"""The rate service answers alike on every call, and counts calls only where it is asked to."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from shadow.doors.served import AsOf
from shadow.examples.refund_desk import fx

AT = AsOf(case_id="T1", as_of=datetime(2026, 9, 7, 10, tzinfo=UTC))


def test_rates_are_fixed_for_a_day_and_undo_each_other() -> None:
    """The same day has one rate, the next another; there and back is about 1."""
    there, back = (fx.on_day(*pair, AT.as_of) for pair in (("EUR", "USD"), ("USD", "EUR")))
    assert abs(there * back - 1) < Decimal("0.001")
    assert fx.on_day("EUR", "USD", AT.as_of.replace(hour=23)) == there
    assert fx.on_day("EUR", "USD", AT.as_of.replace(day=8)) != there
    assert fx.on_day("GBP", "GBP", AT.as_of) == 1


def test_each_call_leaves_a_line_with_its_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the variable set, two calls are two lines; without it no file is made."""
    fx.rate({"base": "EUR", "quote": "USD"}, AT)
    monkeypatch.setenv(fx.CALLS, str(tmp_path / "calls.log"))
    for _ in range(2):
        fx.rate({"base": "EUR", "quote": "USD"}, AT)
    assert (tmp_path / "calls.log").read_text() == "T1\nT1\n"


def test_an_unknown_currency_is_named() -> None:
    """It says which currency, and which ones there are."""
    with pytest.raises(ValueError, match="'XXX'; known: EUR, GBP, USD"):
        fx.rate({"base": "XXX", "quote": "EUR"}, AT)
