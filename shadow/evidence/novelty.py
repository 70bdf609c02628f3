"""Kinds of cases that were not met before: how much of the traffic is still unknown, and whether more comes in."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from math import exp, log

from shadow.evidence.counts import Counts, Table
from shadow.evidence.eprocess import READY, bernoulli_log_e, reached

STARTS = 28  # days on which the test is begun anew; fixed beforehand, so that their mean is an e-process
_FAR = 400  # days beyond which nothing is forecast
_EDGE = 1e-6  # how near the limit is looked for

Daily = Sequence[tuple[int, int]]  # (unit-days that may have brought a new kind, unit-days), one a day


def novelty(counts: Counts, days: Collection[date], *, known: Collection[str] = ()) -> list[tuple[int, int]]:
    """For each day, in order, (new kinds, unit-days): kinds that no earlier day of these had, nor `known`.

    Each kind is new once whatever the order within its day, and a unit-day that brings two counts twice, so the
    numbers depend on no order and are at least those of "unit-days that brought something new".
    """
    met, found = set(known), []
    for day in sorted(days):
        here = {str(key[0]) for key in counts.table(Table.KINDS, (day,))}
        total = sum(counts.table(Table.SERVED, (day,)).values())
        found.append((min(len(here - met), total), total))
        met |= here
    return found


def missing_log_e(daily: Daily, missing: float) -> float:
    """log E against "the chance that the next unit-day brings a kind not met before is `missing` or more".

    Under a source that does not change that chance never rises, so what holds of it now held of every earlier
    unit-day: the bets of *ready* apply to what was new. The first days are all new; the mean over 28 starts, those to
    come counted as 1, keeps that from weighing for ever.

    Args:
        daily: as `novelty` gives it.
        missing: in (0, 1).

    Source: readiness 5; an exact bound where Good's (1953) is an estimate.
    """
    bad = total = 0
    suffixes: list[float] = []
    for k in range(len(daily) - 1, -1, -1):
        bad, total = bad + daily[k][0], total + daily[k][1]
        if k < STARTS:
            suffixes.append(bernoulli_log_e(bad, total, missing, READY))
    terms = [*suffixes, *[0.0] * (STARTS - len(suffixes))]
    top = max(terms)
    return top + log(sum(exp(term - top) for term in terms) / STARTS)


def clean_days_needed(daily: Daily, missing: float, *, alpha: float, per_day: float) -> int | None:
    """Days without anything new, `per_day` unit-days each, until `missing` or more is rejected; None beyond 400."""
    pieces = int(per_day)
    for days in range(1, _FAR + 1):
        if reached(missing_log_e([*daily, *[(0, pieces)] * days], missing), alpha):
            return days
    return None


def missing_upper(daily: Daily, alpha: float) -> float:
    """The upper limit of that chance that holds at every look with probability ≥ 1 - alpha; 1 where there is none."""
    low, high = 0.0, 1.0
    while high - low > _EDGE:
        middle = (low + high) / 2
        low, high = (low, middle) if reached(missing_log_e(daily, middle), alpha) else (middle, high)
    return high
