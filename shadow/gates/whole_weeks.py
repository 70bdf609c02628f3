"""Gate: the harmful share stays below a limit over whole weeks, whatever their profile."""

from __future__ import annotations

from shadow.evidence.eprocess import READY, log_e, more_needed, reached, threshold, upper_limit
from shadow.evidence.evidence import Evidence
from shadow.evidence.forecast import days_for, unit_days_per_day, until_first_close
from shadow.evidence.weeks import at_whole_weeks
from shadow.gates.finding import Finding, Number, Status
from shadow.gates.words import check_share, check_whole, many, nothing_yet, percent
from shadow.plug import gate

NAME = "whole_weeks"
_WEEK = 7  # days


def _check(at_most: float, alpha: float, weeks: int) -> None:
    check_share("at_most", at_most)
    check_share("alpha", alpha)
    check_whole("weeks", weeks)


@gate(
    version=1,
    check=_check,
    words="fewer than {at_most_percent} of the pieces of evidence of whole weeks are harmful, and there are at least "
    "{weeks} of these; error rate {alpha_percent}",
)
def whole_weeks(evidence: Evidence, *, at_most: float, alpha: float = 0.05, weeks: int = 2) -> Finding:
    """Passes once "the weekly mean of the harmful share is `at_most` or more" is rejected by whole weeks, and still is.

    A candidate that is harmful on Sundays looks good on Saturday. Weeks are counted from the first day on, over closed
    days alone; what the last whole week showed must hold at the present look too.

    Args:
        at_most: the limit of the weekly mean, a share in (0, 1).
        alpha: the chance, in (0, 1), of ever passing though every week's mean is at the limit.
        weeks: whole weeks needed, ≥ 1.

    Example:
        >>> whole_weeks(at_most=0.01)
        whole_weeks(at_most=0.01, alpha=0.05, weeks=2)

    Source: `shadow.evidence.weeks`, weekly-balance theorem.
    """
    if not evidence.compared:
        return nothing_yet(NAME, until_first_close(evidence) or None)
    over, pieces = at_whole_weeks(evidence.daily(), through=evidence.through)
    now = evidence.served()
    numbers: dict[str, Number] = {
        "log_e": min(log_e(pieces, at_most, READY), log_e(now, at_most, READY)),
        "week_log_e": log_e(pieces, at_most, READY),
        "threshold": threshold(alpha),
        "upper": max(upper_limit(pieces, alpha), upper_limit(now, alpha)),
        "weeks": over,
        "unit_days": sum(often for _, often in pieces),
    }
    seen = f"{many(over, 'whole week')} of {weeks} needed, with {many(int(numbers['unit_days']), 'unit-day')}"
    sure = reached(float(numbers["log_e"]), alpha)
    if over >= weeks and sure:
        reason = f"{seen}: surely below the limit of {percent(at_most)} (error rate {percent(alpha)})."
        return Finding(gate=NAME, status=Status.PASS, reason=reason, numbers=numbers)
    more = more_needed(now, at_most, READY, alpha=alpha)
    lacking = _lacking(evidence, more, weeks)
    return Finding(
        gate=NAME,
        status=Status.INCONCLUSIVE,
        reason=f"{seen}: {'too few' if sure else f'not yet surely below the limit of {percent(at_most)}'}.",
        numbers=numbers,
        needs=f"{many(lacking, 'more closed day')} to the end of a week" if lacking else "less harm than so far",
        days=lacking,
    )


def _lacking(evidence: Evidence, more: int | None, weeks: int) -> float | None:
    """Closed days until a week ends by which there are weeks and evidence enough; None where it never will be."""
    days = days_for(evidence, more, unit_days_per_day(evidence))
    through = evidence.through
    if days is None or through is None:
        return None
    done = (through - min(evidence.closed)).days + 1
    needed = max(weeks, -(-int(done + days) // _WEEK), done // _WEEK + 1)
    return float(_WEEK * needed - done)
