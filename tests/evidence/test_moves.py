"""Has the traffic changed: what is watched, and against what."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from math import log

from shadow.evidence.counts import Table
from shadow.evidence.drift import ecusum, mean_log
from shadow.evidence.evidence import Evidence
from shadow.evidence.moves import WARM_UP, before, watched
from shadow.evidence.reference import Arrived, refer
from tests.evidence.rows import FIRST, evidence, ordered, row


def trial(country: Callable[[int, int], str], *, days: int = 21, known: bool = False) -> Evidence:
    """100 unit-days a day; each one's country by day and number. Before: three of four DE, where known."""
    rows = ordered(row(1000 * d + n, day=d, slices={"country": country(d, n)}) for d in range(days) for n in range(100))
    since = FIRST - timedelta(weeks=8)
    past = [
        Arrived(since + timedelta(days=d), 9, f"u{n}", {"country": usual(d, n)}) for d in range(56) for n in range(50)
    ]
    return evidence(rows, days=days, reference=refer(past, since=since, until=FIRST) if known else None)


def usual(day: int, number: int) -> str:
    """Three of four DE."""
    return "FR" if number % 4 == 0 else "DE"


def alarms(seen: Evidence) -> list[str]:
    """What rises above a thousand at any time, and whether the mean does."""
    found = watched(seen.counts, before(seen), novel=0.05, moved=0.1)
    mean = [mean_log([one.path[d] for one in found], [1 / len(found)] * len(found)) for d in range(len(found[0].path))]
    return [one.what for one in found if max(one.path) >= log(1000)] if max(mean) >= log(1000) else []


def test_as_before_is_silent() -> None:
    """Against the weeks before, or against the first week where nobody knows of these."""
    assert alarms(trial(usual, known=True)) == []
    assert alarms(trial(usual)) == []


def sundays_differ(day: int, number: int) -> str:
    """Three of four DE, and on Sundays one of four."""
    return usual(day, number) if (FIRST + timedelta(days=day)).weekday() < 6 else "DE" if number % 4 == 0 else "FR"


def test_a_weekly_profile_is_no_change() -> None:
    """What Sundays bring is other than what Mondays bring, week after week; a day by itself would raise an alarm."""
    seen = trial(sundays_differ, days=42)
    assert alarms(seen) == []
    then = before(seen)
    daily = [
        sum(cells[Table.SLICES].get(("country", "FR", 1, 0), 0) for cells in (seen.counts.days[d],)) for d in then.days
    ]
    assert max(ecusum([(often, 100) for often in daily], then.values["country", "FR"] / then.unit_days + 0.1)) > log(
        1000
    )


def test_sundays_that_change_are_seen() -> None:
    """More of the week's traffic than is allowed, though six days are as they were."""
    told = alarms(trial(lambda d, n: usual(d, n) if d % 7 < 5 or d < 14 else f"x{n % 2}", days=42))
    assert "more of country (new)" in told


def test_a_share_that_moves_is_told_both_ways() -> None:
    """From the tenth day on half of them are FR: more of the one, less of the other."""
    moved = trial(lambda d, n: usual(d, n) if d < 10 else "FR" if n % 2 else "DE")
    assert alarms(moved) == ["less of country DE", "more of country FR"]


def test_a_change_at_the_start_is_seen_against_the_weeks_before_alone() -> None:
    """A trial that began with other traffic than usual cannot know it by itself."""
    for known, told in ((True, ["less of country DE", "more of country FR"]), (False, [])):
        assert alarms(trial(lambda d, n: "FR" if n % 2 else "DE", known=known)) == told


def test_new_values_count_together_and_as_new_kinds() -> None:
    """A fifth of the traffic in values that each come once."""
    fresh = trial(lambda d, n: f"x{d}-{n}" if n < 20 and d >= 10 else usual(d, n), known=True)
    told = alarms(fresh)
    assert "new kinds of cases" in told and "more of country (new)" in told


def test_the_first_week_stands_in_and_is_not_judged() -> None:
    """Seven closed days; with the weeks before known, every day is judged."""
    assert before(trial(usual, days=9)).days == tuple(FIRST + timedelta(days=d) for d in range(WARM_UP, 9))
    assert before(trial(usual, days=WARM_UP)).days == ()
    assert len(before(trial(usual, days=9, known=True)).days) == 9


def test_a_small_move_within_the_allowance_is_silent() -> None:
    """From 25 % to 33 % with ten points allowed."""
    assert alarms(trial(lambda d, n: "FR" if n % 3 == 0 else "DE", known=True)) == []
