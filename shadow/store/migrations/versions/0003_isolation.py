"""How the candidate was held is a fact of each replay, not of the run that happened to come last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what was replayed before says nothing."""
    op.add_column("shadow_observation", sa.Column("isolation", sa.Text(), nullable=True))
