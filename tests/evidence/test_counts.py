"""Evidence is integer counts: mergeable, order-free, honest about what is not known yet."""

from __future__ import annotations

import gc
import hashlib
import json
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from math import inf, nan
from typing import Any

import pytest

from shadow.contract.model import Severity
from shadow.errors import UsageError
from shadow.evidence.counts import Cells, Counts, Table, closed_days
from shadow.evidence.judged import Judged, Standing
from shadow.evidence.tally import tally
from tests.evidence.rows import FIRST, days_of, discrepancy, midnight, ordered, row

MAJOR, MINOR, CRITICAL = Severity.MAJOR, Severity.MINOR, Severity.CRITICAL


def mixed(seed: int) -> list[Judged]:
    """400 cases of 60 units over 7 days with everything that can happen to a case."""
    draw = random.Random(seed)
    kinds: list[dict[str, Any]] = [
        {},
        {"standing": Standing.INCOMPARABLE, "stale": True},
        {"standing": Standing.SET_ASIDE, "duration_s": None, "cost_usd": None},
        {"standing": Standing.WAITING},
        discrepancy(MINOR),
        discrepancy(MAJOR),
        discrepancy(CRITICAL, confirmed=True),
        {"duration_s": draw.expovariate(1), "cost_usd": None},
    ]
    return ordered(
        row(
            n,
            day=draw.randrange(7),
            unit=f"u{draw.randrange(60)}",
            slices={"country": draw.choice(["DE", "FR", "NL"])},
            **draw.choice(kinds),
        )
        for n in range(400)
    )


def test_one_units_cases_of_a_day_are_one_piece() -> None:
    """Three cases, one harmful: one unit-day of a third; the same unit on another day is another piece."""
    rows = [row(1, unit="a"), row(2, unit="a"), row(3, unit="a", **discrepancy(MAJOR)), row(4, day=1, unit="a")]
    counts = tally(rows, midnight(2))
    assert counts.shares(Table.SERVED) == [(0.0, 1), (1 / 3, 1)]
    assert counts.cases() == 4


def test_what_is_harmful() -> None:
    """Major and critical are, labelled or not; minor is not, nor what a label cleared or graded lower."""
    rows = [
        row(1, **discrepancy(MAJOR)),
        row(2, **discrepancy(CRITICAL)),
        row(3, **discrepancy(MINOR)),
        row(4, agreement=False, grade=None, labelled=True),
        row(5, agreement=False, grade=MINOR, labelled=True, confirmed=MINOR),
    ]
    counts = tally(rows, midnight(1))
    assert counts.shares(Table.SERVED) == [(0.0, 3), (1.0, 2)]
    assert counts.number(Table.CRITICAL) == 1
    assert counts.number(Table.DISCREPANCIES) == 5
    assert counts.table(Table.GRADES) == {("critical",): 1, ("major",): 1, ("minor",): 2}
    assert counts.table(Table.UNLABELLED) == {("critical",): 1, ("major",): 1}


def test_only_a_label_confirms() -> None:
    """Unlabelled harm is no evidence of harm; a confirmed minor is none either; a confirmed critical is named."""
    rows = [
        row(1, **discrepancy(MAJOR)),
        row(2, **discrepancy(CRITICAL)),
        row(3, **discrepancy(MINOR, confirmed=True)),
        row(4, **discrepancy(MAJOR, confirmed=True)),
        row(5, **discrepancy(CRITICAL, confirmed=True)),
    ]
    counts = tally(rows, midnight(1))
    assert counts.shares(Table.CONFIRMED) == [(0.0, 3), (1.0, 2)]
    assert counts.table(Table.CRITICAL_CASES) == {("c000005",): 1}


def test_what_is_not_compared_is_neither_good_nor_bad() -> None:
    """Incomparable, set aside and waiting cases are counted, add nothing to the evidence for ready."""
    rows = [
        row(1, unit="a"),
        row(2, unit="a", standing=Standing.INCOMPARABLE, stale=True, grade=MAJOR, confirmed=CRITICAL),
        row(3, unit="a", standing=Standing.SET_ASIDE),
        row(4, unit="b", standing=Standing.WAITING),
        row(5, unit="c", standing=Standing.INCOMPARABLE),
    ]
    counts = tally(rows, midnight(1))
    assert counts.table(Table.SERVED) == {(1, 0): 1}
    assert counts.table(Table.CASES) == {("compared",): 1, ("incomparable",): 2, ("set aside",): 1, ("waiting",): 1}
    assert counts.number(Table.STALE) == 1
    assert counts.table(Table.CRITICAL_CASES) == {}


