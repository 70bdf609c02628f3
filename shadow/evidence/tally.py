"""From cases to counts, a batch of columns at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta

from shadow.errors import UsageError
from shadow.evidence.bulk import tally_columns
from shadow.evidence.columns import columns_of
from shadow.evidence.counts import Counts, merged
from shadow.evidence.judged import Judged

BATCH = 8_192  # cases; a batch ends with a unit-day


def tally(rows: Iterable[Judged], look: datetime, *, batch: int = BATCH) -> Counts:
    """Counts of the cases that had arrived by the look.

    Memory grows with days, slice values and the cases of one batch, not with the cases.

    Args:
        rows: one row a case, ordered by (day, unit), units in code point order.
        look: aware UTC moment at which the rows stand as they are.
        batch: how many cases are counted at once, at least, ≥ 1; the counts are the same whatever it is.

    Raises:
        UsageError: rows out of order, a case twice in its unit-day, or a case from after the look.
    """
    if look.utcoffset() != timedelta(0):
        raise UsageError("a look needs a moment in UTC", where="evidence", seen=str(look))
    return merged(map(_counted, _batches(rows, look.astimezone(UTC).date(), batch)))


def _counted(cases: list[Judged]) -> Counts:
    return tally_columns(columns_of(cases))


def _batches(rows: Iterable[Judged], last: date, size: int) -> Iterator[list[Judged]]:
    """The rows in batches that split no unit-day."""
    cases: list[Judged] = []
    before: tuple[date, str] | None = None
    for case in rows:
        here = (case.day, case.unit)
        if here != before:
            _in_order(before, here, last)
            if len(cases) >= size:
                yield cases
                cases = []
            before = here
        cases.append(case)
    if cases:
        yield cases


def _in_order(before: tuple[date, str] | None, here: tuple[date, str], last: date) -> None:
    if before is not None and here < before:
        raise _refused("rows are not ordered by day and unit", here)
    if here[0] > last:
        raise _refused("a case arrived after the look", here)


def _refused(what: str, here: tuple[date, str]) -> UsageError:
    todo = "order the rows by day and unit (code points), one row a case, none from after the look"
    return UsageError(what, where="evidence", seen=f"day {here[0]}, unit {here[1]!r}", todo=todo)
