"""What gates need besides: how alike both sides were in each case, and what arrived in the weeks before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; of what was compared before they are not known, so a gate that needs them stays open."""
    op.add_column("shadow_result", sa.Column("similarity", sa.Float(), nullable=True))
    op.add_column("shadow_experiment", sa.Column("reference", sa.JSON(), nullable=True))
