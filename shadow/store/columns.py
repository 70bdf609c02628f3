"""What our tables are made of: moments, ids, digests, JSON, and the names of keys and indexes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, MetaData, String, TypeDecorator
from sqlalchemy.dialects.postgresql import VARCHAR


class Moment(TypeDecorator[datetime]):
    """An aware moment, kept in UTC; SQLite drops the zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; a naive moment is refused."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive moment {value!r}")
        moved = value.astimezone(UTC)
        return moved.replace(tzinfo=None) if dialect.name == "sqlite" else moved

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Always aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def dumps(data: Any) -> str:
    """JSON text for a body; NaN is refused."""
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)

BODY = JSON(none_as_null=True)  # a pruned body is SQL null, not the JSON text "null"
# ids are ordered by code point on both databases, as Python orders them: digests follow this order
ID = String(200).with_variant(VARCHAR(200, collation="C"), "postgresql")
DIGEST = String(64)
