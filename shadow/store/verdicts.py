"""Verdicts: what was said at each look, and on which digests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select, update

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
    """Keep a run's verdict. It replaces what was said before of the same look, by this run or another.

    Runs of one experiment that end at one moment (a part of a window, then the whole) look at the same evidence;
    what the first of them saw would otherwise stand beside what holds now, and no order could tell them apart.
    """
    row = {name: getattr(verdict, name) for name in StoredVerdict.__dataclass_fields__}
    said = {name: value for name, value in row.items() if name not in ("run", "experiment", "look")}
    same = and_(verdicts.c.experiment == verdict.experiment, verdicts.c.look == verdict.look)
    with store.write() as connection:
        replace(connection, verdicts, [row])
        connection.execute(update(verdicts).where(same).values(**said))


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
