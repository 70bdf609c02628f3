"""One SELECT of a declaration, run a page at a time; knows SQL, and nothing of cases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import Connection, Executable, bindparam, literal_column, select, text
from sqlalchemy.exc import SQLAlchemyError

from shadow.connections import engine, unreadable
from shadow.errors import SourceError
from shadow.sources.values import Style, moment, plain, style_of

Row = Mapping[str, Any]

_IDS_AT_ONCE = 500  # parameters of one statement; some databases allow 999
_EVER = (datetime(1000, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))
_NUMBERS = (-(2**62), 2**62)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A statement and how its rows are read.

    Attributes:
        connection: a connection id.
        where: how errors name the statement.
        statement: a checked SELECT without a semicolon.
        moment: the column that a window is about.
        page: rows a page, ≥ 1.
        naive: the zone of moments that have none.
    """

    connection: str
    where: str
    statement: str
    moment: str
    page: int
    naive: tzinfo

    def style(self, needed: Sequence[str]) -> Style:
        """How the moment column is written here, learnt from one row.

        Raises:
            SourceError: a needed column is not selected, the moments are numbers, or the database
                cannot be read.
        """
        dialect = engine(self.connection).dialect.name
        sample = self._sample(_ever(dialect), needed)
        if sample is None and dialect == "sqlite":
            # SQLite sorts every number below every text: a column of numbers would look empty.
            sample = self._sample(_NUMBERS, needed)
        if sample is not None and not isinstance(sample, str | datetime):
            moment(sample, naive=self.naive, where=self.where, column=self.moment)
        return style_of(sample, naive=self.naive, dialect=dialect)

    def pages(self, style: Style, start: datetime, end: datetime) -> Iterator[list[Row]]:
        """Rows with an id, ordered by moment and id; no page ends within rows of one moment and id."""
        bounds = {"start": style.bound(start), "end": style.bound(end)}
        after: dict[str, Any] = {}
        size = self.page
        while True:
            rows = self._page(bounds | after, size)
            if len(rows) < size:
                yield rows
                return
            last = self._key(rows[-1])
            whole = [row for row in rows if self._key(row) != last]
            # The last key may go on beyond the page, so it opens the next one; if it fills this one
            # alone, only a larger page gets past it.
            size = self.page if whole else size * 2
            if whole:
                yield whole
                after = {"last_at": last[0], "last_id": last[1]}

    def nameless(self, style: Style, start: datetime, end: datetime) -> Iterator[Row]:
        """Rows without an id, ordered by moment; there is no key, so these are paged by their number."""
        bounds = {"start": style.bound(start), "end": style.bound(end)}
        seen = 0
        while True:
            statement = (
                self._wrapped().where(text("id is null")).order_by(text(self.moment)).limit(self.page).offset(seen)
            )
            rows = self._run(statement, bounds)
            yield from rows
            if len(rows) < self.page:
                return
            seen += len(rows)

    def by_ids(self, ids: Sequence[Any], *, needed: Sequence[str]) -> Iterator[Row]:
        """Rows of these cases; the statement holds `:ids`."""
        statement = text(self.statement).bindparams(bindparam("ids", expanding=True))
        for first in range(0, len(ids), _IDS_AT_ONCE):
            yield from self._run(statement, {"ids": list(ids[first : first + _IDS_AT_ONCE])}, needed)

    def inside(self, row: Row, start: datetime, end: datetime) -> datetime:
        """The row's moment, once it is known to lie in the window that it was asked for.

        Text and local time have a second and an hour of play, which no row can fall through: two
        windows that meet are written alike.

        Raises:
            SourceError: it does not: the database compared something else than moments.
        """
        found = self.moment_of(row, self.moment)
        play = timedelta(seconds=1) if self.naive is UTC else timedelta(hours=1, seconds=1)
        if start - play <= found < end + play:
            return found
        raise SourceError(
            f"{self.moment} is not in the window that was asked for",
            where=self._row(row),
            seen=repr(row[self.moment]),
            allowed=f"[{start.isoformat()}, {end.isoformat()})",
            todo="compare the column itself with :start and :end; declare its timezone; spell it one way",
        )

    def moment_of(self, row: Row, column: str) -> datetime:
        """A column as an aware UTC moment."""
        return moment(row[column], naive=self.naive, where=self._row(row), column=column)

    def name(self, row: Row, column: str) -> str:
        """A column as an id: text, or a number as it prints."""
        if isinstance(row[column], bool | bytes | memoryview | float) or row[column] is None:
            raise SourceError(f"{column} is no id", where=self._row(row), seen=repr(row[column])[:80])
        return str(row[column])

    def fields(self, row: Row, *, without: Sequence[str]) -> dict[str, Any]:
        """All other columns as plain JSON."""
        where = self._row(row)
        return {name: plain(value, where=where, column=name) for name, value in row.items() if name not in without}

    def _row(self, row: Row) -> str:
        return f"{self.where}, row {row.get('id', row.get('case_id'))!r}"

    def _key(self, row: Row) -> tuple[Any, Any]:
        return row[self.moment], row["id"]

    def _wrapped(self) -> Any:
        # The line break keeps a comment at the statement's end from swallowing the bracket.
        return select(literal_column("*")).select_from(text(f"({self.statement}\n) shadow_page"))

    def _page(self, params: Mapping[str, Any], size: int) -> list[Row]:
        statement = self._wrapped().where(text("id is not null"))
        if "last_at" in params:
            at = self.moment
            statement = statement.where(text(f"({at} > :last_at or ({at} = :last_at and id >= :last_id))"))
        return self._run(statement.order_by(text(self.moment), text("id")).limit(size), params)

    def _sample(self, bounds: tuple[Any, Any], needed: Sequence[str]) -> Any:
        params = {"start": bounds[0], "end": bounds[1]}
        rows = self._run(self._wrapped().limit(1), params, needed)
        return rows[0][self.moment] if rows else None

    def _run(self, statement: Executable, params: Mapping[str, Any], needed: Sequence[str] = ()) -> list[Row]:
        reading = engine(self.connection)
        try:
            with reading.connect() as connection:
                return self._fetch(connection, statement, params, needed)
        except SQLAlchemyError as error:
            raise unreadable(self.connection, error, doing=f"reading {self.where}") from error

    def _fetch(
        self, connection: Connection, statement: Executable, params: Mapping[str, Any], needed: Sequence[str]
    ) -> list[Row]:
        found = connection.execute(statement, dict(params))
        columns = list(found.keys())
        for column in needed:
            if column not in columns:
                raise SourceError(
                    f"the column {column} is missing",
                    where=self.where,
                    seen=f"the query selects {', '.join(columns)}",
                    allowed=", ".join(needed),
                    todo=f"select it, or name it so: … as {column}",
                )
        return [dict(row) for row in found.mappings()]


def _ever(dialect: str) -> tuple[Any, Any]:
    """Ends between which every moment lies, as this database compares them."""
    if dialect == "sqlite":
        return "1000-01-01T00:00:00", "9999-01-01T00:00:00"
    return _EVER
