"""Gate: the candidate does not do more harm than the control by a margin, on the same cases."""

from __future__ import annotations

from math import fsum

from shadow.evidence.eprocess import harm, log_e, more_needed, reached, threshold, upper_limit
from shadow.evidence.evidence import Evidence
from shadow.evidence.forecast import days_for, unit_days_per_day
from shadow.evidence.paired import badness, limit_of, paired_plan
from shadow.gates.finding import Finding, Number, Status
from shadow.gates.words import check_share, many, nothing_yet, percent
from shadow.plug import gate

NAME = "non_inferior"


def _check(by: float, alpha: float, discordant: float) -> None:
    check_share("by", by)
    check_share("alpha", alpha)
    check_share("discordant", discordant)


@gate(
    version=1,
    check=_check,
    words="the candidate is not harmfully wrong more often than the control by {by_percent} of the pieces of evidence; "
    "error rate {alpha_percent}",
)
def non_inferior(evidence: Evidence, *, by: float, alpha: float = 0.05, discordant: float = 0.05) -> Finding:
    """Passes once "the candidate is more often harmfully wrong than the control by `by` or more" is rejected.

    A case counts 1 where the candidate was harmfully wrong and the control right, by a label or because none came in
    time; -1 where a label says that it was the other way round; 0 where both were right or both wrong. A unit-day
    counts the mean of its cases. Over closed days.

    Args:
        by: the margin, a share of unit-days in (0, 1).
        alpha: the chance, in (0, 1), of ever passing though the difference is the margin.
        discordant: the share of unit-days, in (0, 1), on which one side is expected to be harmfully wrong and the
            other right; a plan for the bets, fixed beforehand. A wrong plan costs days, never the error rate.

    Example:
        >>> non_inferior(by=0.01)
        non_inferior(by=0.01, alpha=0.05, discordant=0.05)

    Source: `shadow.evidence.paired`.
    """
    limit, prior = limit_of(by), paired_plan(by, discordant)
    versus = evidence.counts.versus(evidence.closed)
    pieces = [(bad, int(often)) for bad, often in badness(versus) if often]
    more = more_needed(pieces, limit, prior, alpha=alpha)
    days = days_for(evidence, more, unit_days_per_day(evidence))
    if not pieces:
        return nothing_yet(NAME, days)
    numbers: dict[str, Number] = {
        **_numbers(versus),
        "log_e": log_e(pieces, limit, prior),
        "threshold": threshold(alpha),
        "upper": 2 * upper_limit(pieces, alpha, prior) - 1,
    }
    seen = f"The candidate was harmfully wrong and the control right on {float(numbers['worse']):,.4g} unit-days, "
    seen += f"the other way round on {float(numbers['better']):,.4g} of {many(int(numbers['unit_days']), 'unit-day')}"
    if reached(float(numbers["log_e"]), alpha):
        reason = f"{seen}: surely not worse by {percent(by)} (error rate {percent(alpha)})."
        return Finding(gate=NAME, status=Status.PASS, reason=reason, numbers=numbers)
    worse = reached(log_e(pieces, limit, harm(limit)), alpha)
    return Finding(
        gate=NAME,
        status=Status.FAIL if worse else Status.INCONCLUSIVE,
        reason=f"{seen}: {'surely' if worse else 'not yet surely not'} worse by {percent(by)}.",
        numbers=numbers,
        needs=f"{many(more, 'more unit-day')} like those so far" if more is not None else "a better version, or labels",
        days=days,
    )


def _numbers(versus: list[tuple[float, int]]) -> dict[str, Number]:
    total = sum(often for _, often in versus)
    worse = fsum(net * often for net, often in versus if net > 0)
    better = fsum(-net * often for net, often in versus if net < 0)
    return {"unit_days": total, "worse": worse, "better": better, "mean": (worse - better) / total}
