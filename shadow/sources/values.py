"""What a database's row becomes: aware moments, plain JSON values."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from shadow.errors import SourceError


def zone(name: str, *, where: str) -> tzinfo:
    """The time zone of that name.

    Raises:
        SourceError: there is none.
    """
    try:
        return UTC if name.upper() == "UTC" else ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise SourceError(
            "no such time zone", where=where, seen=repr(name), allowed="an IANA name, as Europe/Berlin"
        ) from error


def moment(value: Any, *, naive: tzinfo, where: str, column: str) -> datetime:
    """Aware UTC from a datetime or ISO 8601 text; one without a zone is read in `naive`.

    Raises:
        SourceError: the value is neither; it names row, column and value.
    """
    found = value
    if isinstance(value, str):
        try:
            found = datetime.fromisoformat(value.strip())
        except ValueError:
            found = None
    if not isinstance(found, datetime):
        raise SourceError(
            f"{column} is no moment",
            where=where,
            seen=repr(value)[:80],
            allowed="a date with time, or ISO 8601 text, as 2026-11-01T09:30:00+00:00",
        )
    try:
        return (found if found.tzinfo else found.replace(tzinfo=naive)).astimezone(UTC)
    except OverflowError:
        raise SourceError(f"{column} is out of range", where=where, seen=repr(value)[:80]) from None


def plain(value: Any, *, where: str, column: str) -> Any:
    """The value as JSON: decimals as text, dates and moments as ISO 8601 text, NaN and infinity as text.

    The text is meant to meet the contract's schema, which sets a case with NaN aside by name.

    Raises:
        SourceError: bytes, or a type that has no JSON form; it names row and column.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): plain(item, where=where, column=column) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, where=where, column=column) for item in value]
    raise SourceError(
        f"{column} holds {type(value).__name__}, which has no JSON form",
        where=where,
        todo="cast it in the query, or leave the column out",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a column writes its moments, so that a window's ends are written alike and compare as moments do.

    Attributes:
        zone: the zone that the ends are written in.
        text: whether the column holds text.
        between: what stands between date and time in the text.
        aware: whether an end carries its zone; for columns that hold no text.
    """

    zone: tzinfo
    text: bool
    between: str = "T"
    aware: bool = True

    def bound(self, value: datetime) -> datetime | str:
        """One end of a window as this column would write it.

        Text ends without a zone: as a prefix it sorts before every spelling of the same moment.
        """
        local = value.astimezone(self.zone)
        if not self.text:
            return local if self.aware else local.replace(tzinfo=None)
        return local.replace(tzinfo=None).isoformat(sep=self.between)


_UTC_SUFFIX = re.compile(r"(Z|[+-]00(:?00)?)$")
_SUFFIX = re.compile(r"(Z|:\d\d(\.\d+)?[+-]\d\d(:?\d\d)?)$")


def style_of(sample: Any, *, naive: tzinfo, dialect: str) -> Style:
    """The style of a column from one of its values; None stands for a column without any.

    Only SQLite compares text for moments. Elsewhere a text is a moment that the query has printed,
    and the ends of a window are moments.
    """
    if isinstance(sample, str) and dialect != "sqlite":
        aware = bool(_SUFFIX.search(sample.strip()))
        return Style(zone=UTC if aware else naive, text=False, aware=aware)
    if isinstance(sample, datetime):
        return Style(zone=UTC if sample.tzinfo else naive, text=False, aware=sample.tzinfo is not None)
    if not isinstance(sample, str):
        return Style(zone=naive, text=dialect == "sqlite")
    between = "T" if "T" in sample else " "
    return Style(zone=UTC if _UTC_SUFFIX.search(sample.strip()) else naive, text=True, between=between)
