"""Exchange rates, served to the desk and, by a python binding, to candidates: the same on every call.

Each call is counted, where the environment asks for it, so that a test can see which cases were
taken through a candidate twice.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

CALLS = "REFUND_DESK_CALLS"  # environment: a file that gets one line, the case's id, for each call
_PER_EUR = {"EUR": Decimal("1"), "GBP": Decimal("0.86"), "USD": Decimal("1.09")}


class Moment(Protocol):
    """What a python binding is told besides the arguments."""

    @property
    def case_id(self) -> str: ...
    @property
    def as_of(self) -> datetime: ...


def on_day(base: str, quote: str, at: datetime) -> Decimal:
    """Units of `quote` for one unit of `base` on the UTC day of `at`, four decimals; 1 for the same currency."""
    if base == quote:
        return Decimal(1)
    return (_per_eur(quote, at) / _per_eur(base, at)).quantize(Decimal("0.0001"))


def rate(args: Mapping[str, Any], moment: Moment) -> dict[str, Any]:
    """The tool `fx.rate`: `{"base": str, "quote": str, "rate": decimal text}`; ValueError on an unknown currency."""
    base, quote = str(args["base"]), str(args["quote"])
    for currency in (base, quote):
        if currency not in _PER_EUR:
            raise ValueError(f"no rate for {currency!r}; known: {', '.join(_PER_EUR)}")
    _count(moment.case_id)
    return {"base": base, "quote": quote, "rate": str(on_day(base, quote, moment.as_of))}


def _per_eur(currency: str, at: datetime) -> Decimal:
    digest = hashlib.blake2b(f"{currency}:{at.astimezone(UTC):%Y-%m-%d}".encode(), digest_size=2).digest()
    wiggle = Decimal(int.from_bytes(digest) % 201 - 100) / 10000 if currency != "EUR" else Decimal(0)
    return _PER_EUR[currency] * (1 + wiggle)


def _count(case_id: str) -> None:
    path = os.environ.get(CALLS)
    if not path:
        return
    # one write of one short line in append mode: lines of several processes do not mix
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(handle, f"{case_id}\n".encode())
    finally:
        os.close(handle)
