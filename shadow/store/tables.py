"""Our tables. One row is one fact; a fact is never edited, but for a body that `prune` empties.

Customer data stands only in columns called `input` or `body`; every such row has `keep_until`.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.dialects.postgresql import VARCHAR

HEAD = "0001"  # the newest migration; an empty database is brought here, an unknown one is refused


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


metadata = MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"})

BODY = JSON(none_as_null=True)  # a pruned body is SQL null, not the JSON text "null"
# ids are ordered by code point on both databases, as Python orders them: digests follow this order
_ID = String(200).with_variant(VARCHAR(200, collation="C"), "postgresql")
_DIGEST = String(64)

contracts = Table(
    "shadow_contract",
    metadata,
    Column("id", _DIGEST, primary_key=True),
    Column("workflow", _ID, nullable=False),
    Column("conduct", _DIGEST, nullable=False),
    Column("judgement", _DIGEST, nullable=False),
    Column("governance", _DIGEST, nullable=False),
    Column("text", Text, nullable=False),
    Column("recorded_at", Moment, nullable=False),
)

experiments = Table(
    "shadow_experiment",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("workflow", _ID, nullable=False),
    Column("conduct", _DIGEST, nullable=False),
    Column("label", _ID, nullable=False),
    Column("pin", _DIGEST, nullable=False),
    Column("number", Integer, nullable=False),  # which version tried on this conduct, from 1
    Column("contract", _DIGEST, nullable=False),  # the newest contract that it was run under
    Column("recorded_at", Moment, nullable=False),
)

runs = Table(
    "shadow_run",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("experiment", _ID, nullable=False, index=True),
    Column("workflow", _ID, nullable=False),
    Column("start", Moment, nullable=False),
    Column("end", Moment, nullable=False),
    Column("at_most", Integer),
    Column("counts", BODY),
    Column("sound", Boolean),  # whether the window's data passed validation; null until it was looked at
    Column("validation", BODY),
    Column("isolation", String(60)),
    Column("mode", Text),
)

cases = Table(
    "shadow_case",
    metadata,
    Column("workflow", _ID, primary_key=True),
    Column("id", _ID, primary_key=True),
    Column("unit", _ID, nullable=False),
    Column("arrived_at", Moment, nullable=False),
    Column("began_at", Moment, nullable=False),
    Column("input", BODY),
    Column("input_digest", _DIGEST, nullable=False),
    Column("slices", JSON, nullable=False),
    Column("aside", Text),  # why it was set aside when it came in; null: it was not
    Column("doubled", Integer, nullable=False),
    Column("keep_until", Moment, nullable=False),
    Index("ix_shadow_case_arrived", "workflow", "arrived_at", "id"),
)

settlements = Table(
    "shadow_settlement",
    metadata,
    Column("workflow", _ID, primary_key=True),
    Column("case_id", _ID, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("settled_at", Moment, nullable=False),
    Column("digest", _DIGEST, nullable=False),
    Column("body", BODY),
    Column("keep_until", Moment, nullable=False),
    Index("ix_shadow_settlement_settled", "workflow", "settled_at"),
)

taken = Table(
    "shadow_taken",
    metadata,
    Column("experiment", _ID, primary_key=True),
    Column("case_id", _ID, primary_key=True),
    Column("run", _ID, nullable=False),
    Column("shard", Integer, nullable=False),
    Column("counted", Boolean, nullable=False),  # false: taken by a run over a part of its window; no evidence
    Index("ix_shadow_taken_run", "run", "shard"),
)

observations = Table(
    "shadow_observation",
    metadata,
    Column("experiment", _ID, primary_key=True),
    Column("case_id", _ID, primary_key=True),
    Column("run", _ID, nullable=False),
    Column("ending", String(20), nullable=False),
    Column("body", BODY),
    Column("duration_s", Float),
    Column("cost_usd", Float),
    Column("finished_at", Moment, nullable=False),
    Column("keep_until", Moment, nullable=False),
)

results = Table(
    "shadow_result",
    metadata,
    Column("experiment", _ID, primary_key=True),
    Column("case_id", _ID, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("judgement", _DIGEST, primary_key=True),
    Column("agreement", String(20), nullable=False),
    Column("severity", String(20)),
    Column("stale", Boolean, nullable=False),
    Column("reason", String(200), nullable=False),
    Column("discrepancy", _DIGEST, nullable=False),  # what both sides did; a label belongs to this
    Column("body", BODY),
    Column("keep_until", Moment, nullable=False),
)

labels = Table(
    "shadow_label",
    metadata,
    Column("experiment", _ID, primary_key=True),
    Column("case_id", _ID, primary_key=True),
    Column("discrepancy", _DIGEST, primary_key=True),
    Column("who", _ID, primary_key=True),
    Column("at", Moment, primary_key=True),
    Column("side", String(20), nullable=False),
    Column("grade", String(20)),
    Column("comment", Text, nullable=False),
)

leases = Table(
    "shadow_lease",
    metadata,
    Column("experiment", _ID, primary_key=True),
    Column("shard", _ID, primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("holder", Text, nullable=False),
    Column("taken_at", Moment, nullable=False),
)

verdicts = Table(
    "shadow_verdict",
    metadata,
    Column("run", _ID, primary_key=True),
    Column("experiment", _ID, nullable=False, index=True),
    Column("look", Moment, nullable=False),
    Column("word", String(40), nullable=False),
    Column("contract", _DIGEST, nullable=False),
    Column("decision_digest", _DIGEST, nullable=False),
    Column("measurement_digest", _DIGEST, nullable=False),
    Column("counts_digest", _DIGEST, nullable=False),
    Column("body", BODY, nullable=False),
)

dead_letters = Table(
    "shadow_dead_letter",
    metadata,
    Column("experiment", _ID, primary_key=True),
    Column("case_id", _ID, primary_key=True),
    Column("run", _ID, nullable=False),
    Column("reason", Text, nullable=False),
    Column("body", BODY),
    Column("at", Moment, nullable=False),
    Column("keep_until", Moment, nullable=False),
)
