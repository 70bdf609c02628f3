"""Enough closed days, every weekday twice."""

from __future__ import annotations

from shadow.evidence.judged import Standing
from shadow.gates import Status, calendar
from tests.evidence.rows import days_of, evidence, ordered, row


def test_fourteen_closed_days_pass_and_thirteen_do_not() -> None:
    """And thirteen say that one more is needed."""
    assert calendar(days=14)(evidence(days_of(28, days=14), days=14)).status is Status.PASS
    short = calendar(days=14)(evidence(days_of(26, days=13), days=13))
    assert short.status is Status.INCONCLUSIVE
    assert (short.needs, short.days) == ("1 more closed day", 1)


def test_a_day_without_a_compared_case_does_not_count() -> None:
    """A closed day of which everything was set aside is no day seen."""
    rows = days_of(14, days=14, special={3: {"standing": Standing.SET_ASIDE}})
    assert calendar(days=14)(evidence(rows, days=14)).numbers["closed_days"] == 13


def test_an_open_day_does_not_count_nor_what_follows() -> None:
    """A case of the third day still waits: two closed days."""
    rows = days_of(14, days=14, special={2: {"standing": Standing.WAITING}})
    found = calendar(days=3)(evidence(rows, days=14))
    assert found.numbers["closed_days"] == 2
    assert found.status is Status.INCONCLUSIVE


def test_every_weekday_is_seen_twice() -> None:
    """Twenty days without Sundays are not two whole weeks; a Sunday that comes late is waited for."""
    rows = ordered(row(n, day=day) for n, day in enumerate(d for d in range(23) if d % 7 != 6))
    found = calendar(days=14)(evidence(rows, days=23))
    assert found.status is Status.INCONCLUSIVE
    assert "Sunday not seen twice" in found.reason
    assert calendar(days=13)(evidence(rows, days=23)).status is Status.PASS
    assert found.days == 12
