"""Rows of evidence for tests: one case, a few, or whole days of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from shadow.contract.model import Severity
from shadow.evidence.evidence import Evidence
from shadow.evidence.judged import Judged, Standing
from shadow.evidence.tally import tally

FIRST = date(2026, 1, 5)  # a Monday


def midnight(days: int) -> datetime:
    """The look after so many whole days."""
    return datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC) + timedelta(days=days)


def row(number: int, *, day: int = 0, unit: str = "", **what: Any) -> Judged:
    """One compared case on which both sides agree, unless `what` says otherwise."""
    given = {"standing": Standing.COMPARED, "duration_s": 1.0, "cost_usd": 0.01, **what}
    return Judged(case_id=f"c{number:06d}", unit=unit or f"u{number:06d}", day=FIRST + timedelta(days=day), **given)


def discrepancy(grade: Severity, *, labelled: bool = False, confirmed: bool = False) -> dict[str, Any]:
    """What `row` takes for a discrepancy; confirmed means labelled at its grade."""
    return {
        "agreement": False,
        "grade": grade,
        "labelled": labelled or confirmed,
        "confirmed": grade if confirmed else None,
    }


def ordered(rows: Iterable[Judged]) -> list[Judged]:
    """As `tally` wants them."""
    return sorted(rows, key=lambda case: (case.day, case.unit, case.case_id))


def days_of(cases: int, *, days: int, special: dict[int, dict[str, Any]] | None = None, **common: Any) -> list[Judged]:
    """So many cases spread evenly over so many days; `special` says what is different about a few, by number.

    `common` holds for all of them; where a value is callable, it is called with the number.
    """
    wild = special or {}

    def given(number: int) -> dict[str, Any]:
        told = {name: value(number) if callable(value) else value for name, value in common.items()}
        return {**told, **wild.get(number, {})}

    return ordered(row(number, day=number * days // cases, **given(number)) for number in range(cases))


def evidence(rows: Iterable[Judged], *, days: int, **what: Any) -> Evidence:
    """Evidence at the look after `days` whole days, validated and priced unless `what` says otherwise."""
    look = midnight(days)
    given = {"price_known": True, "validated": days, **what}
    return Evidence(counts=tally(rows, look), look=look, **given)
