"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import VARCHAR

from shadow.store.tables import Moment

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.String(200).with_variant(VARCHAR(200, collation="C"), "postgresql")


def upgrade() -> None:
    """Make them."""

    op.create_table(
        "shadow_case",
        sa.Column("workflow", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("unit", ID, nullable=False),
        sa.Column("arrived_at", Moment(), nullable=False),
        sa.Column("began_at", Moment(), nullable=False),
        sa.Column("input", sa.JSON(), nullable=True),
        sa.Column("input_digest", sa.String(length=64), nullable=False),
        sa.Column("slices", sa.JSON(), nullable=False),
        sa.Column("aside", sa.Text(), nullable=True),
        sa.Column("doubled", sa.Integer(), nullable=False),
        sa.Column("keep_until", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("workflow", "id", name=op.f("pk_shadow_case")),
    )
    op.create_index("ix_shadow_case_arrived", "shadow_case", ["workflow", "arrived_at", "id"], unique=False)
    op.create_table(
        "shadow_contract",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("workflow", ID, nullable=False),
        sa.Column("conduct", sa.String(length=64), nullable=False),
        sa.Column("judgement", sa.String(length=64), nullable=False),
        sa.Column("governance", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("recorded_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shadow_contract")),
    )
    op.create_table(
        "shadow_dead_letter",
        sa.Column("experiment", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("run", ID, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("keep_until", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("experiment", "case_id", name=op.f("pk_shadow_dead_letter")),
    )
    op.create_table(
        "shadow_experiment",
        sa.Column("id", ID, nullable=False),
        sa.Column("workflow", ID, nullable=False),
        sa.Column("conduct", sa.String(length=64), nullable=False),
        sa.Column("label", ID, nullable=False),
        sa.Column("pin", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("contract", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shadow_experiment")),
    )
    op.create_table(
        "shadow_label",
        sa.Column("experiment", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("discrepancy", sa.String(length=64), nullable=False),
        sa.Column("who", ID, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("side", sa.String(length=20), nullable=False),
        sa.Column("grade", sa.String(length=20), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("experiment", "case_id", "discrepancy", "who", "at", name=op.f("pk_shadow_label")),
    )
    op.create_table(
        "shadow_lease",
        sa.Column("experiment", ID, nullable=False),
        sa.Column("shard", ID, nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("taken_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("experiment", "shard", name=op.f("pk_shadow_lease")),
    )
    op.create_table(
        "shadow_observation",
        sa.Column("experiment", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("run", ID, nullable=False),
        sa.Column("ending", sa.String(length=20), nullable=False),
        sa.Column("body", sa.JSON(), nullable=True),
        sa.Column("duration_s", sa.Float(), nullable=True),
        sa.Column("cost_usd", sa.Float(), nullable=True),
        sa.Column("finished_at", Moment(), nullable=False),
        sa.Column("keep_until", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("experiment", "case_id", name=op.f("pk_shadow_observation")),
    )
    op.create_table(
        "shadow_result",
        sa.Column("experiment", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("judgement", sa.String(length=64), nullable=False),
        sa.Column("agreement", sa.String(length=20), nullable=False),
        sa.Column("severity", sa.String(length=20), nullable=True),
        sa.Column("stale", sa.Boolean(), nullable=False),
        sa.Column("reason", ID, nullable=False),
        sa.Column("discrepancy", sa.String(length=64), nullable=False),
        sa.Column("body", sa.JSON(), nullable=True),
        sa.Column("keep_until", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("experiment", "case_id", "revision", "judgement", name=op.f("pk_shadow_result")),
    )
    op.create_table(
        "shadow_run",
        sa.Column("id", ID, nullable=False),
        sa.Column("experiment", ID, nullable=False),
        sa.Column("workflow", ID, nullable=False),
        sa.Column("start", Moment(), nullable=False),
        sa.Column("end", Moment(), nullable=False),
        sa.Column("at_most", sa.Integer(), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=True),
        sa.Column("sound", sa.Boolean(), nullable=True),
        sa.Column("validation", sa.JSON(), nullable=True),
        sa.Column("isolation", sa.String(length=60), nullable=True),
        sa.Column("mode", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shadow_run")),
    )
    op.create_index(op.f("ix_shadow_run_experiment"), "shadow_run", ["experiment"], unique=False)
    op.create_table(
        "shadow_settlement",
        sa.Column("workflow", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("settled_at", Moment(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("body", sa.JSON(), nullable=True),
        sa.Column("keep_until", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("workflow", "case_id", "revision", name=op.f("pk_shadow_settlement")),
    )
    op.create_index("ix_shadow_settlement_settled", "shadow_settlement", ["workflow", "settled_at"], unique=False)
    op.create_table(
        "shadow_taken",
        sa.Column("experiment", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("run", ID, nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("experiment", "case_id", name=op.f("pk_shadow_taken")),
    )
    op.create_index("ix_shadow_taken_run", "shadow_taken", ["run", "shard"], unique=False)
    op.create_table(
        "shadow_verdict",
        sa.Column("run", ID, nullable=False),
        sa.Column("experiment", ID, nullable=False),
        sa.Column("look", Moment(), nullable=False),
        sa.Column("word", sa.String(length=40), nullable=False),
        sa.Column("contract", sa.String(length=64), nullable=False),
        sa.Column("decision_digest", sa.String(length=64), nullable=False),
        sa.Column("measurement_digest", sa.String(length=64), nullable=False),
        sa.Column("counts_digest", sa.String(length=64), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("run", name=op.f("pk_shadow_verdict")),
    )
    op.create_index(op.f("ix_shadow_verdict_experiment"), "shadow_verdict", ["experiment"], unique=False)
