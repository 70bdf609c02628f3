"""Tables of people's decisions and of what is told to people.

Nothing here holds a customer's data: evidence is digests, names and counts.
"""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Float, Index, Integer, String, Table, Text

from shadow.store.columns import DIGEST, ID, Moment, metadata

withdrawals = Table(
    "shadow_withdrawal",  # a label that its giver has taken back
    metadata,
    Column("experiment", ID, primary_key=True),
    Column("case_id", ID, primary_key=True),
    Column("discrepancy", DIGEST, primary_key=True),
    Column("who", ID, primary_key=True),
    Column("at", Moment, primary_key=True),
    Column("withdrawn_at", Moment, nullable=False),
)

ledger = Table(
    "shadow_ledger",  # append-only: the database itself refuses an edit, the chain of hashes shows one
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("event", String(40), nullable=False),
    Column("workflow", ID, nullable=False),
    Column("subject", ID, nullable=False),
    Column("body", Text, nullable=False),
    Column("prev", DIGEST, nullable=False),
    Column("hash", DIGEST, nullable=False),
    Index("ix_shadow_ledger_subject", "subject", "seq"),
)

requests = Table(
    "shadow_request",
    metadata,
    Column("id", ID, primary_key=True),
    Column("workflow", ID, nullable=False),
    Column("subject", String(20), nullable=False),  # cutover or contract
    Column("about", ID, nullable=False),  # the experiment, or the contract
    Column("status", String(20), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("ground", DIGEST, nullable=False),  # of what must not change while people vote
    Column("evidence", Text, nullable=False),
    Column("digest", DIGEST, nullable=False),
    Column("contract", DIGEST, nullable=False),
    Column("quorum", Integer, nullable=False),
    Column("approvers", JSON, nullable=False),
    Column("candidate_owner", ID, nullable=False),
    Column("channel", Text, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("settled_at", Moment),
    Column("settled_seq", Integer),  # the ledger's row of the decision
    Column("team", ID),  # where its live message is, once it was posted
    Column("posted_in", ID),
    Column("ts", ID),
    Index("ix_shadow_request_about", "about", "status"),
)

votes = Table(
    "shadow_vote",
    metadata,
    Column("request", ID, primary_key=True),
    Column("person", ID, primary_key=True),
    Column("identity", ID, nullable=False),
    Column("via", String(40), nullable=False),
    Column("approve", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("digest", DIGEST, nullable=False),  # of the evidence that the person saw
    Column("at", Moment, nullable=False),
    Column("seq", Integer, nullable=False),
)

parked = Table(
    "shadow_parked",  # Airflow tasks that wait for a request's decision
    metadata,
    Column("request", ID, primary_key=True),
    Column("dag_id", ID, primary_key=True),
    Column("run_id", ID, primary_key=True),
    Column("task_id", ID, primary_key=True),
    Column("parked_at", Moment, nullable=False),
)

stages = Table(
    "shadow_stage",
    metadata,
    Column("workflow", ID, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("stage", String(20), nullable=False),
    Column("share", Float, nullable=False),  # percent of the traffic that the candidate gets
    Column("experiment", ID, nullable=False),
    Column("contract", DIGEST, nullable=False),
    Column("request", ID, nullable=False),
    Column("demonstration", Boolean, nullable=False),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("seq", Integer, nullable=False),
)

outbox = Table(
    "shadow_outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", ID, nullable=False, unique=True),  # what is said once under this key is not said again
    Column("kind", String(20), nullable=False),
    Column("about", ID, nullable=False),
    Column("channel", Text, nullable=False),
    Column("payload", JSON),
    Column("state", String(20), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("queued_at", Moment, nullable=False),
    Column("next_at", Moment, nullable=False),  # not before; while somebody is sending it, the end of his lease
    Column("done_at", Moment),
    Column("ts", ID),
    Column("error", Text),
    Index("ix_shadow_outbox_due", "state", "next_at"),
)

dag_runs = Table(
    "shadow_dag_run",  # which run of ours an Airflow DAG run carries out
    metadata,
    Column("dag_id", ID, primary_key=True),
    Column("run_id", ID, primary_key=True),
    Column("run", ID, nullable=False),
    Column("at", Moment, nullable=False),
)
