"""Gate: few cases met a world that the control had already changed."""

from __future__ import annotations

from shadow.evidence.counts import Table
from shadow.evidence.evidence import Evidence
from shadow.gates.finding import Finding
from shadow.gates.shares import limited
from shadow.gates.words import check_share
from shadow.plug import gate

NAME = "stale"


def _check(at_most: float) -> None:
    check_share("at_most", at_most)


@gate(version=1, check=_check, words="at most {at_most_percent} of the cases read a world that had already moved on")
def stale(evidence: Evidence, *, at_most: float) -> Finding:
    """Passes while at most so many of the cases of closed days are incomparable because of a stale read.

    Args:
        at_most: share of all cases that arrived on closed days, in (0, 1).

    Example:
        >>> stale(at_most=0.02)
        stale(at_most=0.02)
    """
    part = evidence.counts.number(Table.STALE, days=evidence.closed)
    return limited(evidence, NAME, part=part, at_most=at_most, what="met a stale read")
