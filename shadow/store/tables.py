"""Our tables. One row is one fact; a fact is never edited, but for a body that `prune` empties and an account that is
still open.

Customer data stands only in columns called `input` or `body`; every such row has `keep_until`. The tables of
people's decisions are in `decision_tables`.
"""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Float, Index, Integer, LargeBinary, String, Table, Text

from shadow.store import decision_tables
from shadow.store.columns import BODY, DIGEST, ID, Moment, dumps, metadata

__all__ = [
    "HEAD",
    "Moment",
    "accounts",
    "cases",
    "certificates",
    "contracts",
    "dead_letters",
    "decision_tables",
    "dumps",
    "experiments",
    "labels",
    "leases",
    "metadata",
    "observations",
    "recordings",
    "results",
    "runs",
    "settlements",
    "taken",
    "verdicts",
]

HEAD = "0005"  # the newest migration; an empty database is brought here, an unknown one is refused

contracts = Table(
    "shadow_contract",
    metadata,
    Column("id", DIGEST, primary_key=True),
    Column("workflow", ID, nullable=False),
    Column("conduct", DIGEST, nullable=False),
    Column("judgement", DIGEST, nullable=False),
    Column("governance", DIGEST, nullable=False),
    Column("text", Text, nullable=False),
    Column("recorded_at", Moment, nullable=False),
)

experiments = Table(
    "shadow_experiment",
    metadata,
    Column("id", ID, primary_key=True),
    Column("workflow", ID, nullable=False),
    Column("conduct", DIGEST, nullable=False),
    Column("label", ID, nullable=False),
    Column("pin", DIGEST, nullable=False),
    Column("number", Integer, nullable=False),  # which version tried on this conduct, from 1
    Column("contract", DIGEST, nullable=False),  # the newest contract that it was run under
    Column("reference", JSON(none_as_null=True)),  # of the weeks before, as counts; null: not asked
    Column("recorded_at", Moment, nullable=False),
)

runs = Table(
    "shadow_run",
    metadata,
    Column("id", ID, primary_key=True),
    Column("experiment", ID, nullable=False, index=True),
    Column("workflow", ID, nullable=False),
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
    Column("workflow", ID, primary_key=True),
    Column("id", ID, primary_key=True),
    Column("unit", ID, nullable=False),
    Column("arrived_at", Moment, nullable=False),
    Column("began_at", Moment, nullable=False),
    Column("input", BODY),
    Column("input_digest", DIGEST, nullable=False),
    Column("slices", JSON, nullable=False),
    Column("aside", Text),  # why it was set aside when it came in; null: it was not
    Column("doubled", Integer, nullable=False),
    Column("keep_until", Moment, nullable=False),
    Index("ix_shadow_case_arrived", "workflow", "arrived_at", "id"),
)

