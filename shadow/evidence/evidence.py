"""What gates read: counts, the moment of the look, and what is known about how they came about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from shadow.evidence import distinct
from shadow.evidence.counts import Counts, Shares, Table, closed_days
from shadow.evidence.judged import Standing
from shadow.evidence.reference import Reference


class Problem(NamedTuple):
    """One thing that validating a window found: which window, which column, what, how many rows."""

    window: str
    column: str
    problem: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that a gate may look at.

    Attributes:
        counts: what is left of the cases.
        look: aware UTC moment of the look.
        settles_within, labels_within: the contract's; how long a day may stay open.
        cases_per_day: expected volume, ≥ 0; 0 where the contract does not say. For forecasts only.
        price_known: whether the candidate's price per call was declared.
        problems: what validating found and nobody has put right.
        validated: windows that were validated, ≥ 0, those with problems included.
        unvalidated: windows with cases that were not validated, ≥ 0.
        versions_tried: candidate versions tried on this contract, this one included, ≥ 1.
        reference: what arrived in the weeks before the experiment; None where nobody asked.
    """

    counts: Counts
    look: datetime
    settles_within: timedelta = timedelta(days=5)
    labels_within: timedelta = timedelta(days=1)
    cases_per_day: float = 0
    price_known: bool = False
    problems: tuple[Problem, ...] = ()
    validated: int = 0
    unvalidated: int = 0
    versions_tried: int = 1
    reference: Reference | None = None

    @property
    def closed(self) -> tuple[date, ...]:
        """The closed arrival days, in order; *ready* is judged over them alone."""
        return closed_days(self.counts, self.look)

    @property
    def through(self) -> date | None:
        """The last calendar day of the unbroken stretch of days that are over and closed, those without a case too.

        None where no day is.
        """
        closed, first = self.closed, min(self.counts.days, default=None)
        if first is None or not closed:
            return None
        still_open = [day for day in self.counts.days if day > closed[-1]]
        return min(still_open, default=self.look.date()) - timedelta(days=1)

    @property
    def compared(self) -> int:
        """Compared cases of closed days."""
        return self.counts.number(Table.CASES, Standing.COMPARED, days=self.closed)

    @property
    def waiting(self) -> int:
        """Cases that have not settled or were not replayed yet."""
        return self.counts.number(Table.CASES, Standing.WAITING)

    @property
    def unlabelled(self) -> int:
        """Compared cases of closed days, major or critical, that count as harmful for want of a label."""
        return sum(self.counts.table(Table.UNLABELLED, self.closed).values())

    @property
    def distinct_units(self) -> int:
        """Different units with a compared case: exact up to 8,191, beyond that within about 1.1 %."""
        return distinct.estimate(self.counts.units)

    @property
    def critical_cases(self) -> tuple[str, ...]:
        """Ids of the cases that a label confirmed as critical, on any day, sorted."""
        return tuple(sorted(str(key[0]) for key in self.counts.table(Table.CRITICAL_CASES)))

    def served(self) -> list[tuple[float, int]]:
        """The evidence for *ready*: (harmful share, unit-days) of closed days; unlabelled is harmful."""
        return self.counts.shares(Table.SERVED, self.closed)

    def daily(self) -> dict[date, Shares]:
        """`served` by closed day."""
        return {day: self.counts.shares(Table.SERVED, (day,)) for day in self.closed}

    def confirmed(self) -> list[tuple[float, int]]:
        """The evidence for *not ready*: (share confirmed harmful, unit-days) of every day."""
        return self.counts.shares(Table.CONFIRMED)

    def until(self, day: date) -> Evidence:
        """The same evidence as if no case had arrived after `day`: for plots, not for deciding."""
        then = datetime.combine(day + timedelta(days=1), time(), tzinfo=UTC)
        return replace(self, counts=self.counts.until(day), look=min(self.look, then))

    def path(self, gate: Callable[[Evidence], Any], number: str = "log_e") -> tuple[tuple[date, float], ...]:
        """One of a gate's numbers after each closed day; days on which it has none are left out.

        Args:
            gate: as bound in a contract.
            number: a key of the finding's numbers.
        """
        found = ((day, gate(self.until(day)).numbers.get(number)) for day in self.closed)
        return tuple((day, float(value)) for day, value in found if value is not None)
