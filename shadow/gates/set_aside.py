"""Gate: few cases stay uncompared."""

from __future__ import annotations

from shadow.evidence.counts import Table
from shadow.evidence.evidence import Evidence
from shadow.evidence.judged import Standing
from shadow.gates.finding import Finding
from shadow.gates.shares import limited
from shadow.gates.words import check_share
from shadow.plug import gate

NAME = "set_aside"


def _check(at_most: float) -> None:
    check_share("at_most", at_most)


@gate(version=1, check=_check, words="at most {at_most_percent} of the cases could not be compared")
def set_aside(evidence: Evidence, *, at_most: float) -> Finding:
    """Passes while at most so many of the cases of closed days were set aside or incomparable.

    Every incomparable case counts here, stale ones included (which `stale` limits once more by
    themselves): it is what the world or the control caused, and we are blind on it all the same.

    Args:
        at_most: share of all cases that arrived on closed days, in (0, 1).

    Example:
        >>> set_aside(at_most=0.05)
        set_aside(at_most=0.05)
    """
    aside = evidence.counts.number(Table.CASES, Standing.SET_ASIDE, days=evidence.closed)
    blind = evidence.counts.number(Table.CASES, Standing.INCOMPARABLE, days=evidence.closed)
    what = f"were not compared ({aside:,} set aside, {blind:,} incomparable)"
    return limited(evidence, NAME, part=aside + blind, at_most=at_most, what=what)
