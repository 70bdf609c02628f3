"""Gate: critical cases are rarer than a limit, and not one was confirmed."""

from __future__ import annotations

from shadow.evidence.counts import Table
from shadow.evidence.eprocess import CRITICAL, bernoulli_log_e, inputs_for, reached, threshold
from shadow.evidence.evidence import Evidence
from shadow.evidence.forecast import days_for, unit_days_per_day
from shadow.gates.finding import Finding, Number, Status
from shadow.gates.words import check_share, many, nothing_yet, percent
from shadow.plug import gate

NAME = "critical_rate"
_NAMED = 5  # how many case ids a reason names


def _check(below: float, alpha: float) -> None:
    check_share("below", below)
    check_share("alpha", alpha)


@gate(
    version=1,
    check=_check,
    words="fewer than {below_percent} of the pieces of evidence hold a critical case; error rate {alpha_percent}",
)
def critical_rate(evidence: Evidence, *, below: float, alpha: float = 0.05) -> Finding:
    """Passes once "a unit-day has a critical case with chance `below` or more" is rejected.

    A confirmed critical event on any day rejects at once. An unlabelled critical discrepancy on a
    closed day counts as critical.

    Args:
        below: the limit, a share of unit-days in (0, 1).
        alpha: the chance, in (0, 1), of ever passing though the share is at the limit.

    Example:
        >>> critical_rate(below=0.001)
        critical_rate(below=0.001, alpha=0.05)

    Source: `shadow.evidence.eprocess`, prior CRITICAL; 0.001 at 5 % needs 3,057 unit-days without any.
    """
    events = evidence.critical_cases
    numbers = _numbers(evidence, below, alpha)
    if events:
        return _rejected(events, numbers)
    total, bad = int(numbers["unit_days"]), int(numbers["critical"])
    more = max(0, inputs_for(bad, below, CRITICAL, alpha=alpha) - total)
    days = days_for(evidence, more, unit_days_per_day(evidence))
    if not total:
        return nothing_yet(NAME, days, numbers)
    seen = f"{many(bad, 'unit-day')} of {total:,} with a critical discrepancy, none confirmed"
    if reached(float(numbers["log_e"]), alpha):
        reason = f"{seen}: below the limit of {percent(below)}, surely enough (error rate {percent(alpha)})."
        return Finding(gate=NAME, status=Status.PASS, reason=reason, numbers=numbers)
    needs = f"{many(more, 'more unit-day')} without a critical case"
    needs += ", or labels that clear those seen" if bad else ""
    return Finding(
        gate=NAME,
        status=Status.INCONCLUSIVE,
        reason=f"{seen}: not yet surely below the limit of {percent(below)}.",
        numbers=numbers,
        needs=needs,
        days=days,
    )


def _numbers(evidence: Evidence, below: float, alpha: float) -> dict[str, Number]:
    total = sum(often for _, often in evidence.served())
    bad = evidence.counts.number(Table.CRITICAL, days=evidence.closed)
    return {
        "log_e": bernoulli_log_e(bad, total, below, CRITICAL),
        "threshold": threshold(alpha),
        "unit_days": total,
        "critical": bad,
        "confirmed": len(evidence.critical_cases),
    }


def _rejected(events: tuple[str, ...], numbers: dict[str, Number]) -> Finding:
    named = ", ".join(events[:_NAMED]) + (" …" if len(events) > _NAMED else "")
    reason = f"{many(len(events), 'critical case')} confirmed by a label: {named}."
    return Finding(
        gate=NAME, status=Status.FAIL, reason=reason, numbers=numbers, needs="a better version", rejects=True
    )
