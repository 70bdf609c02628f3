"""Gate: candidate and control match at most of the compared places, at a stated error rate."""

from __future__ import annotations

from math import fsum

from shadow.evidence.counts import Table
from shadow.evidence.eprocess import READY, Prior, harm, log_e, more_needed, planned, reached, threshold, upper_limit
from shadow.evidence.evidence import Evidence
from shadow.evidence.forecast import days_for, unit_days_per_day
from shadow.gates.finding import Finding, Number, Status
from shadow.gates.words import check_share, many, nothing_yet, percent
from shadow.plug import gate

NAME = "similarity"


_PART = 0.25  # of its places: how much a case that differs is planned to differ by


def _check(at_least: float, alpha: float, expected: float | None) -> None:
    check_share("at_least", at_least)
    check_share("alpha", alpha)
    if expected is not None and not at_least < expected < 1:
        raise ValueError(f"expected must be a share above at_least and below 1, not {expected!r}")


def _words(at_least: float, alpha: float, expected: float | None) -> str:
    plan = "" if expected is None else f", planned for {100 * expected:g} %"
    return (
        f"both sides match at more than {100 * at_least:g} % of the compared places{plan}; error rate {100 * alpha:g} %"
    )


@gate(version=1, check=_check, words=_words)
def similarity(evidence: Evidence, *, at_least: float, alpha: float = 0.05, expected: float | None = None) -> Finding:
    """Passes once "both sides match at `at_least` of the places or less" is rejected.

    A case's similarity is the share of its compared places that match, whatever labels say; a candidate that failed
    has none. A unit-day counts the mean of its cases, the part that differs rounded up to a thousandth. Over closed
    days; one case whose similarity is not known leaves the gate inconclusive.

    Args:
        at_least: the limit of the mean, a share in (0, 1).
        alpha: the chance, in (0, 1), of ever passing though the mean is at the limit.
        expected: the mean of a good candidate as planned, above `at_least` and below 1; a plan for the bets, fixed
            beforehand. A wrong plan costs days, never the error rate; without one the bets are spread.

    Example:
        >>> similarity(at_least=0.9)
        similarity(at_least=0.9, alpha=0.05, expected=None)

    Source: Waudby-Smith & Ramdas (2024); X = 1 - similarity against a mean of 1 - at_least.
    """
    limit, pieces = 1 - at_least, evidence.counts.unlike(evidence.closed)
    prior = _prior(limit, expected)
    more = more_needed(pieces, limit, prior, alpha=alpha)
    days = days_for(evidence, more, unit_days_per_day(evidence))
    if not evidence.compared:
        return nothing_yet(NAME, days)
    numbers = _numbers(evidence, pieces, limit, (prior, alpha))
    if numbers["unknown"]:
        return _unknown(numbers)
    seen = f"{percent(float(numbers['mean']))} of the places match over {many(int(numbers['unit_days']), 'unit-day')}"
    if reached(float(numbers["log_e"]), alpha):
        reason = f"{seen}: surely more than {percent(at_least)} (error rate {percent(alpha)})."
        return Finding(gate=NAME, status=Status.PASS, reason=reason, numbers=numbers)
    unlike = reached(log_e(pieces, limit, harm(limit)), alpha)
    return Finding(
        gate=NAME,
        status=Status.FAIL if unlike else Status.INCONCLUSIVE,
        reason=f"{seen}: {'surely fewer' if unlike else 'not yet surely more'} than {percent(at_least)}.",
        numbers=numbers,
        needs=f"{many(more, 'more unit-day')} like those so far" if more is not None else "a candidate more like it",
        days=days,
    )


def _prior(limit: float, expected: float | None) -> Prior:
    if expected is None:
        return READY
    differ = min((1 - expected) / _PART, 1.0)
    return planned(limit, [(0.0, 1 - differ), ((1 - expected) / differ, differ)])


def _numbers(
    evidence: Evidence, pieces: list[tuple[float, int]], limit: float, how: tuple[Prior, float]
) -> dict[str, Number]:
    prior, alpha = how
    total = sum(often for _, often in pieces)
    unlike = fsum(share * often for share, often in pieces)
    return {
        "log_e": log_e(pieces, limit, prior),
        "threshold": threshold(alpha),
        "unit_days": total,
        "unknown": sum(evidence.counts.table(Table.SERVED, evidence.closed).values()) - total,
        "mean": 1 - unlike / total if total else 0.0,
        "lower": 1 - upper_limit(pieces, alpha, prior),
    }


def _unknown(numbers: dict[str, Number]) -> Finding:
    return Finding(
        gate=NAME,
        status=Status.INCONCLUSIVE,
        reason=f"{many(int(numbers['unknown']), 'unit-day')} with a case whose similarity is not known.",
        numbers=numbers,
        needs="the similarity of every compared case",
    )