settlements = Table(
    "shadow_settlement",
    metadata,
    Column("workflow", ID, primary_key=True),
    Column("case_id", ID, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("settled_at", Moment, nullable=False),
    Column("digest", DIGEST, nullable=False),
    Column("body", BODY),
    Column("keep_until", Moment, nullable=False),
    Index("ix_shadow_settlement_settled", "workflow", "settled_at"),
)

taken = Table(
    "shadow_taken",
    metadata,
    Column("experiment", ID, primary_key=True),
    Column("case_id", ID, primary_key=True),
    Column("run", ID, nullable=False),
    Column("shard", Integer, nullable=False),
    Column("counted", Boolean, nullable=False),  # false: taken by a run over a part of its window; no evidence
    Index("ix_shadow_taken_run", "run", "shard"),
)

observations = Table(
    "shadow_observation",
    metadata,
    Column("experiment", ID, primary_key=True),
    Column("case_id", ID, primary_key=True),
    Column("run", ID, nullable=False),
    Column("ending", String(20), nullable=False),
    Column("body", BODY),
    Column("duration_s", Float),
    Column("cost_usd", Float),
    Column("isolation", Text),  # how the candidate was held; null: nobody wrote it down
    Column("finished_at", Moment, nullable=False),
    Column("keep_until", Moment, nullable=False),
)

results = Table(
    "shadow_result",
    metadata,
    Column("experiment", ID, primary_key=True),
    Column("case_id", ID, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("judgement", DIGEST, primary_key=True),
    Column("agreement", String(20), nullable=False),
    Column("severity", String(20)),
    Column("stale", Boolean, nullable=False),
    Column("reason", String(200), nullable=False),
    Column("discrepancy", DIGEST, nullable=False),  # what both sides did; a label belongs to this
    Column("similarity", Float),  # share of the compared places that match; null: nothing was compared
    Column("body", BODY),
    Column("keep_until", Moment, nullable=False),
)

labels = Table(
    "shadow_label",
    metadata,
    Column("experiment", ID, primary_key=True),
    Column("case_id", ID, primary_key=True),
    Column("discrepancy", DIGEST, primary_key=True),
    Column("who", ID, primary_key=True),
    Column("at", Moment, primary_key=True),
    Column("side", String(20), nullable=False),
    Column("grade", String(20)),
    Column("comment", Text, nullable=False),
)

leases = Table(
    "shadow_lease",
    metadata,
    Column("experiment", ID, primary_key=True),
    Column("shard", ID, primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("holder", Text, nullable=False),
    Column("taken_at", Moment, nullable=False),
)

verdicts = Table(
    "shadow_verdict",
    metadata,
    Column("run", ID, primary_key=True),
    Column("experiment", ID, nullable=False, index=True),
    Column("look", Moment, nullable=False),
    Column("word", String(40), nullable=False),
    Column("contract", DIGEST, nullable=False),
    Column("decision_digest", DIGEST, nullable=False),
    Column("measurement_digest", DIGEST, nullable=False),
    Column("counts_digest", DIGEST, nullable=False),
    Column("body", BODY, nullable=False),
)

dead_letters = Table(
    "shadow_dead_letter",
    metadata,
    Column("experiment", ID, primary_key=True),
    Column("case_id", ID, primary_key=True),
    Column("run", ID, nullable=False),
    Column("reason", Text, nullable=False),
    Column("body", BODY),
    Column("at", Moment, nullable=False),
    Column("keep_until", Moment, nullable=False),
)

accounts = Table(
    "shadow_account",  # what one attempt at a shard told about how it held its candidate
    metadata,
    Column("run", ID, primary_key=True),
    Column("shard", ID, primary_key=True),
    Column("number", Integer, primary_key=True),  # of the attempt, from 1
    Column("experiment", ID, nullable=False),
    Column("closed", Boolean, nullable=False),  # false: it has not said its last word
    Column("account", JSON, nullable=False),
    Column("begun_at", Moment, nullable=False),
    Column("told_at", Moment, nullable=False),
)

certificates = Table(
    "shadow_certificate",  # as it was told: a run's later one stands beside it
    metadata,
    Column("run", ID, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("experiment", ID, nullable=False),
    Column("digest", DIGEST, nullable=False),
    Column("text", Text, nullable=False),
    Column("seal", DIGEST, nullable=False),  # keyed: whoever can write here cannot make another that holds
    Column("told_at", Moment, nullable=False),
)

recordings = Table(
    "shadow_recording",  # what models had answered a replay that is not finished
    metadata,
    Column("experiment", ID, primary_key=True),
    Column("case_id", ID, primary_key=True),
    Column("repeat", Integer, primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("request", DIGEST, primary_key=True),  # keyed: what was asked cannot be guessed from it
    Column("body", LargeBinary, nullable=False),  # encrypted
    Column("keep_until", Moment, nullable=False),
)

Index(
    "ix_shadow_result_open",  # the review queue walks this, never the bodies
    results.c.experiment,
    results.c.judgement,
    results.c.agreement,
    results.c.severity,
    results.c.case_id,
    results.c.revision,
    results.c.discrepancy,
)
