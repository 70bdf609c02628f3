"""Gate: the candidate's 95th percentile of durations lies below a ceiling, at a stated error rate."""

from __future__ import annotations

from shadow.evidence.counts import Table
from shadow.evidence.eprocess import READY, bernoulli_log_e, harm, more_needed, reached, threshold
from shadow.evidence.evidence import Evidence
from shadow.evidence.forecast import days_for, unit_days_per_day
from shadow.evidence.histogram import MICRO, at_or_over, quantile_upper
from shadow.evidence.tables import CANDIDATE
from shadow.gates.finding import Finding, Number, Status
from shadow.gates.words import check_positive, check_share, many, nothing_yet, percent
from shadow.plug import gate

NAME = "latency"
_OVER = 0.05  # the share of cases that a 95th percentile leaves above itself


def _check(p95_s: float, alpha: float) -> None:
    check_positive("p95_s", p95_s)
    check_share("alpha", alpha)


@gate(version=2, check=_check, words="95 of 100 cases take less than {p95_s} seconds; error rate {alpha_percent}")
def latency(evidence: Evidence, *, p95_s: float, alpha: float = 0.05) -> Finding:
    """Passes once "5 % of the cases or more take `p95_s` or longer" is rejected.

    Of the replayed cases of a unit-day on closed days one counts, drawn whatever it took, so that a slow
    customer weighs as one. A case whose duration is unknown counts as too slow; a duration that cannot be
    (NaN, negative) leaves the gate inconclusive.

    Args:
        p95_s: ceiling of the 95th percentile, seconds, > 0; a duration at the ceiling is too slow.
        alpha: the chance, in (0, 1), of ever passing though the percentile is at the ceiling.

    Example:
        >>> latency(p95_s=20)
        latency(p95_s=20, alpha=0.05)

    Source: "the q-quantile is at least c" is "P(X ≥ c) ≥ 1 - q"; Howard & Ramdas (2022).
    """
    numbers = _numbers(evidence, p95_s, alpha)
    total, slow = int(numbers["unit_days"]), int(numbers["slow"])
    pieces = ((0.0, total - slow), (1.0, slow))
    more = more_needed(pieces, _OVER, READY, alpha=alpha)
    days = days_for(evidence, more, unit_days_per_day(evidence))
    if not evidence.compared:
        return nothing_yet(NAME, days, numbers)
    if numbers["unsound"]:
        return _unsound(numbers)
    seen = f"{percent(slow / total)} of {many(total, 'unit-day')} took {p95_s:g} s or longer or are unknown"
    if reached(float(numbers["log_e"]), alpha):
        reason = f"{seen}: surely fewer than 5 % (error rate {percent(alpha)})."
        return Finding(gate=NAME, status=Status.PASS, reason=reason, numbers=numbers)
    too_slow = reached(bernoulli_log_e(slow, total, _OVER, harm(_OVER)), alpha)
    needs = f"{many(more, 'more unit-day')} like those so far" if more is not None else "a faster candidate"
    return Finding(
        gate=NAME,
        status=Status.FAIL if too_slow else Status.INCONCLUSIVE,
        reason=f"{seen}: {'surely more' if too_slow else 'not yet surely fewer'} than 5 %.",
        numbers=numbers,
        needs=needs,
        days=days,
    )


def _numbers(evidence: Evidence, p95_s: float, alpha: float) -> dict[str, Number]:
    days, counts = evidence.closed, evidence.counts
    bins, unknown = counts.took(CANDIDATE, days)
    slow, total = at_or_over(bins, p95_s, MICRO) + unknown, sum(bins.values()) + unknown
    upper = quantile_upper(bins, 1 - _OVER, MICRO, alpha=alpha)
    known = {} if unknown or upper == float("inf") else {"p95_upper_s": upper}
    return {
        "log_e": bernoulli_log_e(slow, total, _OVER, READY),
        "threshold": threshold(alpha),
        "unit_days": total,
        "slow": slow,
        "unknown": unknown,
        "unsound": counts.number(Table.UNSOUND, "duration", days=days),
        **known,
    }


def _unsound(numbers: dict[str, Number]) -> Finding:
    reason = f"{many(int(numbers['unsound']), 'duration')} cannot be: NaN, infinite or negative."
    return Finding(
        gate=NAME,
        status=Status.INCONCLUSIVE,
        reason=reason,
        numbers=numbers,
        needs="durations that are numbers",
    )
