"""Words that several gates say, and the checks of parameters that they share."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

from shadow.gates.finding import Finding, Number, Status


def percent(share: float) -> str:
    """A share in percent with three significant digits, as `0.213 %`."""
    return f"{share * 100:.3g} %"


def many(number: float, noun: str) -> str:
    """`1 case`, `2,100 cases`; parts are rounded to a tenth."""
    shown = f"{number:,.0f}" if number == round(number) else f"{number:,.1f}"
    return f"{shown} {noun}" if number == 1 else f"{shown} {noun}s"


def nothing_yet(gate: str, days: float | None, numbers: Mapping[str, Number] | None = None) -> Finding:
    """What every gate says before the first day is closed: never a pass."""
    return Finding(
        gate=gate,
        status=Status.INCONCLUSIVE,
        reason="No arrival day with a compared case is closed yet.",
        needs="the first closed day: every case of it settled or set aside, every label in or its time over",
        days=days,
        numbers=numbers or {},
    )


def check_share(name: str, value: float) -> None:
    """Raises ValueError unless 0 < value < 1; NaN, text and truth values do not pass."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1:
        raise ValueError(f"{name} must be a number above 0 and below 1, not {value!r}")


def check_positive(name: str, value: float) -> None:
    """Raises ValueError unless the value is a finite number above 0."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not (isfinite(value) and value > 0):
        raise ValueError(f"{name} must be a finite number above 0, not {value!r}")


def check_whole(name: str, value: int) -> None:
    """Raises ValueError unless the value is a whole number from 1 on."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} must be a whole number from 1 on, not {value!r}")
