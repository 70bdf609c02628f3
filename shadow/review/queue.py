"""The review queue: which discrepancy somebody should look at next, what they say of it, and taking that back.

The order and the contents are those of `labels.export_rows`; unlike it, nothing is walked but the open discrepancies
of the index, and no body is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, func, literal, or_, select

from shadow.contract import Severity, digests
from shadow.errors import StoreError, UsageError
from shadow.review.labels import checked, newest_look
from shadow.review.open_rows import Scope, found, has_word, unlabelled, waiting
from shadow.store import Store
from shadow.store.labels import Label, save_labels, standing, withdraw, words_on
from shadow.store.registry import contract_of, experiment
from shadow.store.tables import cases, labels, results

LONGEST_COMMENT = 2000  # characters
_AT_ONCE = 50  # rows that are looked at more closely together
_SHOWN = (
    results.c.case_id,
    results.c.revision,
    results.c.discrepancy,
    results.c.severity,
    cases.c.arrived_at,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """One discrepancy that nobody has said a word of.

    Attributes:
        discrepancy: digest of what both sides did.
        arrived_at: aware UTC.
    """

    case_id: str
    discrepancy: str
    severity: Severity
    arrived_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far people have come at the newest look: discrepancies with a word that stands, and open ones by severity."""

    labelled: int
    by_severity: Mapping[Severity, int]

    @property
    def open(self) -> int:
        """How many are left."""
        return sum(self.by_severity.values())


def next_open(store: Store, experiment_id: str, *, after: str = "", every: bool = False) -> Open | None:
    """The discrepancy to look at next: the worst first, then the oldest arrival, then by case id; None: none is left.

    Args:
        after: a case id of the experiment; what comes before it, and itself, is skipped.
        every: minor and cosmetic discrepancies too, which no gate counts.

    Raises:
        UsageError: no run was assessed yet, or `after` is no discrepancy of the experiment.
    """
    scope = _scope(store, experiment_id, every)
    with store.read() as connection:
        place = _place(connection, scope, after) if after else None
        for severity in _from(scope, place):
            found_one = _first(connection, replace(scope, severities=[severity]), place)
            if found_one is not None:
                return found_one
    return None


def progress(store: Store, experiment_id: str, *, every: bool = False) -> Progress:
    """How many discrepancies of the newest look have a word, and how many are open, by severity."""
    scope = _scope(store, experiment_id, every)
    held = waiting(scope, results.c.severity, has_word().label("labelled")).subquery()
    counted = select(held.c.severity, held.c.labelled, func.count()).group_by(held.c.severity, held.c.labelled)
    with store.read() as connection:
        rows = connection.execute(counted).all()
    return Progress(
        labelled=sum(count for _, labelled, count in rows if labelled),
        by_severity={
            one: sum(count for severity, labelled, count in rows if not labelled and severity == one)
            for one in reversed(scope.severities)
        },
    )


def label(store: Store, given: Mapping[str, str], *, who: str, at: datetime) -> Label:
    """Keep one person's word on one discrepancy; it counts at the next look.

    Args:
        given: experiment, case, discrepancy, side; grade and comment where there are any. As in a row of the sheet.
        at: aware UTC; when it was said.

    Raises:
        UsageError: what a row of the sheet would be refused for, or a comment of more than 2,000 characters.
    """
    names = ("experiment", "case", "discrepancy", "side", "grade", "comment")
    row = {name: given.get(name, "") for name in names}
    if any("\0" in text for text in row.values()):
        raise UsageError("a word is text", seen="the character U+0000")
    if len(row["comment"]) > LONGEST_COMMENT:
        raise UsageError(
            "the comment is too long", seen=f"{len(row['comment']):,} characters", allowed=f"up to {LONGEST_COMMENT:,}"
        )
    said = checked({**row, "who": who, "at": at.isoformat()}, _One(store))
    save_labels(store, [said])
    return said


