"""The source `sql`, on SQLite databases as live systems keep them."""

from __future__ import annotations

import random
import sqlite3
import tracemalloc
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shadow.errors import SourceError
from shadow.sources.sql import Sql, sql

START, END = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)
CASES = "select * from cases where arrived_at >= :start and arrived_at < :end"
SETTLED = "select * from settled where settled_at >= :start and settled_at < :end"
EFFECTS = {"refund.issue": "select * from refunds where case_id in :ids"}
Fill = Callable[..., None]


def at(hour: int, minute: int = 0, day: int = 1) -> str:
    """A moment as the desk writes it."""
    return f"2026-11-{day:02d}T{hour:02d}:{minute:02d}:00+00:00"


@pytest.fixture
def fill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fill:
    """Makes a live system of these rows; the columns are those of the first row."""
    path = tmp_path / "desk.db"
    monkeypatch.setenv("SHADOW_CONN_DESK", f"sqlite:///{path}")

    def filled(**tables: Iterable[tuple[Any, ...]]) -> None:
        columns = {
            "cases": "id, arrived_at, body",
            "settled": "id, settled_at, decision, amount",
            "refunds": "case_id, at, amount",
        }
        with sqlite3.connect(path) as live:
            for table, names in columns.items():
                live.execute(f"drop table if exists {table}")
                live.execute(f"create table {table} ({names})")
                marks = ", ".join("?" for _ in names.split(","))
                live.executemany(f"insert into {table} values ({marks})", tables.get(table, ()))
        live.close()

    return filled


def source(**changed: Any) -> Sql:
    """The desk's source, a page of three rows."""
    given: dict[str, Any] = {"cases": CASES, "settled": SETTLED, "effects": EFFECTS, "page": 3}
    return sql("desk", **{**given, **changed})


def test_a_window_is_half_open_and_ordered(fill: Fill) -> None:
    """From the first moment on and without the last; by moment, then id; the rest of a row is the input."""
    fill(cases=[("b", at(9), "x"), ("a", at(9), "y"), ("c", at(0), "z"), ("d", at(0, day=2), "w")])
    found = list(source().arrivals(START, END))
    assert [arrival.id for arrival in found] == ["c", "a", "b"]
    assert found[0].arrived_at == found[0].began_at == START
    assert found[0].input == {"body": "z"}


@pytest.mark.parametrize("page", [1, 2, 3, 5, 100])
def test_every_row_comes_as_often_as_it_is_whatever_the_page(fill: Fill, page: int) -> None:
    """Doubled rows, rows without an id and many rows of one moment, across all page ends."""
    rng = random.Random(page)
    rows: list[tuple[Any, ...]] = [(f"c{n}", at(n % 3), n) for n in range(20)]
    rows += [("c5", at(2), "twin")] * 7 + [(None, at(1), "nameless")] * 5 + [("", at(1), "empty")]
    rng.shuffle(rows)
    fill(cases=rows)
    found = list(source(page=page).arrivals(START, END))
    assert sorted(str((a.id or None, a.input["body"])) for a in found) == sorted(
        str((row[0] or None, row[2])) for row in rows
    )
    assert [a.arrived_at for a in found] == sorted(a.arrived_at for a in found)


def test_a_second_reading_sees_what_arrived_late(fill: Fill) -> None:
    """Nothing is remembered between two calls."""
    fill(cases=[("a", at(9), "x")])
    desk = source()
    assert [a.id for a in desk.arrivals(START, END)] == ["a"]
    fill(cases=[("a", at(9), "x"), ("late", at(8), "y")])
    assert [a.id for a in desk.arrivals(START, END)] == ["late", "a"]


def test_memory_holds_a_page_and_not_the_table(fill: Fill) -> None:
    """30,000 rows of a kilobyte are read in less than a tenth of their 30 MB."""
    step = timedelta(seconds=2)
    fill(cases=((f"c{n}", (START + n * step).isoformat(), "x" * 1000) for n in range(30_000)))
    tracemalloc.start()
    count = sum(1 for _ in source(page=500).arrivals(START, END))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 30_000
    assert peak < 3_000_000


