"""Verdicts: what was said at each look, and on which digests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from shadow.store.engine import Store, replace
from shadow.store.tables import verdicts


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVerdict:
    """One look's verdict.

    Attributes:
        look: aware UTC; the end of the run's window.
        word: "ready", "ready (demonstration)", "not ready" or "inconclusive".
        decision_digest: of cases, comparisons, labels and versions; equal for an interrupted and an undisturbed run.
        measurement_digest: of durations, tokens and costs.
        body: the whole verdict and the day's numbers, as plain data.
    """

    run: str
    experiment: str
    look: datetime
    word: str
    contract: str
    decision_digest: str
    measurement_digest: str
    counts_digest: str
    body: Mapping[str, Any]


def save_verdict(store: Store, verdict: StoredVerdict) -> None:
    """Keep a run's verdict; a later assessment of the same run replaces it."""
    row = {name: getattr(verdict, name) for name in StoredVerdict.__dataclass_fields__}
    with store.write() as connection:
        replace(connection, verdicts, [row])


def verdict_of(store: Store, run: str) -> StoredVerdict | None:
    """The verdict of one run, or None where it was not assessed."""
    with store.read() as connection:
        row = connection.execute(select(verdicts).where(verdicts.c.run == run)).mappings().first()
    return StoredVerdict(**row) if row else None


def verdicts_of(store: Store, experiment: str) -> list[StoredVerdict]:
    """All verdicts of an experiment, oldest look first."""
    with store.read() as connection:
        rows = connection.execute(
            select(verdicts).where(verdicts.c.experiment == experiment).order_by(verdicts.c.look, verdicts.c.run)
        ).mappings()
        return [StoredVerdict(**row) for row in rows]
