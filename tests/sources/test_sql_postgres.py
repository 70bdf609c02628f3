"""The source `sql` on a real PostgreSQL, whose session lives in another time zone than its columns."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import InternalError

from shadow.connections import engine
from shadow.errors import SourceError
from shadow.sources.sql import Sql, sql
from tests.postgres import server as running_server

psycopg = pytest.importorskip("psycopg")

START = datetime(2026, 11, 1, tzinfo=UTC)
ROWS = """
create table cases (id int, aware timestamptz, local timestamp, price numeric, tags jsonb);
insert into cases
select n, '2026-11-01 00:00+00'::timestamptz + n / 3 * interval '1 minute',
    '2026-11-01 00:00'::timestamp + n / 3 * interval '1 minute', 19.90, '{"a": [1.5]}'
from generate_series(0, 599) n;
insert into cases values (null, '2026-11-01 01:00+00', '2026-11-01 01:00', 1, null);
alter database postgres set timezone to 'America/New_York';
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of its own with 601 cases; its URL."""
    with running_server(tmp_path_factory.mktemp("pg")) as running:
        with psycopg.connect(running.get_uri(), autocommit=True) as live:
            live.execute(ROWS)
        yield running.get_uri()


@pytest.fixture
def desk(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server, known as `pg`."""
    monkeypatch.setenv("SHADOW_CONN_PG", server)


def source(column: str, selected: str = "") -> Sql:
    """Cases by one of the columns, outcomes with an effect each."""
    window = f"from cases where {column} >= :start and {column} < :end"
    return sql(
        "pg",
        cases=f"select id, {selected or column} as arrived_at, price, tags, local {window}",
        settled=f"select id, {column} as settled_at, price {window} and id is not null",
        effects={"pay": f"select id as case_id, {column} as at, price from cases where id in :ids"},
        page=50,
    )


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize(
    ("column", "selected"), [("aware", ""), ("local", ""), ("aware", "aware::text"), ("local", "local::text")]
)
def test_hourly_windows_find_every_row_once(column: str, selected: str) -> None:
    """Columns with a zone and without one, and printed ones; the session's zone has no say."""
    windows = [(START + timedelta(hours=h), START + timedelta(hours=h + 1)) for h in range(5)]
    found = [list(source(column, selected).arrivals(*window)) for window in windows]
    assert [len(rows) for rows in found] == [180, 181, 180, 60, 0]
    assert found[0][0].arrived_at == START
    assert found[0][0].input == {"price": "19.90", "tags": {"a": [1.5]}, "local": "2026-11-01T00:00:00"}
    assert [arrival.id for arrival in found[1] if arrival.id is None] == [None]


@pytest.mark.usefixtures("desk")
def test_outcomes_have_their_effects() -> None:
    """Ids are numbers here."""
    found = list(source("aware").settled(START, START + timedelta(hours=1)))
    assert len(found) == 180
    assert all([e.args for e in s.observation.effects] == [{"price": "19.90"}] for s in found)


@pytest.mark.usefixtures("desk")
def test_the_session_refuses_writes() -> None:
    """Though its user owns the table."""
    with engine("pg").connect() as connection, pytest.raises(InternalError, match="read-only"):
        connection.execute(text("insert into cases (id) values (1)"))


@pytest.mark.usefixtures("desk")
def test_a_column_of_text_is_an_error_and_no_empty_day() -> None:
    """The database's own words say what does not fit."""
    with pytest.raises(SourceError, match="does not exist"):
        list(source("(aware::text)").arrivals(START, START + timedelta(hours=1)))
