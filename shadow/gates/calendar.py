"""Gate: enough closed days, and from two weeks on every weekday twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import date, timedelta

from shadow.evidence.counts import Table
from shadow.evidence.evidence import Evidence
from shadow.evidence.forecast import until_first_close
from shadow.evidence.judged import Standing
from shadow.gates.finding import Finding, Status
from shadow.gates.words import many
from shadow.plug import gate

NAME = "calendar"
_FORTNIGHT = 14
_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _check(days: int) -> None:
    if isinstance(days, bool) or not isinstance(days, int) or days < 1:
        raise ValueError(f"days must be a whole number from 1 on, not {days!r}")


@gate(version=1, check=_check, words="at least {days} such days, and from two weeks on every weekday twice")
def calendar(evidence: Evidence, *, days: int) -> Finding:
    """Passes with `days` closed days, a compared case on each; from 14 on, every weekday at least twice.

    A weekday on which nothing is ever compared keeps it from passing and is named.

    Args:
        days: closed days needed, ≥ 1.

    Example:
        >>> calendar(days=14)
        calendar(days=14)
    """
    seen = [day for day in evidence.closed if _compared(evidence, day)]
    lacking = _lacking(seen, days)
    numbers = {"closed_days": len(seen), "days": days}
    reason = f"{many(len(seen), 'closed day')} with compared cases of {days} needed"
    if len(seen) >= days and not lacking:
        return Finding(gate=NAME, status=Status.PASS, reason=f"{reason}.", numbers=numbers)
    more = _more(seen, days, evidence)
    named = f", {', '.join(lacking)} not seen twice" if len(seen) >= days else ""
    return Finding(
        gate=NAME,
        status=Status.INCONCLUSIVE,
        reason=f"{reason}{named}.",
        numbers=numbers,
        needs=many(more, "more closed day"),
        days=more if evidence.closed else until_first_close(evidence) + more - 1,
    )


def _compared(evidence: Evidence, day: date) -> bool:
    return evidence.counts.number(Table.CASES, Standing.COMPARED, days=(day,)) > 0


def _lacking(seen: Collection[date], days: int) -> list[str]:
    """Weekdays that are still to be seen twice; none where less than two weeks are asked for."""
    if days < _FORTNIGHT:
        return []
    often = Counter(day.weekday() for day in seen)
    return [name for number, name in enumerate(_NAMES) if often[number] < 2]


def _more(seen: list[date], days: int, evidence: Evidence) -> int:
    """Closed days still needed if from the first open day on every day brings compared cases."""
    first = min(evidence.counts.days, default=evidence.look.date())
    following = evidence.closed[-1] + timedelta(days=1) if evidence.closed else first
    to_come: list[date] = []
    while len(seen) + len(to_come) < days or _lacking([*seen, *to_come], days):
        to_come.append(following + timedelta(days=len(to_come)))
    return len(to_come)
