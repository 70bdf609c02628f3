"""Labels: people's words on discrepancies, dated; a later word of anybody replaces an earlier one.

Whoever gave a label can take it back. The label's row stays as it is: a withdrawal is a row of its own with its own
moment, so a look that was taken in between says the same whenever it is computed again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, select

from shadow.contract import Severity
from shadow.store.decision_tables import withdrawals
from shadow.store.engine import Store, upsert
from shadow.store.tables import labels

EVER = datetime.max.replace(tzinfo=UTC)  # a look after everything that was ever said


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


def withdraw(store: Store, label: Label, *, at: datetime) -> bool:
    """Take a label back from `at` (aware UTC) on; False where it was taken back before."""
    row = {
        "experiment": label.experiment,
        "case_id": label.case_id,
        "discrepancy": label.discrepancy,
        "who": label.who,
        "at": label.at,
        "withdrawn_at": at,
    }
    with store.write() as connection:
        return bool(upsert(connection, withdrawals, [row]))


def labels_at(store: Store, experiment: str, *, look: datetime) -> dict[tuple[str, str], Label]:
    """The word that holds at `look` for each (case id, discrepancy): the newest one dated up to it and not taken back.

    A label that was taken back at or before the look is not there; one that was taken back later still is.
    """
    back = _withdrawn(store, withdrawals.c.experiment == experiment)
    words = words_of(store, experiment).items()  # oldest first
    return {key[:2]: one for key, one in words if one.at <= look and not (key in back and back[key] <= look)}


def words_of(store: Store, experiment: str) -> dict[tuple[str, str, str, datetime], Label]:
    """Everything that was ever said, by case id, discrepancy, person and moment; the oldest word first."""
    return {_key(one): one for one in _labels(store, labels.c.experiment == experiment)}


def words_on(store: Store, experiment: str, case_id: str) -> list[tuple[Label, datetime | None]]:
    """Everything that was ever said of one case, the oldest word first, each with when it was taken back."""
    mine = and_(labels.c.experiment == experiment, labels.c.case_id == case_id)
    gone = and_(withdrawals.c.experiment == experiment, withdrawals.c.case_id == case_id)
    back = _withdrawn(store, gone)
    return [(one, back.get(_key(one))) for one in _labels(store, mine)]


def standing() -> ColumnElement[bool]:
    """A condition on rows of `labels`: nobody has taken this one back."""
    same = [withdrawals.c[column.name] == column for column in labels.primary_key.columns]
    return ~select(1).where(*same).correlate(labels).exists()


def _key(one: Label) -> tuple[str, str, str, datetime]:
    return one.case_id, one.discrepancy, one.who, one.at


def _labels(store: Store, wanted: ColumnElement[bool]) -> list[Label]:
    with store.read() as connection:
        rows = connection.execute(select(labels).where(wanted).order_by(labels.c.at, labels.c.who)).mappings()
        return [_label(row) for row in rows]


def _withdrawn(store: Store, wanted: ColumnElement[bool]) -> dict[tuple[str, str, str, datetime], datetime]:
    with store.read() as connection:
        rows = connection.execute(select(withdrawals).where(wanted)).mappings()
        return {(r["case_id"], r["discrepancy"], r["who"], r["at"]): r["withdrawn_at"] for r in rows}


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