def test_a_waiting_case_dilutes_the_evidence_of_harm() -> None:
    """It counts as harmless until it settles, so that harm in fast cases does not run ahead of its rate."""
    rows = [row(1, unit="a", **discrepancy(MAJOR, confirmed=True)), row(2, unit="a", standing=Standing.WAITING)]
    assert tally(rows, midnight(1)).shares(Table.CONFIRMED) == [(0.5, 1)]
    assert tally(rows, midnight(1)).shares(Table.SERVED) == [(1.0, 1)]


def test_slices_hold_the_share_within_the_slice() -> None:
    """A unit-day with cases of two countries is one piece in each, with that country's cases alone."""
    rows = [
        row(1, unit="a", slices={"country": "DE"}),
        row(2, unit="a", slices={"country": "DE"}, **discrepancy(MAJOR)),
        row(3, unit="a", slices={"country": "FR"}),
    ]
    found = tally(rows, midnight(1)).table(Table.SLICES)
    assert found == {("country", "DE", 2, 1): 1, ("country", "FR", 1, 0): 1}


def test_shards_increments_and_recompute_agree() -> None:
    """Split by day, split by unit, merged in any order: one digest; a changed case gives another."""
    rows, look = mixed(1), midnight(7)
    whole = tally(rows, look)
    daily = [tally([r for r in rows if r.day == FIRST + timedelta(days=d)], look) for d in range(7)]
    shards = [tally([r for r in rows if len(r.unit) == size], look) for size in (2, 3)]
    random.Random(3).shuffle(daily)
    assert sum_of(daily).digest() == whole.digest() == sum_of(shards).digest() == sum_of(shards[::-1]).digest()
    assert sum_of(daily).units == whole.units
    changed = [row(999_999, day=6, unit="~"), *rows]
    assert tally(ordered(changed), look).digest() != whole.digest()


def sum_of(parts: list[Counts]) -> Counts:
    """All merged, from nothing."""
    total = Counts()
    for part in parts:
        total = total.merge(part)
    return total


def test_a_correction_gives_the_digest_of_a_recompute() -> None:
    """A case that turns from harmful to agreeing leaves nothing behind, not even a zero."""
    rows = days_of(50, days=5, special={7: discrepancy(MAJOR, confirmed=True)})
    right = days_of(50, days=5)
    assert tally(rows, midnight(5)).digest() != tally(right, midnight(5)).digest()
    zero = tally(right, midnight(5))
    padded = {day: {**cells, Table.GRADES: {("major",): 0}} for day, cells in zero.days.items()}
    assert Counts(days=padded, units=zero.units).digest() == zero.digest()


def test_days_close_in_order() -> None:
    """A day is closed when it is over, nothing of it waits and no label is due; a gap closes all behind it."""
    rows = [row(n, day=n) for n in range(5)]
    assert closed_days(tally(rows, midnight(5)), midnight(5)) == tuple(FIRST + timedelta(days=n) for n in range(5))
    waits = [*rows[:2], row(2, day=2, standing=Standing.WAITING), *rows[3:]]
    assert closed_days(tally(waits, midnight(5)), midnight(5)) == (FIRST, FIRST + timedelta(days=1))
    due = [row(0, label_due=True, **discrepancy(MAJOR)), *rows[1:]]
    assert closed_days(tally(due, midnight(5)), midnight(5)) == ()


def test_a_day_that_lasts_is_open() -> None:
    """At its last moment it is still open; at midnight it is closed."""
    rows = [row(1)]
    assert closed_days(tally(rows, midnight(1)), midnight(1) - timedelta(microseconds=1)) == ()
    assert closed_days(tally(rows, midnight(1)), midnight(1)) == (FIRST,)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([row(1, unit="b"), row(2, unit="a")], "not ordered"),
        ([row(1, day=1), row(2, day=0)], "not ordered"),
        ([row(1, unit="a"), row(2, unit="b"), row(3, unit="a")], "not ordered"),
        ([row(1, unit="a"), row(1, unit="a")], "twice"),
        ([row(1, day=3)], "after the look"),
    ],
)
def test_rows_that_would_count_wrongly_are_refused(rows: list[Judged], says: str) -> None:
    """Split unit-days, doubled cases and cases from the future are errors, not evidence."""
    with pytest.raises(UsageError, match=says):
        tally(rows, midnight(2))


@pytest.mark.parametrize("look", [datetime(2026, 1, 9), datetime(2026, 1, 9, tzinfo=timezone(timedelta(hours=2)))])
def test_a_look_is_in_utc(look: datetime) -> None:
    """A naive moment or one of another zone would close days at the wrong time."""
    with pytest.raises(UsageError, match="UTC"):
        tally([], look)
    assert look.tzinfo is not UTC


