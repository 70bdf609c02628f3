"""People's decisions: ledger, requests, votes, stages, outbox; labels that were taken back; which DAG run ran what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import VARCHAR

from shadow.store.tables import Moment

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.String(200).with_variant(VARCHAR(200, collation="C"), "postgresql")

# The ledger is only ever added to; whoever edits it has to take this away first, and then the hashes tell.
REFUSALS = {
    "sqlite": tuple(
        f"create trigger shadow_ledger_no_{deed} before {deed} on shadow_ledger "
        "begin select raise(abort, 'the ledger is only added to'); end"
        for deed in ("update", "delete")
    ),
    "postgresql": (
        "create function shadow_ledger_refuse() returns trigger language plpgsql as "
        "$$ begin raise exception 'the ledger is only added to'; end $$",
        "create trigger shadow_ledger_only_added before update or delete or truncate on shadow_ledger "
        "for each statement execute function shadow_ledger_refuse()",
    ),
}


def upgrade() -> None:
    """Make them."""

    op.create_table(
        "shadow_dag_run",
        sa.Column("dag_id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("run", ID, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("dag_id", "run_id", name=op.f("pk_shadow_dag_run")),
    )
    op.create_table(
        "shadow_ledger",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("workflow", ID, nullable=False),
        sa.Column("subject", ID, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("prev", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_shadow_ledger")),
    )
    op.create_index("ix_shadow_ledger_subject", "shadow_ledger", ["subject", "seq"], unique=False)
    op.create_table(
        "shadow_outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("about", ID, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("queued_at", Moment(), nullable=False),
        sa.Column("next_at", Moment(), nullable=False),
        sa.Column("done_at", Moment(), nullable=True),
        sa.Column("ts", ID, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shadow_outbox")),
        sa.UniqueConstraint("key", name="uq_shadow_outbox_key"),
    )
    op.create_index("ix_shadow_outbox_due", "shadow_outbox", ["state", "next_at"], unique=False)
    op.create_table(
        "shadow_parked",
        sa.Column("request", ID, nullable=False),
        sa.Column("dag_id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("task_id", ID, nullable=False),
        sa.Column("parked_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("request", "dag_id", "run_id", "task_id", name=op.f("pk_shadow_parked")),
    )
    op.create_table(
        "shadow_request",
        sa.Column("id", ID, nullable=False),
        sa.Column("workflow", ID, nullable=False),
        sa.Column("subject", sa.String(length=20), nullable=False),
        sa.Column("about", ID, nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("ground", sa.String(length=64), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("contract", sa.String(length=64), nullable=False),
        sa.Column("quorum", sa.Integer(), nullable=False),
        sa.Column("approvers", sa.JSON(), nullable=False),
        sa.Column("candidate_owner", ID, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("settled_at", Moment(), nullable=True),
        sa.Column("settled_seq", sa.Integer(), nullable=True),
        sa.Column("team", ID, nullable=True),
        sa.Column("posted_in", ID, nullable=True),
        sa.Column("ts", ID, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shadow_request")),
    )
    op.create_index("ix_shadow_request_about", "shadow_request", ["about", "status"], unique=False)
    op.create_table(
        "shadow_stage",
        sa.Column("workflow", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("experiment", ID, nullable=False),
        sa.Column("contract", sa.String(length=64), nullable=False),
        sa.Column("request", ID, nullable=False),
        sa.Column("demonstration", sa.Boolean(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("workflow", "number", name=op.f("pk_shadow_stage")),
    )
    op.create_table(
        "shadow_vote",
        sa.Column("request", ID, nullable=False),
        sa.Column("person", ID, nullable=False),
        sa.Column("identity", ID, nullable=False),
        sa.Column("via", sa.String(length=40), nullable=False),
        sa.Column("approve", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("request", "person", name=op.f("pk_shadow_vote")),
    )
    op.create_table(
        "shadow_withdrawal",
        sa.Column("experiment", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("discrepancy", sa.String(length=64), nullable=False),
        sa.Column("who", ID, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("withdrawn_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("experiment", "case_id", "discrepancy", "who", "at", name=op.f("pk_shadow_withdrawal")),
    )
    op.create_index(
        "ix_shadow_result_open",
        "shadow_result",
        ["experiment", "judgement", "agreement", "severity", "case_id", "revision", "discrepancy"],
        unique=False,
    )

    for statement in REFUSALS[op.get_bind().dialect.name]:
        op.execute(statement)
