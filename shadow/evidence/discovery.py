"""Which of several slices could go alone: at one look, with few or no false ones among those that are named.

The verdict does not use this. *Ready* asks for every slice at once, which costs nothing however many there are; to pick
some of them out costs what is done here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from math import exp, inf, isnan, log
from typing import NamedTuple

from shadow.evidence.counts import Counts, Table
from shadow.evidence.eprocess import READY, log_e, reached
from shadow.evidence.slices import Part, merged

_LARGEST = 600.0  # a log E beyond which it is taken for this: so that sums of E stay finite, and no claim is easier


class Alone(NamedTuple):
    """One slice by itself.

    Attributes:
        log_e: of the evidence that its harmful share is below the limit.
        ready_alone: whether e-BH names it: of those named, at most alpha are false in the mean.
        none_false: whether e-Holm names it: the chance that even one of those named is false is at most alpha.
    """

    part: Part
    log_e: float
    ready_alone: bool
    none_false: bool


def ready_alone(
    counts: Counts, days: Collection[date] | None, *, limit: float, alpha: float, floor: int
) -> tuple[Alone, ...]:
    """Each slice of these days, its small values together, and whether it could go alone.

    The guarantee is about the slices as they are cut at the look at which one stops, whenever that is. Which values are
    judged together follows their volumes; it must not follow their harm.

    Args:
        counts: harm that nobody has labelled counts as harm.
        days: closed arrival days; all where None.
        limit: the harmful share tested against, in (0, 1).
        alpha: in (0, 1).
        floor: unit-days from which a value is judged by itself, ≥ 1.

    Returns:
        In the order of `merged`; empty where there are no slices.
    """
    parts = merged(counts.slices(Table.SLICES, days), floor)
    found = [log_e(part.pieces, limit, READY) for part in parts]
    rows = zip(parts, found, e_bh(found, alpha), e_holm(found, alpha), strict=True)
    return tuple(Alone(*row) for row in rows)


def e_bh(log_es: Sequence[float], alpha: float) -> tuple[bool, ...]:
    """Which claims are made, so that at most `alpha` of those made are false in the mean (false discovery rate).

    Of K claims, the k with the most evidence are made, for the largest k at which each of them has E ≥ K / (k alpha).
    It holds whatever binds the claims to each other, and at any look at which one stops. It is about that look's list:
    a claim that was on an earlier one and is no more is not counted.

    Args:
        log_es: the log of an e-value a claim, against its opposite; NaN is no evidence.
        alpha: in (0, 1).

    Example:
        >>> e_bh([4.5, 3.2, -1.0], 0.05)
        (True, False, False)

    Source: Wang & Ramdas (2022), False discovery rate control with e-values.
    """
    known = [-inf if isnan(one) else one for one in log_es]
    falling = sorted(range(len(known)), key=lambda k: -known[k])
    enough = [k for k, place in enumerate(falling, 1) if reached(known[place], k * alpha / len(known))]
    made = set(falling[: max(enough, default=0)])
    return tuple(place in made for place in range(len(known)))


def e_holm(log_es: Sequence[float], alpha: float) -> tuple[bool, ...]:
    """Which claims are made, so that even one false one among them has a chance of at most `alpha`.

    A claim is made where the mean E of every group of claims that it is in reaches 1/alpha; the worst group of each
    size is it together with those of least evidence. The mean of e-processes is one, so this holds over all looks
    together, as long as the claims are the same ones, and whatever binds them.

    Args:
        log_es: as `e_bh` takes them.
        alpha: in (0, 1).

    Example:
        >>> e_holm([4.5, 3.2, -1.0], 0.05)
        (True, False, False)

    Source: Vovk & Wang (2021), E-values: calibration, combination and applications, closed testing by the mean.
    """
    found = [0.0 if isnan(one) else exp(min(one, _LARGEST)) for one in log_es]
    rising = sorted(found)
    return tuple(_holds(one, rising, alpha) for one in found)


def _holds(own: float, rising: Sequence[float], alpha: float) -> bool:
    """Whether the least mean of a group with `own` in it reaches 1/alpha; it is among `rising` once."""
    total = least = own
    place = rising.index(own)
    for size, other in enumerate([*rising[:place], *rising[place + 1 :]], 2):
        total += other
        least = min(least, total / size)
    return least > 0 and reached(log(least), alpha)