@pytest.mark.parametrize(
    "spelt",
    [
        "%Y-%m-%dT%H:%M:%S+00:00",
        "%Y-%m-%dT%H:%M:%SZ",
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%d %H:%M:%S.%f",
        "%Y-%m-%dT%H:%M:%S.%f+00:00",
    ],
)
def test_hourly_windows_find_every_row_once_however_moments_are_spelt(fill: Fill, spelt: str) -> None:
    """Ends of a window are written as the column writes, so that text compares as moments do."""
    moments = [START + timedelta(minutes=20 * n) for n in range(72)]
    fill(cases=[(f"c{n:02d}", moment.strftime(spelt), n) for n, moment in enumerate(moments)])
    desk = source(page=10)
    windows = [(START + timedelta(hours=h), START + timedelta(hours=h + 1)) for h in range(24)]
    found = [[a.arrived_at for a in desk.arrivals(*window)] for window in windows]
    assert found == [moments[3 * h : 3 * h + 3] for h in range(24)]


def test_moments_without_a_zone_are_read_in_the_declared_one(fill: Fill) -> None:
    """In November Berlin is an hour ahead of UTC."""
    fill(cases=[("a", "2026-11-01 00:30:00", "x"), ("b", "2026-11-01 01:30:00", "y")])
    found = list(source(timezone="Europe/Berlin").arrivals(START, END))
    assert [(a.id, a.arrived_at.hour, a.arrived_at.minute) for a in found] == [("b", 0, 30)]


def test_began_at_is_read_where_it_is_selected(fill: Fill) -> None:
    """And is no part of the input; where it is null the arrival's moment stands."""
    fill(cases=[("a", at(9), at(10)), ("b", at(9), None)])
    desk = source(cases=CASES.replace("*", "id, arrived_at, body as began_at"))
    found = list(desk.arrivals(START, END))
    assert [a.began_at.hour for a in found] == [10, 9]
    assert found[0].input == {}


def test_settlements_carry_the_effects_up_to_their_moment(fill: Fill) -> None:
    """Two revisions of one case: the second also has what was done in between; without a moment: both."""
    fill(
        settled=[("a", at(9), "approve", "5.00"), ("a", at(11), "approve", "7.00"), ("b", at(10), "deny", None)],
        refunds=[("a", at(10), 2), ("a", at(8), 5), ("a", None, 1), ("z", at(8), 9)],
    )
    first, other, second = source().settled(START, END)
    assert (first.case_id, other.case_id, second.case_id) == ("a", "b", "a")
    assert first.observation.value == {"decision": "approve", "amount": "5.00"}
    assert [e.args["amount"] for e in first.observation.effects] == [5, 1]
    assert [e.args["amount"] for e in second.observation.effects] == [5, 2, 1]
    assert [e.at.hour if e.at else None for e in second.observation.effects] == [8, 10, None]
    assert {e.tool for e in second.observation.effects} == {"refund.issue"}
    assert other.observation.effects == ()


def test_more_cases_than_a_statement_takes_parameters_have_their_effects(fill: Fill) -> None:
    """Ids go in portions."""
    fill(
        settled=[(f"c{n}", at(9), "approve", n) for n in range(1200)],
        refunds=[(f"c{n}", at(8), n) for n in range(1200)],
    )
    found = list(source(page=5000).settled(START, END))
    assert len(found) == 1200
    told = [(s.observation.value or {})["amount"] for s in found]
    assert [[e.args["amount"] for e in s.observation.effects] for s in found] == [[amount] for amount in told]


def test_garbage_for_a_moment_names_row_column_and_value(fill: Fill) -> None:
    """It sorts into the window, but is none."""
    fill(cases=[("a", at(9), "x"), ("bad", "2026-11-01T99:99", "y")])
    with pytest.raises(SourceError, match=r"row 'bad'.*arrived_at.*2026-11-01T99:99"):
        list(source().arrivals(START, END))


