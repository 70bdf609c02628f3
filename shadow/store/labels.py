"""Labels: people's words on discrepancies, dated; a later word of anybody replaces an earlier one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from shadow.contract import Severity
from shadow.store.engine import Store, upsert
from shadow.store.tables import labels


class Side(StrEnum):
    """Which side was right."""

    CONTROL = "control"
    CANDIDATE = "candidate"
    BOTH = "both"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One person's word on one discrepancy.

    Attributes:
        discrepancy: digest of what both sides did; the label says nothing of another one of the same case.
        grade: how bad the candidate's part was; None where it was right, or where the comparison's grade stands.
        at: aware UTC, when it was said.
    """

    experiment: str
    case_id: str
    discrepancy: str
    side: Side
    grade: Severity | None
    comment: str
    who: str
    at: datetime

    def graded(self, severity: Severity | None) -> Severity | None:
        """How bad the discrepancy is by this word; None where the candidate was right."""
        if self.side in (Side.CANDIDATE, Side.BOTH):
            return None
        return self.grade or severity


def save_labels(store: Store, batch: Sequence[Label]) -> int:
    """Keep labels; how many were new (the same person, case, discrepancy and moment is the same label)."""
    rows = [
        {
            "experiment": one.experiment,
            "case_id": one.case_id,
            "discrepancy": one.discrepancy,
            "who": one.who,
            "at": one.at,
            "side": str(one.side),
            "grade": str(one.grade) if one.grade else None,
            "comment": one.comment,
        }
        for one in batch
    ]
    with store.write() as connection:
        return upsert(connection, labels, rows)


def labels_at(store: Store, experiment: str, *, look: datetime) -> dict[tuple[str, str], Label]:
    """The word that holds at `look` for each (case id, discrepancy): the newest one dated up to it."""
    found = words_of(store, experiment).values()  # oldest first
    return {(one.case_id, one.discrepancy): one for one in found if one.at <= look}


def words_of(store: Store, experiment: str) -> dict[tuple[str, str, str, datetime], Label]:
    """Everything that was ever said, by case id, discrepancy, person and moment; the oldest word first."""
    with store.read() as connection:
        rows = connection.execute(
            select(labels).where(labels.c.experiment == experiment).order_by(labels.c.at, labels.c.who)
        ).mappings()
        made = [_label(row) for row in rows]
    return {(one.case_id, one.discrepancy, one.who, one.at): one for one in made}


def _label(row: Mapping[Any, Any]) -> Label:
    return Label(
        experiment=row["experiment"],
        case_id=row["case_id"],
        discrepancy=row["discrepancy"],
        side=Side(row["side"]),
        grade=Severity(row["grade"]) if row["grade"] else None,
        comment=row["comment"],
        who=row["who"],
        at=row["at"],
    )
