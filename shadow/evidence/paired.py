"""Candidate against control on the same cases: is the candidate's harm beyond the control's by a margin or more?

D in [-1, 1] is how much worse the candidate was on a unit-day, as a share of its cases. Against a margin `by` its
badness is X = (D + 1) / 2 with a limit of (1 + by) / 2, and everything of `eprocess` applies.
"""

from __future__ import annotations

from collections.abc import Iterable

from shadow.evidence.eprocess import Prior, planned


def badness(versus: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """(D in [-1, 1], how often) as (badness in [0, 1], how often)."""
    return [((worse + 1) / 2, often) for worse, often in versus]


def limit_of(by: float) -> float:
    """The limit of the badness for a margin of D in (0, 1)."""
    return (1 + by) / 2


def paired_plan(by: float, discordant: float) -> Prior:
    """The bets for a good candidate as planned: as often better as worse than the control, both `discordant` together.

    Args:
        by: the margin, in (0, 1).
        discordant: share of the unit-days on which one side is harmfully wrong and the other right, in (0, 1).
    """
    plan = badness(((-1.0, discordant / 2), (0.0, 1 - discordant), (1.0, discordant / 2)))
    return planned(limit_of(by), plan)
