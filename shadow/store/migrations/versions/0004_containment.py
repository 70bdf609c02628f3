"""What a certificate rests on: accounts of attempts, certificates as they were told, models' answers for a resume."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import VARCHAR

from shadow.store.tables import Moment

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.String(200).with_variant(VARCHAR(200, collation="C"), "postgresql")


def upgrade() -> None:
    """Make the tables; of what was replayed before nothing is known."""
    op.create_table(
        "shadow_account",
        sa.Column("run", ID, nullable=False),
        sa.Column("shard", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("experiment", ID, nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("account", sa.JSON(), nullable=False),
        sa.Column("begun_at", Moment(), nullable=False),
        sa.Column("told_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("run", "shard", "number", name=op.f("pk_shadow_account")),
    )
    op.create_table(
        "shadow_certificate",
        sa.Column("run", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("experiment", ID, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.Column("told_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("run", "number", name=op.f("pk_shadow_certificate")),
    )
    op.create_table(
        "shadow_recording",
        sa.Column("experiment", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("repeat", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("request", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("keep_until", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("experiment", "case_id", "repeat", "step", "request", name=op.f("pk_shadow_recording")),
    )
