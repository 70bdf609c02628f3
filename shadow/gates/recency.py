"""Gate: the last days are as good as all days: no *ready* from yesterday's evidence."""

from __future__ import annotations

from math import inf

from shadow.evidence.eprocess import READY, more_needed, reached, threshold, upper_limit
from shadow.evidence.evidence import Evidence
from shadow.evidence.forecast import days_for, unit_days_per_day, until_first_close
from shadow.evidence.recency import suffix_min_log_e
from shadow.gates.finding import Finding, Number, Status
from shadow.gates.words import check_share, check_whole, many, nothing_yet, percent
from shadow.plug import gate

NAME = "recency"


def _check(at_most: float, alpha: float, days: int) -> None:
    check_share("at_most", at_most)
    check_share("alpha", alpha)
    check_whole("days", days)


@gate(
    version=1,
    check=_check,
    words="fewer than {at_most_percent} of the pieces of evidence of the last {days} days are harmful, and of every "
    "longer stretch up to now; error rate {alpha_percent}",
)
def recency(evidence: Evidence, *, at_most: float, alpha: float = 0.05, days: int = 7) -> Finding:
    """Passes once "the harmful share is `at_most` or more" is rejected over the last days, however many of them.

    Each stretch of `days` days or more up to now is asked. A candidate that was good and turned bad keeps its good
    past in every other gate; here the evidence starts anew on each day, and the weakest start decides.

    Args:
        at_most: the limit, a share in (0, 1).
        alpha: the chance, in (0, 1), of ever passing `days` or more days after the share rose to the limit, whatever
            the day on which it did.
        days: calendar days of the shortest stretch, ≥ 1; 14 where seven hold too little evidence.

    Example:
        >>> recency(at_most=0.01)
        recency(at_most=0.01, alpha=0.05, days=7)

    Source: `shadow.evidence.recency`.
    """
    through = evidence.through
    if through is None or not evidence.compared:
        return nothing_yet(NAME, until_first_close(evidence) or None)
    daily = evidence.daily()
    weakest, since = suffix_min_log_e(daily, at_most, READY, days=days, through=through)
    if since is None or weakest == -inf:
        return _too_short(evidence, days)
    pieces = [piece for day, found in daily.items() if day >= since for piece in found]
    numbers: dict[str, Number] = {
        "log_e": weakest,
        "threshold": threshold(alpha),
        "since": since.isoformat(),
        "unit_days": sum(often for _, often in pieces),
        "upper": upper_limit(pieces, alpha),
    }
    seen = f"The weakest stretch up to now, from {since} on, holds {many(int(numbers['unit_days']), 'unit-day')}"
    if reached(weakest, alpha):
        reason = f"{seen}: surely below the limit of {percent(at_most)} (error rate {percent(alpha)})."
        return Finding(gate=NAME, status=Status.PASS, reason=reason, numbers=numbers)
    more = more_needed(pieces, at_most, READY, alpha=alpha)
    if more is not None and _too_little(evidence, int(numbers["unit_days"]) + more, days):
        return _longer(seen, numbers, days)
    return Finding(
        gate=NAME,
        status=Status.INCONCLUSIVE,
        reason=f"{seen}: not yet surely below the limit of {percent(at_most)}.",
        numbers=numbers,
        needs=f"{many(more, 'more unit-day')} like those" if more is not None else "less harm than in these days",
        days=days_for(evidence, more, unit_days_per_day(evidence)),
    )


def _too_little(evidence: Evidence, needed: int, days: int) -> bool:
    """Whether the shortest stretch cannot hold so many unit-days at the present volume."""
    return needed > unit_days_per_day(evidence) * days


def _longer(seen: str, numbers: dict[str, Number], days: int) -> Finding:
    return Finding(
        gate=NAME,
        status=Status.INCONCLUSIVE,
        reason=f"{seen}: too few at this volume, however long it goes on.",
        numbers=numbers,
        needs=f"more cases a day, or a contract that asks for more than {many(days, 'day')}",
    )


def _too_short(evidence: Evidence, days: int) -> Finding:
    first = min(evidence.counts.days)
    closed = (evidence.through - first).days + 1 if evidence.through else 0
    lacking = max(1, days - closed)
    return Finding(
        gate=NAME,
        status=Status.INCONCLUSIVE,
        reason=f"The evidence reaches back {many(closed, 'closed day')} of {days} needed.",
        numbers={"closed_days": closed, "days": days},
        needs=many(lacking, "more closed day"),
        days=float(lacking),
    )
