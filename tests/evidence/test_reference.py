"""The weeks before: integer counts of arrivals, and what of the week they say must be seen."""

from __future__ import annotations

import json
import random
from datetime import date, timedelta

import pytest

from shadow.evidence.cells import cells_of, covered, dates_seen, days_until, hours_of, lacking
from shadow.evidence.reference import Arrived, Reference, refer
from tests.evidence.rows import FIRST, evidence, ordered, row

SINCE = FIRST - timedelta(weeks=8)
WEB, MAIL = {"channel": "web"}, {"channel": "mail"}


def asked(*rows: Arrived) -> Reference:
    """The counts of these arrivals."""
    return refer(rows, since=SINCE, until=FIRST)


def test_cells_count_cases_and_the_rest_unit_days() -> None:
    """A customer who writes three times a day is one unit-day, and one of each value and kind it has."""
    made = asked(
        Arrived(SINCE, 9, "a", WEB),
        Arrived(SINCE, 9, "a", WEB),
        Arrived(SINCE, 23, "a", MAIL),
        Arrived(SINCE + timedelta(days=1), 0, "a", WEB),
        Arrived(SINCE + timedelta(days=1), 0, "b", WEB),
    )
    assert (made.cases, made.unit_days) == (5, 3)
    assert made.cells == {(0, 9): 2, (0, 23): 1, (1, 0): 2}
    assert made.values == {("channel", "web"): 3, ("channel", "mail"): 1}
    assert made.kinds == {"channel=web": 3, "channel=mail": 1}


def test_a_unit_is_no_value() -> None:
    """A customer whose id reads like a value or a kind is counted as a customer."""
    made = asked(Arrived(SINCE, 9, "channel=web", WEB), Arrived(SINCE, 9, "channel", WEB), Arrived(SINCE, 9, "web", {}))
    assert made.unit_days == 3 and made.kinds == {"channel=web": 2, "": 1}


def test_it_comes_back_from_json() -> None:
    """As it was, and in one order."""
    draw = random.Random(1)
    rows = [Arrived(SINCE + timedelta(days=d), draw.randrange(24), f"u{draw.randrange(9)}", WEB) for d in range(9)]
    made = asked(*rows)
    assert Reference.from_json(json.loads(json.dumps(made.to_json()))) == made
    assert asked().to_json()["cases"] == 0


@pytest.mark.parametrize(
    ("hour", "parts", "part"), [(0, 4, 0), (5, 4, 0), (6, 4, 1), (23, 4, 3), (23, 1, 0), (23, 24, 23)]
)
def test_a_part_of_the_day_begins_with_its_hour(hour: int, parts: int, part: int) -> None:
    """Half-open: six o'clock is the second quarter's."""
    cells = cells_of(asked(Arrived(SINCE, hour, "a", WEB)), parts)
    assert cells.shares == {(0, part): 1.0} and not cells.assumed
    seen = evidence([row(1, hour=hour)], days=1)
    assert dates_seen(seen, parts) == {(0, part): 1}


def test_without_weeks_before_every_cell_is_asked_for() -> None:
    """Nobody asked, or nothing had arrived."""
    for nothing in (None, asked()):
        cells = cells_of(nothing, 4)
        assert cells.assumed and len(cells.shares) == 28
        assert len(lacking(cells, {}, 1.0)) == 28
        assert len(lacking(cells, dict.fromkeys(list(cells.shares)[1:], 2), 1.0)) == 1


def test_two_dates_are_two_dates() -> None:
    """Forty cases of one date are one; an open day is none."""
    rows = [*(row(n, hour=9) for n in range(40)), row(50, day=7, hour=10), row(60, day=8, hour=9)]
    assert dates_seen(evidence(ordered(rows), days=8), 4) == {(0, 1): 2}
    assert dates_seen(evidence(ordered(rows[:40]), days=8), 4) == {(0, 1): 1}
    cells = cells_of(asked(Arrived(SINCE, 9, "a", WEB)), 4)
    assert covered(cells, {(0, 1): 1}) == 0.0
    assert covered(cells, {(0, 1): 2}) == 1.0


def test_the_busiest_cells_are_lacking_first_and_no_more_than_needed() -> None:
    """95 % asked for, 90 % seen: one of two small ones will do."""
    rows = [Arrived(SINCE, 9, f"a{n}", WEB) for n in range(90)]
    rows += [Arrived(SINCE, 13, f"b{n}", WEB) for n in range(6)] + [Arrived(SINCE, 20, f"c{n}", WEB) for n in range(4)]
    cells = cells_of(asked(*rows), 4)
    assert lacking(cells, {(0, 1): 2}, 0.95) == [(0, 2)]
    assert lacking(cells, {(0, 1): 2, (0, 2): 2}, 0.95) == []
    assert lacking(cells, {(0, 1): 2}, 0.9) == []


@pytest.mark.parametrize(("after", "seen", "days"), [(6, 1, 1), (6, 0, 8), (0, 1, 7), (0, 0, 14), (3, 1, 4)])
def test_a_cell_waits_for_its_weekday(after: int, seen: int, days: int) -> None:
    """A Monday's cell after a Sunday is there tomorrow; one that was never seen needs another week."""
    assert days_until([(0, 1)], {(0, 1): seen}, FIRST + timedelta(days=after)) == days
    assert days_until([], {}, FIRST) == 0
    assert isinstance(FIRST, date) and hours_of((0, 1), 4) == "06-12" and hours_of((2, 3), 4) == "18-24"