def undo(store: Store, experiment_id: str, case_id: str, discrepancy: str, *, who: str, at: datetime) -> Label:
    """Take back that person's newest word on that discrepancy, from `at` on; what was said before it holds again.

    Raises:
        UsageError: there is no word of theirs to take back.
    """
    mine = [one for one, back in words_on(store, experiment_id, case_id) if back is None and one.who == who]
    words = [one for one in mine if one.discrepancy == discrepancy]
    if not words or not withdraw(store, words[-1], at=at):
        raise UsageError("there is no word of yours to take back", where=f"{experiment_id}: case {case_id}"[:200])
    return words[-1]


def last_word(store: Store, experiment_id: str, who: str) -> Label | None:
    """The newest word of a person in an experiment that was not taken back; None where there is none."""
    wanted = select(labels.c.case_id).where(labels.c.experiment == experiment_id, labels.c.who == who, standing())
    with store.read() as connection:
        found = connection.execute(wanted.order_by(labels.c.at.desc(), labels.c.case_id).limit(1)).scalar()
    words = words_on(store, experiment_id, found) if found is not None else []
    mine = [one for one, back in words if back is None and one.who == who]
    return mine[-1] if mine else None


class _One:
    """What a single word is held against: two rows, looked up by their keys."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def has(self, experiment_id: str, case_id: str, mark: str) -> bool:
        try:
            experiment(self.store, experiment_id)
        except StoreError as error:
            raise UsageError(error.what, seen=repr(experiment_id)[:80]) from error
        mine = (results.c.experiment == experiment_id, results.c.case_id == case_id, results.c.discrepancy == mark)
        with self.store.read() as connection:
            return connection.execute(select(literal(1)).select_from(results).where(*mine)).first() is not None

    def said(self, said: Label) -> Label | None:
        words = [one for one, _ in words_on(self.store, said.experiment, said.case_id)]
        same = [one for one in words if (one.discrepancy, one.who, one.at) == (said.discrepancy, said.who, said.at)]
        return same[0] if same else None


def _scope(store: Store, experiment_id: str, every: bool) -> Scope:
    held = experiment(store, experiment_id)
    contract = contract_of(store, held.contract)
    return Scope(
        held=held,
        look=newest_look(store, held),
        judgement=digests(contract).judgement,
        settles_within=contract.settles_within,
        severities=[one for one in Severity if every or one.harmful],
        backend=store.engine.dialect.name,
    )


def _place(connection: Connection, scope: Scope, case_id: str) -> Open:
    """Where a case stands in the order: its newest result under this judgement."""
    every = replace(scope, severities=list(Severity))
    wanted = found(every, *_SHOWN).where(results.c.case_id == case_id).order_by(results.c.revision.desc())
    row = connection.execute(wanted.limit(1)).first()
    if row is None:
        raise UsageError("no such discrepancy to go on from", seen=repr(case_id)[:80], todo="begin the queue again")
    return _made(row)


def _from(scope: Scope, place: Open | None) -> list[Severity]:
    """The severities that the queue still has before it, the worst first."""
    return [one for one in reversed(scope.severities) if place is None or one.rank <= place.severity.rank]


def _first(connection: Connection, scope: Scope, place: Open | None) -> Open | None:
    """The first of one severity: what was found is put in order, and looked at more closely until one counts."""
    wanted = found(scope, *_SHOWN).where(unlabelled())
    if place is not None and place.severity in scope.severities:
        same = and_(cases.c.arrived_at == place.arrived_at, results.c.case_id > place.case_id)
        wanted = wanted.where(or_(cases.c.arrived_at > place.arrived_at, same))
    ordered = wanted.order_by(cases.c.arrived_at, results.c.case_id)
    with connection.execute(ordered.execution_options(yield_per=_AT_ONCE)) as rows:
        for part in rows.partitions():
            ids = sorted({row.case_id for row in part})
            closer = waiting(scope, results.c.case_id, results.c.revision).where(results.c.case_id.in_(ids))
            counts = {(case_id, revision) for case_id, revision in connection.execute(closer)}
            row = next((row for row in part if (row.case_id, row.revision) in counts), None)
            if row is not None:
                return _made(row)
    return None


def _made(row: Row[Any]) -> Open:
    return Open(
        case_id=row.case_id, discrepancy=row.discrepancy, severity=Severity(row.severity), arrived_at=row.arrived_at
    )
