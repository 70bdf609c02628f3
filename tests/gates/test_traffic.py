"""Coverage and input drift: was it tried on what comes in, and does that still come in?"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from shadow.errors import ContractError
from shadow.evidence.evidence import Evidence
from shadow.evidence.judged import Standing
from shadow.evidence.novelty import missing_upper, novelty
from shadow.evidence.reference import Arrived, Reference, refer
from shadow.gates import Finding, Status, coverage, input_drift
from tests.evidence.rows import FIRST, evidence, ordered, row

SINCE = FIRST - timedelta(weeks=8)


def weeks_before(hours: list[int], *, saturdays: list[int] | None = None) -> Reference:
    """A case of each of 60 customers at one of these hours, on each weekday of eight weeks; Saturdays by themselves."""
    rows = []
    for n in range(56):
        day = SINCE + timedelta(days=n)
        at = (saturdays or []) if day.weekday() == 5 else hours
        if day.weekday() < 6 and at:
            rows += [Arrived(day, at[k % len(at)], f"u{k}", country(k)) for k in range(60)]
    return refer(rows, since=SINCE, until=FIRST)


def country(number: int) -> dict[str, str]:
    """Three of four DE."""
    return {"country": "FR" if number % 4 == 0 else "DE"}


def trial(hours: list[int], *, days: int = 14, skip: int = -1, known: Reference | None = None, **what: Any) -> Evidence:
    """60 unit-days a day at these hours, from Monday to Friday, but for one day that is skipped."""
    rows = [
        row(100 * d + k, day=d, hour=hours[k % len(hours)], slices=country(k), **what)
        for d in range(days)
        for k in range(60)
        if d % 7 < 5 and d != skip
    ]
    return evidence(ordered(rows), days=days, reference=known)


def test_what_the_weeks_before_held_must_be_seen_twice() -> None:
    """Office hours before and in the trial: a pass after two weeks, not with one Friday alone, which is named."""
    known = weeks_before([9, 14])
    assert coverage()(trial([9, 14], known=known)).status is Status.PASS
    found = coverage()(trial([9, 14], known=known, skip=4))
    assert found.status is Status.INCONCLUSIVE
    assert "a second date of Friday 06-12, Friday 12-18 (UTC)" in found.needs
    assert found.days == 5


def test_hours_that_were_never_tried_keep_it_open() -> None:
    """Half of the usual traffic comes at night, and the trial saw none of it."""
    found = coverage()(trial([9], known=weeks_before([9, 23])))
    assert found.status is Status.INCONCLUSIVE and "18-24" in found.needs
    assert found.numbers["covered"] == pytest.approx(0.5)


def test_a_share_is_enough_and_no_less() -> None:
    """Saturdays are one sixth of the usual traffic: 80 % asked for passes without them, 95 % does not."""
    seen = trial([9], known=weeks_before([9], saturdays=[9]))
    assert seen.reference is not None and seen.reference.cells[5, 9] == 480
    assert coverage(share=0.8)(seen).status is Status.PASS
    assert coverage(share=0.833)(seen).status is Status.PASS
    assert coverage(share=0.834)(seen).status is Status.INCONCLUSIVE


def test_without_weeks_before_the_whole_week_is_asked_for_and_it_is_said() -> None:
    """Five days of a week at all hours do not pass for seven; nor do all days without nights."""
    found = coverage()(trial(list(range(24))))
    assert found.status is Status.INCONCLUSIVE and "of the weeks before nothing is known" in found.reason
    rows = [row(100 * d + k, day=d, hour=9, slices=country(k)) for d in range(14) for k in range(60)]
    every_day = evidence(ordered(rows), days=14)
    assert coverage()(every_day).status is Status.INCONCLUSIVE
    assert coverage(parts=1)(every_day).status is Status.PASS


def test_one_part_of_the_week_seen_once_is_one_too_few_where_nothing_is_known() -> None:
    """27 of 28 are more than 95 %, and not every one; the date that is missing is named."""
    rows = [
        row(100 * d + k, day=d, hour=k % 24, slices=country(k))
        for d in range(14)
        for k in range(60)
        if d != 13 or k % 24 < 18
    ]
    found = coverage()(evidence(ordered(rows), days=14))
    assert found.status is Status.INCONCLUSIVE and found.numbers["cells_seen"] == 27
    assert found.needs == "a second date of Sunday 18-24 (UTC)" and found.days == 7


def test_an_hour_that_nobody_knows_is_not_seen() -> None:
    """Cases without an hour of arrival."""
    rows = [row(100 * d + k, day=d, slices=country(k)) for d in range(14) for k in range(60)]
    assert coverage(parts=1)(evidence(ordered(rows), days=14)).status is Status.INCONCLUSIVE


def test_dates_that_must_be_seen() -> None:
    """The 30th of January is still to come; a day that was seen passes; a past one has no forecast."""
    known = weeks_before([9])
    ahead = coverage(must_see=("2026-01-30",))(trial([9], known=known))
    assert ahead.status is Status.INCONCLUSIVE and ahead.days == 12 and "2026-01-30" in ahead.needs
    assert coverage(must_see=("2026-01-06",))(trial([9], known=known)).status is Status.PASS
    past = coverage(must_see=("2026-01-10",))(trial([9], known=known))
    assert past.status is Status.INCONCLUSIVE and past.days is None


def test_a_date_that_is_open_or_without_a_comparison_is_not_seen() -> None:
    """All of its cases are set aside, or one of them waits."""
    known, day = weeks_before([9]), "2026-01-16"
    assert coverage(must_see=(day,))(trial([9], known=known)).status is Status.PASS
    seen = trial([9], known=known, skip=11)
    rows = [row(9000 + k, day=11, hour=9, standing=Standing.SET_ASIDE, slices=country(k)) for k in range(60)]
    aside = evidence(ordered(rows), days=14).counts.merge(seen.counts)
    held = Evidence(counts=aside, look=seen.look, reference=known)
    assert date.fromisoformat(day) in held.closed
    assert coverage(share=0.75)(held).status is Status.PASS
    assert coverage(share=0.75, must_see=(day,))(held).status is Status.INCONCLUSIVE
    waits = evidence([row(9999, day=11, hour=9, standing=Standing.WAITING, slices=country(1))], days=14).counts
    still_open = Evidence(counts=trial([9], days=21, known=known).counts.merge(waits), look=seen.look, reference=known)
    assert coverage(share=0.75, must_see=("2026-01-15",))(still_open).status is Status.PASS
    assert coverage(share=0.75, must_see=(day,))(still_open).status is Status.INCONCLUSIVE


def test_kinds_that_keep_coming_keep_it_open() -> None:
    """One unit-day in ten brings a kind that was never met; none does: a pass."""
    known = weeks_before([9])
    rows = [
        row(100 * d + k, day=d, hour=9, slices={"country": f"x{d}-{k}" if k % 10 == 0 else "DE"})
        for d in range(14)
        for k in range(60)
        if d % 7 < 5
    ]
    found = coverage()(evidence(ordered(rows), days=14, reference=known))
    assert found.status is Status.INCONCLUSIVE and "a new kind of case" in found.needs
    assert float(found.numbers["missing_upper"]) > 0.1
    assert coverage(missing=0.2)(evidence(ordered(rows), days=14, reference=known)).status is Status.PASS


def test_what_is_missing_is_tested_at_the_error_rate() -> None:
    """Just above the upper limit at 5 % it passes; between that and the one at 10 % it does not."""
    seen = trial([9], known=weeks_before([9]))
    daily = novelty(seen.counts, seen.closed)
    sure, less = missing_upper(daily, 0.05), missing_upper(daily, 0.1)
    assert coverage(missing=1.01 * sure)(seen).status is Status.PASS
    assert coverage(missing=(sure + less) / 2)(seen).status is Status.INCONCLUSIVE


@pytest.mark.parametrize("dates", [("30.11.2026",), ("2026-13-01",), ("20261130",), "2026-11-30", (20261130,)])
def test_dates_are_dates(dates: Any) -> None:
    """Anything else is refused when the contract is written."""
    with pytest.raises(ContractError):
        coverage(must_see=dates)


@pytest.mark.parametrize("parts", [5, 7, 48])
def test_parts_divide_a_day(parts: int) -> None:
    """Into whole hours."""
    with pytest.raises(ContractError, match="parts"):
        coverage(parts=parts)


def test_an_alarm_stops_ready_and_names_what_moved() -> None:
    """From Tuesday of the second week on every case is FR."""
    rows = [
        row(100 * d + k, day=d, slices={"country": "FR"} if d >= 8 else country(k))
        for d in range(14)
        for k in range(60)
    ]
    for known in (None, weeks_before([9])):
        found = input_drift()(evidence(ordered(rows), days=14, reference=known))
        assert found.status is Status.INCONCLUSIVE and not found.rejects
        assert found.reason.startswith("Alarm") and "country" in found.reason
        assert input_drift()(trial([9], known=known)).status is Status.PASS


def test_an_alarm_holds_for_a_week() -> None:
    """Three days of other traffic, then as before: open for seven closed days after the last of them, no longer."""

    def look(days: int) -> Status:
        rows = [
            row(100 * d + k, day=d, slices={"country": "FR"} if 7 <= d < 9 else country(k))
            for d in range(days)
            for k in range(60)
        ]
        found: Finding = input_drift()(evidence(ordered(rows), days=days, reference=weeks_before([9])))
        return found.status

    found = [look(days) for days in range(7, 25)]
    assert found[0] is Status.PASS and found[2] is Status.INCONCLUSIVE
    assert all(status is Status.INCONCLUSIVE for status in found[2:9])
    assert found[-1] is Status.PASS


@pytest.mark.parametrize(
    ("days", "status"),
    [(5, Status.INCONCLUSIVE), (7, Status.INCONCLUSIVE), (13, Status.INCONCLUSIVE), (14, Status.PASS)],
)
def test_without_weeks_before_the_first_seven_days_stand_in(days: int, status: Status) -> None:
    """There is nothing to hold them against, so nothing is said; then it says how many are missing."""
    rows = [row(100 * d + k, day=d, slices=country(k)) for d in range(days) for k in range(60)]
    found = input_drift()(evidence(ordered(rows), days=days))
    assert found.status is status
    assert days == 14 or found.days == 14 - days


def test_without_slices_nothing_is_watched() -> None:
    """And nothing passes for it."""
    rows = [row(100 * d + k, day=d) for d in range(14) for k in range(60)]
    found = input_drift()(evidence(ordered(rows), days=14))
    assert found.status is Status.INCONCLUSIVE and "declares no slices" in found.reason


def test_days_without_a_case_are_days() -> None:
    """Closed weekends: what is missing is counted in calendar days (`moves.days_lacking`)."""
    rows = [row(100 * d + k, day=d, slices=country(k)) for d in range(5) for k in range(60)]
    rows += [row(100 * 7 + k, day=7, slices=country(k)) for k in range(60)]
    assert input_drift()(evidence(ordered(rows), days=8)).days == 6
