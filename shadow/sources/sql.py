"""The live system's database, read with SELECT statements, a page at a time."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from types import MappingProxyType
from typing import Any

from shadow.case import Arrival, Settlement
from shadow.errors import SourceError
from shadow.observation import Effect, Ending, Observation
from shadow.sources import values
from shadow.sources.reader import Reader, Row
from shadow.sources.statements import checked


@dataclass(frozen=True, slots=True, kw_only=True)
class Sql:
    """A source in a database; `sql(...)` makes it and says what its parts mean."""

    connection: str
    select_cases: str
    select_settled: str
    select_effects: Mapping[str, str]
    page: int
    timezone: str

    def arrivals(self, start: datetime, end: datetime) -> Iterator[Arrival]:
        """What arrived in `[start, end)`; rows without an id come too, with `id=None`."""
        reader = _reader(self, "cases", self.select_cases, moment="arrived_at")
        style = reader.style(("id", "arrived_at"))
        named = (row for page in reader.pages(style, start, end) for row in page)
        nameless = reader.nameless(style, start, end)
        made = ((_arrival(reader, row, start, end) for row in rows) for rows in (named, nameless))
        return heapq.merge(*made, key=lambda arrival: arrival.arrived_at)

    def settled(self, start: datetime, end: datetime) -> Iterator[Settlement]:
        """What settled in `[start, end)`, each with the control's effects up to its moment.

        Raises:
            SourceError: a row has no id; it cannot be told whose outcome it is.
        """
        reader = _reader(self, "settled", self.select_settled, moment="settled_at")
        style = reader.style(("id", "settled_at"))
        if next(reader.nameless(style, start, end), None) is not None:
            raise SourceError(
                "an outcome has no id",
                where=reader.where,
                todo="say so in the query (where id is not null) once somebody has looked at such rows",
            )
        for page in reader.pages(style, start, end):
            effects = _effects(self, page)
            for row in page:
                yield _settlement(reader, row, effects, (start, end))

    def spec(self) -> dict[str, Any]:
        """`{"source": "sql", "connection": …, "cases": …, "settled": …, "effects": {…}, …}`."""
        return {
            "source": "sql",
            "connection": self.connection,
            "cases": self.select_cases,
            "settled": self.select_settled,
            "effects": dict(self.select_effects),
            "page": self.page,
            "timezone": self.timezone,
        }


def sql(
    connection: str,
    *,
    cases: str,
    settled: str,
    effects: Mapping[str, str] = MappingProxyType({}),
    page: int = 1000,
    timezone: str = "UTC",
) -> Sql:
    """A source in a database, read only.

    Moments are ISO 8601 text or the database's own; a column of numbers is refused. Decimals,
    dates and moments among the other columns become text.

    Args:
        connection: a connection id, see `shadow.connections`.
        cases: selects `id`, `arrived_at`, if there is one `began_at`, and the fields of the input;
            holds `:start` and `:end`, compared with `arrived_at`.
        settled: selects `id`, `settled_at` and the fields of the value; `:start` and `:end` are
            compared with `settled_at`. Rows of one case at several moments are its revisions.
        effects: for each write, and for `escalate`, a query that selects `case_id`, `at` and the
            write's arguments `where case_id in :ids`. A settlement has those up to its own moment,
            and those whose `at` is missing.
        page: rows that are held in memory at once, 1 to 100,000.
        timezone: how moments without a zone are read, an IANA name.

    Raises:
        SourceError: a statement is no SELECT, or lacks a parameter; page or zone are out of range.

    Example:
        >>> source = sql(
        ...     "desk_ro",
        ...     cases="select id, arrived_at, body from t where arrived_at >= :start and arrived_at < :end",
        ...     settled="select id, settled_at, done from t where settled_at >= :start and settled_at < :end",
        ...     effects={"refund.issue": "select case_id, at, amount from refunds where case_id in :ids"},
        ... )
        >>> source.page
        1000
    """
    where = f"source {connection}"
    if isinstance(page, bool) or not isinstance(page, int) or not 1 <= page <= 100_000:
        raise SourceError("page is out of range", where=where, seen=repr(page), allowed="1 to 100000 rows")
    values.zone(timezone, where=where)
    window = {"start", "end"}
    return Sql(
        connection=connection,
        select_cases=checked(cases, where=f"{where}, cases", binds=window),
        select_settled=checked(settled, where=f"{where}, settled", binds=window),
        select_effects=MappingProxyType(
            {
                tool: checked(query, where=f"{where}, effects of {tool}", binds={"ids"})
                for tool, query in effects.items()
            }
        ),
        page=page,
        timezone=timezone,
    )


def _reader(source: Sql, name: str, statement: str, *, moment: str) -> Reader:
    where = f"source {source.connection}, {name}"
    return Reader(
        connection=source.connection,
        where=where,
        statement=statement,
        moment=moment,
        page=source.page,
        naive=values.zone(source.timezone, where=where),
    )


def _arrival(reader: Reader, row: Row, start: datetime, end: datetime) -> Arrival:
    arrived = reader.inside(row, start, end)
    began = row.get("began_at")
    return Arrival(
        id=None if row["id"] is None or not str(row["id"]).strip() else reader.name(row, "id"),
        arrived_at=arrived,
        began_at=arrived if began is None else reader.moment_of(row, "began_at"),
        input=reader.fields(row, without=("id", "arrived_at", "began_at")),
    )


def _settlement(
    reader: Reader,
    row: Row,
    effects: Mapping[str, Sequence[Effect]],
    window: tuple[datetime, datetime],
) -> Settlement:
    settled_at, case_id = reader.inside(row, *window), reader.name(row, "id")
    return Settlement(
        case_id=case_id,
        settled_at=settled_at,
        observation=Observation(
            ending=Ending.FINISHED,
            value=reader.fields(row, without=("id", "settled_at")),
            effects=tuple(e for e in effects.get(case_id, ()) if e.at is None or e.at <= settled_at),
        ),
    )


def _effects(source: Sql, page: Sequence[Row]) -> dict[str, list[Effect]]:
    """The control's effects of a page's cases, each case's in the order of their moments."""
    ids = list(dict.fromkeys(row["id"] for row in page))
    found = [
        pair
        for tool, statement in source.select_effects.items()
        for pair in _effects_of(_reader(source, f"effects of {tool}", statement, moment="at"), tool, ids)
    ]
    # Those without a moment come last; sorting is stable, so equal moments keep the declared order.
    found.sort(key=lambda pair: (pair[0], pair[1].at is None, pair[1].at.timestamp() if pair[1].at else 0.0))
    return {case: [effect for _, effect in group] for case, group in groupby(found, key=lambda pair: pair[0])}


def _effects_of(reader: Reader, tool: str, ids: Sequence[Any]) -> Iterator[tuple[str, Effect]]:
    for row in reader.by_ids(ids, needed=("case_id",)):
        at = None if row.get("at") is None else reader.moment_of(row, "at")
        args = reader.fields(row, without=("case_id", "at"))
        yield reader.name(row, "case_id"), Effect(tool=tool, args=args, at=at)
