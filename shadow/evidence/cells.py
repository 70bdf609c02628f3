"""Parts of the week: which of them hold the workflow's traffic, and which were seen on two dates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from shadow.evidence.counts import Table
from shadow.evidence.evidence import Evidence
from shadow.evidence.reference import Reference

Cell = tuple[int, int]  # weekday from Monday = 0, part of the day from 0

TWICE = 2  # dates on which a cell must have been seen
_HOURS, _WEEKDAYS = 24, 7
_HAIR = 1e-12  # shares are sums of fractions


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """How the traffic is spread over the parts of a week.

    Attributes:
        shares: cell → its share of the traffic; they sum to 1.
        assumed: whether nothing is known, so that every cell of the week counts alike.
    """

    shares: Mapping[Cell, float]
    assumed: bool


def cells_of(reference: Reference | None, parts: int) -> Cells:
    """The shares of the reference traffic; of every cell alike where there is none.

    Args:
        parts: of a day; divides 24.
    """
    if reference is None or not reference.cases:
        every = [(weekday, part) for weekday in range(_WEEKDAYS) for part in range(parts)]
        return Cells(shares=dict.fromkeys(every, 1 / len(every)), assumed=True)
    found: Counter[Cell] = Counter()
    for (weekday, hour), often in reference.cells.items():
        found[weekday, _part(hour, parts)] += often
    return Cells(shares={cell: often / reference.cases for cell, often in sorted(found.items())}, assumed=False)


def dates_seen(evidence: Evidence, parts: int) -> dict[Cell, int]:
    """On how many closed dates each cell had a compared case."""
    found: Counter[Cell] = Counter()
    for day in evidence.closed:
        hours = (int(key[0]) for key in evidence.counts.table(Table.HOURS, (day,)))
        found.update({(day.weekday(), _part(hour, parts)) for hour in hours})
    return dict(found)


def covered(cells: Cells, seen: Mapping[Cell, int]) -> float:
    """The share of the traffic in cells that were seen on two dates, in [0, 1]."""
    return sum(share for cell, share in cells.shares.items() if seen.get(cell, 0) >= TWICE)


def lacking(cells: Cells, seen: Mapping[Cell, int], share: float) -> list[Cell]:
    """The cells that must still be seen until `share` of the traffic is covered, the busiest first."""
    have, found = covered(cells, seen), []
    for cell, part in sorted(cells.shares.items(), key=lambda item: (-item[1], item[0])):
        if have >= share - _HAIR:
            break
        if seen.get(cell, 0) < TWICE:
            found.append(cell)
            have += part
    return found


def days_until(cells: list[Cell], seen: Mapping[Cell, int], after: date) -> int:
    """Days after `after` until each of these cells has been seen on two dates, if each day brings its weekday's."""
    longest = 0
    for cell in cells:
        first = (cell[0] - after.weekday() - 1) % _WEEKDAYS + 1
        longest = max(longest, first + _WEEKDAYS * (TWICE - 1 - seen.get(cell, 0)))
    return longest


def hours_of(cell: Cell, parts: int) -> str:
    """`06-12`: the UTC hours of a cell."""
    length = _HOURS // parts
    return f"{cell[1] * length:02d}-{(cell[1] + 1) * length:02d}"


def _part(hour: int, parts: int) -> int:
    return hour * parts // _HOURS
