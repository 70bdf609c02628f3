"""How many days evidence still needs, if the days to come are like those so far."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from math import ceil

from shadow.evidence.counts import Table
from shadow.evidence.evidence import Evidence
from shadow.evidence.judged import Standing

_DAY = timedelta(days=1)


def unit_days_per_day(evidence: Evidence) -> float:
    """Unit-days with a compared case a closed day; before one is closed, what arrives in a day."""
    counts, days = evidence.counts, evidence.closed
    if days:
        return sum(counts.table(Table.SERVED, days).values()) / len(days)
    return _arriving(evidence, sum(counts.table(Table.CONFIRMED).values()))


def cases_per_day(evidence: Evidence) -> float:
    """Compared cases a closed day; before one is closed, what arrives in a day."""
    counts, days = evidence.counts, evidence.closed
    if days:
        return counts.number(Table.CASES, Standing.COMPARED, days=days) / len(days)
    return _arriving(evidence, counts.cases())


def _arriving(evidence: Evidence, seen: int) -> float:
    """So many a day; the contract's volume where nothing has arrived."""
    return seen / len(evidence.counts.days) if seen else float(evidence.cases_per_day)


def until_first_close(evidence: Evidence) -> float:
    """Days until the first arrival day must be closed; 0 where one is or should be."""
    if evidence.closed:
        return 0.0
    first = min(evidence.counts.days, default=evidence.look.date())
    begin = datetime.combine(first, time(), tzinfo=UTC)
    closes = begin + _DAY + evidence.settles_within + evidence.labels_within
    return max(0.0, (closes - evidence.look) / _DAY)


def days_for(evidence: Evidence, pieces: float | None, per_day: float) -> float | None:
    """Days until so many more pieces of evidence lie on closed days; None where that cannot be said.

    Once days close, one closes a day; before, the first one's waiting time comes on top and brings
    a day's evidence with it.
    """
    if pieces is None or per_day <= 0:
        return None
    whole = ceil(pieces / per_day)
    return float(whole) if evidence.closed else until_first_close(evidence) + max(0, whole - 1)