def test_moments_that_are_numbers_are_refused(fill: Fill) -> None:
    """SQLite sorts numbers below all text, so such a table would look empty for ever."""
    fill(cases=[("a", 1793523600, "x")])
    with pytest.raises(SourceError, match=r"arrived_at is no moment.*1793523600"):
        list(source().arrivals(START, END))


def test_a_row_outside_of_its_window_is_an_error(fill: Fill) -> None:
    """A query that compares another column must not put cases into wrong days in silence."""
    fill(cases=[("a", at(9, day=5), at(9))])
    desk = source(cases="select * from cases where body >= :start and body < :end")
    with pytest.raises(SourceError, match=r"row 'a'.*not in the window"):
        list(desk.arrivals(START, END))


def test_a_missing_column_is_named_with_what_is_selected(fill: Fill) -> None:
    """Of the cases, the outcomes and the effects; also where there is no row yet."""
    fill(settled=[("a", at(9), "approve", 1)], refunds=[("a", at(8), 1)])
    with pytest.raises(SourceError, match=r"column id is missing.*number, arrived_at, body"):
        list(source(cases=CASES.replace("*", "id as number, arrived_at, body")).arrivals(START, END))
    with pytest.raises(SourceError, match="column settled_at is missing"):
        list(source(settled=SETTLED.replace("*", "id, decision")).settled(START, END))
    effects = {"refund.issue": EFFECTS["refund.issue"].replace("*", "amount")}
    with pytest.raises(SourceError, match=r"effects of refund\.issue: the column case_id is missing"):
        list(source(effects=effects).settled(START, END))


def test_a_missing_table_names_the_connection(fill: Fill) -> None:
    """With the database's own words."""
    fill()
    with pytest.raises(SourceError, match=r"connection desk: .*no such table: nowhere"):
        list(source(cases=CASES.replace("cases", "nowhere")).arrivals(START, END))


def test_a_database_that_is_not_there_is_no_empty_day(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Declaring costs nothing; reading says what is missing, and creates no file."""
    monkeypatch.setenv("SHADOW_CONN_DESK", f"sqlite:///{tmp_path / 'gone.db'}")
    with pytest.raises(SourceError, match="connection desk"):
        list(source().arrivals(START, END))
    assert list(tmp_path.iterdir()) == []


def test_bytes_have_no_json_form(fill: Fill) -> None:
    """Row and column are named."""
    fill(cases=[("a", at(9), b"\x00")])
    with pytest.raises(SourceError, match=r"row 'a': body holds bytes"):
        list(source().arrivals(START, END))


def test_an_outcome_without_an_id_is_an_error(fill: Fill) -> None:
    """It cannot be told whose it is, and is not left out in silence."""
    fill(settled=[(None, at(9), "approve", 1), ("a", at(9), "deny", 1)])
    with pytest.raises(SourceError, match="outcome has no id"):
        list(source().settled(START, END))


def test_a_comment_at_a_statements_end_is_harmless(fill: Fill) -> None:
    """It does not swallow what is put around the statement."""
    fill(cases=[("a", at(9), "x")])
    assert [a.id for a in source(cases=CASES + " -- all of them ;").arrivals(START, END)] == ["a"]


@pytest.mark.parametrize("wrong", [0, -1, 100_001, True, 1.5])
def test_a_page_has_a_sensible_size(wrong: Any) -> None:
    """One row to a hundred thousand."""
    with pytest.raises(SourceError, match="page"):
        source(page=wrong)


def test_an_unknown_time_zone_is_refused() -> None:
    """When it is declared, not in the night."""
    with pytest.raises(SourceError, match="time zone"):
        source(timezone="Europe/Berlln")


def test_its_spec_is_plain_data() -> None:
    """All that decides what is read."""
    assert source().spec() == {
        "source": "sql",
        "connection": "desk",
        "cases": CASES,
        "settled": SETTLED,
        "effects": EFFECTS,
        "page": 3,
        "timezone": "UTC",
    }
