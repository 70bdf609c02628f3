"""Gate: the candidate's mean cost a case lies below a limit, at a stated error rate."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, floor

from shadow.evidence.counts import Table
from shadow.evidence.eprocess import COST, harm, log_e, more_needed, reached, threshold, upper_limit
from shadow.evidence.evidence import Evidence
from shadow.evidence.forecast import days_for, unit_days_per_day
from shadow.evidence.histogram import NANO, lower_edge, upper_edge
from shadow.gates.finding import Finding, Number, Status
from shadow.gates.words import check_positive, check_share, many, nothing_yet, percent
from shadow.plug import gate

NAME = "cost"
_CAP = 3  # a unit-day counts as at most three times the limit
_STEPS = 1000  # badness is rounded to thousandths, toward bad
_MEAN = 1 / _CAP  # the badness of a unit-day that costs just the limit


def _check(per_case_usd: float, alpha: float) -> None:
    check_positive("per_case_usd", per_case_usd)
    check_share("alpha", alpha)


@gate(
    version=2,
    check=_check,
    words="a case costs less than {per_case_usd} US dollars on average; error rate {alpha_percent}",
)
def cost(evidence: Evidence, *, per_case_usd: float, alpha: float = 0.05) -> Finding:
    """Passes once "a case costs `per_case_usd` or more in the mean" is rejected.

    A unit-day counts the mean of its cases, at most three times the limit, so it is the mean of the capped
    cost that is tested. Counted over the replayed cases of closed days; an undeclared price or a case without a
    cost leaves the gate inconclusive.

    Args:
        per_case_usd: limit of the mean, United States dollars, > 0.
        alpha: the chance, in (0, 1), of ever passing though the capped mean is at the limit.

    Example:
        >>> cost(per_case_usd=0.05)
        cost(per_case_usd=0.05, alpha=0.05)

    Source: Waudby-Smith & Ramdas (2024); X = min(cost / limit, 3) / 3 against a mean of 1/3.
    """
    bins = evidence.counts.bins(Table.COST_MEANS, evidence.closed)
    pieces = _badness(bins, per_case_usd)
    numbers = _numbers(evidence, pieces, alpha, per_case_usd)
    more = more_needed(pieces, _MEAN, COST, alpha=alpha)
    days = days_for(evidence, more, unit_days_per_day(evidence))
    if not evidence.price_known:
        return _open("The candidate's price per call is not declared.", numbers, "a declared price")
    if not evidence.compared:
        return nothing_yet(NAME, days, numbers)
    if numbers["unknown"]:
        return _open(f"{many(int(numbers['unknown']), 'case')} without a cost.", numbers, "the cost of every case")
    seen = f"Mean cost a case {float(numbers['mean_usd']):.4g} USD over {many(int(numbers['unit_days']), 'unit-day')}"
    if reached(float(numbers["log_e"]), alpha):
        reason = f"{seen}: surely below {per_case_usd:g} USD (error rate {percent(alpha)})."
        return Finding(gate=NAME, status=Status.PASS, reason=reason, numbers=numbers)
    dear = reached(log_e(_badness(bins, per_case_usd, up=False), _MEAN, harm(_MEAN)), alpha)
    needs = f"{many(more, 'more unit-day')} like those so far" if more is not None else "a cheaper candidate"
    return Finding(
        gate=NAME,
        status=Status.FAIL if dear else Status.INCONCLUSIVE,
        reason=f"{seen}: {'surely above' if dear else 'not yet surely below'} {per_case_usd:g} USD.",
        numbers=numbers,
        needs=needs,
        days=days,
    )


def _badness(bins: Mapping[int, int], limit: float, *, up: bool = True) -> list[tuple[float, int]]:
    """(badness in thousandths, unit-days); a bin counts by the edge that speaks against what is to be shown."""
    edge = upper_edge if up else lower_edge
    steps = ((min(edge(k, NANO) / limit, _CAP) * _STEPS / _CAP, often) for k, often in bins.items())
    return sorted((((ceil if up else floor)(step)) / _STEPS, often) for step, often in steps)


def _numbers(evidence: Evidence, pieces: list[tuple[float, int]], alpha: float, limit: float) -> dict[str, Number]:
    days, counts = evidence.closed, evidence.counts
    cases = sum(counts.bins(Table.COSTS, days).values())
    unsound = counts.number(Table.UNSOUND, "cost", days=days)
    spent = counts.number(Table.SPENT, days=days) / NANO
    return {
        "log_e": log_e(pieces, _MEAN, COST),
        "threshold": threshold(alpha),
        "upper_usd": _CAP * limit * upper_limit(pieces, alpha, COST),
        "unit_days": sum(often for _, often in pieces),
        "cases": cases,
        "unknown": counts.number(Table.UNKNOWN, "cost", days=days) + unsound,
        "mean_usd": spent / cases if cases else 0.0,
        "spent_usd": spent,
    }


def _open(reason: str, numbers: dict[str, Number], needs: str) -> Finding:
    return Finding(gate=NAME, status=Status.INCONCLUSIVE, reason=reason, numbers=numbers, needs=needs)