def test_durations_and_costs_of_what_was_replayed() -> None:
    """Waiting cases and those set aside before a replay add none; unknown and impossible ones are counted."""
    rows = [
        row(1, duration_s=0.0, cost_usd=0.02),
        row(2, duration_s=None, cost_usd=None),
        row(3, duration_s=nan, cost_usd=-0.01),
        row(4, duration_s=inf, cost_usd=0.03),
        row(5, standing=Standing.WAITING, duration_s=None, cost_usd=None),
        row(6, standing=Standing.SET_ASIDE, duration_s=None, cost_usd=None),
        row(7, standing=Standing.SET_ASIDE, duration_s=2.0, cost_usd=0.01),
        row(8, standing=Standing.INCOMPARABLE, duration_s=2.0, cost_usd=0.01),
    ]
    counts = tally(rows, midnight(1))
    assert sum(counts.bins(Table.DURATIONS).values()) == 3
    assert sum(counts.bins(Table.COSTS).values()) == 4
    assert counts.table(Table.UNKNOWN) == {("duration",): 1, ("cost",): 1}
    assert counts.table(Table.UNSOUND) == {("duration",): 2, ("cost",): 1}
    assert counts.number(Table.SPENT) == 70_000_000


def test_units_are_those_that_were_served() -> None:
    """A unit counts once over all days, and only with a compared case."""
    rows = [row(1, unit="a"), row(2, unit="b", standing=Standing.WAITING), row(3, day=1, unit="a"), row(4, day=1)]
    assert len(tally(rows, midnight(2)).units) == 2


def test_rows_are_let_go() -> None:
    """Of a stream of 3,000 cases one batch is alive at a time, and the counts do not grow."""
    alive: list[int] = []

    def stream(cases: int) -> Iterator[Judged]:
        for n in range(cases):
            yield row(n, day=n * 4 // cases, unit=f"u{n // 3:06d}")
            if n % 1000 == 999:
                alive.append(sum(type(thing) is Judged for thing in gc.get_objects()))

    before = sum(type(thing) is Judged for thing in gc.get_objects())
    few, many = tally(stream(300), midnight(4)), tally(stream(3000), midnight(4), batch=30)
    assert max(alive) - before <= 33  # a batch and the unit-day that ends it
    assert [_size(cells) for cells in few.days.values()] == [_size(cells) for cells in many.days.values()]


def _size(cells: Cells) -> int:
    return sum(map(len, cells.values()))


def test_json_is_canonical() -> None:
    """Plain data, sorted; the same counts in another order of insertion give the same text."""
    rows = mixed(2)
    counts = tally(rows, midnight(7))
    days = {
        day: {table: dict(reversed(list(found.items()))) for table, found in reversed(list(cells.items()))}
        for day, cells in reversed(list(counts.days.items()))
    }
    backwards = Counts(days=days, units=counts.units)
    assert backwards.to_json() == counts.to_json()
    assert backwards.digest() == counts.digest()
    assert all(date.fromisoformat(day) for day in counts.to_json()["days"])


def test_what_was_asked_before_does_not_change_the_answer() -> None:
    """Tables are sorted out once and kept; what is cut off at a day stays cut off, and an answer can be changed."""
    counts = tally(mixed(3), midnight(7))
    days = sorted(counts.days)
    whole, late = counts.table(Table.SERVED), counts.table(Table.SERVED, days[4:])
    kept = counts.until(days[3])
    assert kept.table(Table.SERVED, days[4:]) == {}
    assert kept.table(Table.SERVED) == counts.table(Table.SERVED, days[:4])
    assert kept.days == {day: counts.days[day] for day in days[:4]}
    counts.table(Table.SERVED).clear()
    assert counts.table(Table.SERVED) == whole
    assert counts.table(Table.SERVED, days[4:]) == late
    assert kept.merge(Counts(days={day: counts.days[day] for day in days[4:]})).digest() == counts.digest()


def test_the_digest_is_that_of_the_canonical_json() -> None:
    """Written in one go, it is what `to_json` gives, with names sorted and no white space."""
    counts = tally([*mixed(4), row(900, day=6, unit="~é", slices={"country": 'D"E\\é'})], midnight(7))
    text = json.dumps(counts.to_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    assert counts.digest() == hashlib.sha256(text.encode()).hexdigest()
    rows = [row for day in counts.to_json()["days"].values() for row in day]
    assert ["slices", "country", 'D"E\\é', 1, 0, 1] in rows
    assert all(day == sorted(day, key=json.dumps) for day in counts.to_json()["days"].values())
