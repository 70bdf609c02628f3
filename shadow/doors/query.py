"""A read that one SELECT answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine, TextClause, text
from sqlalchemy.exc import SQLAlchemyError

from shadow.connections import engine, unreadable
from shadow.doors.rows import CUTS
from shadow.doors.served import AsOf, Serves
from shadow.doors.witness import note, said
from shadow.errors import BindingError, SourceError, ToolFailed
from shadow.observation import AnswerKind

MOST_ROWS = 10_000  # what one read may give at most; a larger answer is refused, not cut

_QUOTED_OR_COMMENT = re.compile(r"(?P<quoted>'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`)|--[^\n]*|/\*.*?\*/", re.DOTALL)
_CHANGES = re.compile(r"\b(insert|update|delete|merge|into)\b", re.IGNORECASE)


def build(connection: str, sql: str, *, many: bool) -> Serves:
    """The binding; see `shadow.doors.bindings.query`."""
    _only_reads(sql, connection)
    statement = text(sql)
    names = tuple(sorted(statement.compile().params))
    as_of = "as_of" in names
    return Serves(
        kind=AnswerKind.AS_OF if as_of else AnswerKind.LIVE,
        answer=lambda args, moment: _answer(connection, statement, _bound(names, args, moment), many=many),
        spec={"query": sql, "connection": connection, "many": many},
        needs=tuple(name for name in names if name != "as_of"),
        open=lambda: _open(connection),
        sifts=_sifts(sql),
        witness=lambda: witness(connection),
    )


def _bare(sql: str) -> str:
    """The statement without its comments, and without what stands in quotes."""
    return _QUOTED_OR_COMMENT.sub(lambda found: "''" if found["quoted"] else " ", sql).strip().rstrip(";").strip()


def _sifts(sql: str) -> frozenset[str]:
    """Lower-case words of the conditions by which rows are left out or drawn together; not of their order."""
    text = _QUOTED_OR_COMMENT.sub(lambda found: found["quoted"].strip('"`') if found["quoted"] else " ", sql).lower()
    conditions = re.findall(
        r"\b(?:where|on|using|having|group\s+by)\b.*?(?=\border\s+by\b|\blimit\b|$)", text, re.DOTALL
    )
    cuts = CUTS & set(re.findall(r"\w+", _bare(text)))
    return cuts | frozenset(word for one in conditions for word in re.findall(r"\w+", one))


def _only_reads(sql: str, connection: str) -> None:
    bare = _bare(sql)
    change = _CHANGES.search(bare)
    if not re.match(r"(select|with)\b", bare, re.IGNORECASE) or ";" in bare or change:
        raise BindingError(
            "a query binding is one statement that only reads", where=f"query on {connection}",
            seen=change[0] if change else bare[:80], allowed="SELECT … or WITH … SELECT …",
            todo="bind a write to template(…)",
        )  # fmt: skip


def _bound(names: tuple[str, ...], args: Mapping[str, Any], moment: AsOf) -> dict[str, Any]:
    given = {**args, "as_of": moment.as_of}
    for name in names:
        if name not in given:
            raise ToolFailed(f"the argument {name} is missing", todo=f"pass {name}")
        if isinstance(given[name], dict | list):
            raise ToolFailed(f"the argument {name} is no single value", seen=type(given[name]).__name__)
    return {name: given[name] for name in names}


def _answer(connection: str, statement: TextClause, values: dict[str, Any], *, many: bool) -> Any:
    held = _connection(engine(connection))
    most = MOST_ROWS if many else 1
    try:
        with held.execute(statement, _as_dialect(held, values)) as result:
            found = result.mappings().fetchmany(most + 1)
        note(held)
    finally:
        held.rollback()  # so that the next read sees the world of its own moment
    if len(found) > most:
        raise SourceError(
            f"the query gave more than {most} row{'s' if many else ''}",
            todo="narrow it, or set many=True" if not many else "narrow it",
        )
    rows = [dict(row) for row in found]
    return rows if many else (rows[0] if rows else None)


def _as_dialect(held: Connection, values: dict[str, Any]) -> dict[str, Any]:
    if held.dialect.name != "sqlite":
        return values
    return {name: _iso(value) if isinstance(value, datetime) else value for name, value in values.items()}


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


@cache
def _connection(engine: Engine) -> Connection:
    """One long-lived connection an engine; engines are one a process."""
    return engine.connect()


def _open(connection: str) -> None:
    try:
        _connection(engine(connection))
    except SQLAlchemyError as error:
        raise unreadable(connection, error, doing="opening the connection") from error


def witness(connection: str) -> str:
    """What the live system says of whether reading over this connection has written: one sentence."""
    try:
        return said(connection, _connection(engine(connection)))
    except (SQLAlchemyError, SourceError) as error:
        return f"{connection}: could not be asked whether it was written to ({type(error).__name__})"
