"""The statement behind the review queue: which discrepancies wait for a word, by the index, without any body.

It says of each case what `review.judging` says with no label given, over the results of one experiment and judgement
that are discrepancies; cases that agree, and are most, are never looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Interval,
    Select,
    Text,
    and_,
    cast,
    func,
    literal,
    select,
    type_coerce,
)

from shadow.compare.result import Agreement
from shadow.contract import Severity
from shadow.store.labels import standing
from shadow.store.registry import Experiment
from shadow.store.tables import cases, dead_letters, labels, observations, results, runs, settlements, taken

MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose open discrepancies are meant.

    Attributes:
        look: aware UTC; what had settled before it, in runs that had ended by then, counts.
        judgement: digest of the judgement by which results were made.
        settles_within: the contract's; a case that settled later was set aside.
        severities: the grades that are looked at.
        backend: "sqlite" or "postgresql".
    """

    held: Experiment
    look: datetime
    judgement: str
    settles_within: timedelta
    severities: Sequence[Severity]
    backend: str


def found(scope: Scope, *columns: Any) -> Select[Any]:
    """These columns of every discrepancy that was found, of whatever revision; cheap: the index and the cases' rows."""
    return select(*columns).select_from(results.join(cases, _case(scope))).where(_open(scope))


def waiting(scope: Scope, *columns: Any) -> Select[Any]:
    """These columns of every discrepancy that counts at the look, labelled or not, in no order; one row a case."""
    return found(scope, *columns).where(*_counts(scope))


def unlabelled() -> ColumnElement[bool]:
    """A condition on rows of `waiting`: nobody has said a word of it that stands."""
    return ~has_word()


def has_word() -> ColumnElement[bool]:
    """A condition on rows of `waiting`: somebody has said a word of it that stands."""
    same = (
        labels.c.experiment == results.c.experiment,
        labels.c.case_id == results.c.case_id,
        labels.c.discrepancy == results.c.discrepancy,
    )
    return select(1).where(*same, standing()).correlate(results).exists()


def _open(scope: Scope) -> ColumnElement[bool]:
    """What the index `ix_shadow_result_open` answers."""
    return and_(
        results.c.experiment == scope.held.id,
        results.c.judgement == scope.judgement,
        results.c.agreement == str(Agreement.DISCREPANCY),
        results.c.severity.in_([str(one) for one in scope.severities]),
    )


def _case(scope: Scope) -> ColumnElement[bool]:
    return and_(cases.c.workflow == scope.held.workflow, cases.c.id == results.c.case_id)


def _counts(scope: Scope) -> tuple[ColumnElement[bool], ...]:
    """Taken by a counting run up to the look, settled in time, neither set aside nor dead, and not pruned."""
    mine = (taken.c.experiment == results.c.experiment, taken.c.case_id == results.c.case_id, taken.c.counted.is_(True))
    ended = and_(runs.c.id == taken.c.run, runs.c.end <= scope.look)
    seen = (observations.c.experiment == results.c.experiment, observations.c.case_id == results.c.case_id)
    dead = (dead_letters.c.experiment == results.c.experiment, dead_letters.c.case_id == results.c.case_id)
    known = and_(settlements.c.workflow == scope.held.workflow, settlements.c.case_id == results.c.case_id)
    before = and_(known, settlements.c.settled_at < scope.look)
    newest = select(func.max(settlements.c.revision)).where(before).correlate(results).scalar_subquery()
    # outcomes are numbered in the order in which they settled, so the first one is number 1
    soon = (known, settlements.c.revision == 1, _in_time(settlements.c.settled_at, scope))
    kept = (known, settlements.c.revision == results.c.revision, settlements.c.body.is_not(None))
    return (
        cases.c.aside.is_(None),
        select(1).select_from(taken.join(runs, ended)).where(*mine).correlate(results).exists(),
        results.c.revision == newest,
        select(1).where(*soon).correlate(results, cases).exists(),
        select(1).where(*seen, observations.c.body.is_not(None)).correlate(results).exists(),
        select(1).where(*kept).correlate(results).exists(),
        ~select(1).where(*dead).correlate(results).exists(),
    )


def _in_time(first: ColumnElement[Any], scope: Scope) -> ColumnElement[bool]:
    """Whether the first outcome came within the limit after the arrival, to the microsecond."""
    if scope.backend == "sqlite":
        late = _microseconds(first) - _microseconds(cases.c.arrived_at)
        return late <= scope.settles_within // MICROSECOND
    limit = type_coerce(cases.c.arrived_at, DateTime(timezone=True)) + literal(scope.settles_within, Interval())
    return type_coerce(first, DateTime(timezone=True)) <= limit


def _microseconds(moment: ColumnElement[Any]) -> ColumnElement[int]:
    """A moment as SQLite keeps it (text, microseconds always written), counted from 1970."""
    written = cast(moment, Text)
    seconds = cast(func.strftime("%s", func.substr(written, 1, 19)), BigInteger)
    return seconds * 1_000_000 + cast(func.substr(written, 21, 6), BigInteger)
