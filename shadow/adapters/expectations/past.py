"""Earlier sound windows, and how far a sound window may stray from them.

The margins add what is plain chance (binomial or Poisson, at `Z` standard deviations) to a fixed part for
what moves in sound work; small windows so get wide ones. A stop is expensive and corruption is rarely
subtle: sound windows are to be stopped almost never (measured in the tests).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from shadow.adapters.expectations.profile import Profile, Spread
from shadow.adapters.expectations.table import Table

RECENT = 56  # windows; older ones say little about today
RECENT_SAME = 4  # windows of one weekday that today's volume is held to
Z = 5.0  # standard deviations of chance that are always granted
Z_VOLUME = 4.0  # fewer for the volume, so that half of 350 rows is told from a slow day
SLACK = 3  # rows; fewer are never worth a stop
WEEK = timedelta(days=7)
Bounds = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Sound windows that began before this one, oldest first.

    Attributes:
        all: the last 56.
        peers: those of this window's length, within 10 %.
        same: those peers that also began at this time of the week, within 90 minutes.
    """

    all: tuple[Profile, ...]
    peers: tuple[Profile, ...]
    same: tuple[Profile, ...]

    def share(self, profiles: Sequence[Profile], name: str) -> tuple[float, int]:
        """Pooled share of nulls of a column, 0 to 1, and the number of rows behind it."""
        rows = sum(one.rows for one in profiles if name in one.nulls)
        nulls = sum(one.rows * one.nulls[name] for one in profiles if name in one.nulls)
        return (nulls / rows if rows else 0.0), rows

    def spreads(self, name: str) -> list[Spread]:
        """The spreads of one numeric series, of the windows that have one."""
        return [one.numbers[name] for one in self.all if name in one.numbers]

    def counts(self, profiles: Sequence[Profile], name: str) -> Counter[str]:
        """How often each value of a text column occurred."""
        found: Counter[str] = Counter()
        for one in profiles:
            filled = one.rows * (1 - one.nulls.get(name, 0.0))
            found.update({v: round(s * filled) for v, s in one.categories.get(name, {}).items()})
        return found


def past(reference: Sequence[Profile], data: Table) -> Past:
    """What of the reference this window can be held to; windows that did not begin before it are left out."""
    earlier = sorted((one for one in reference if one.start < data.start), key=lambda one: one.start)
    recent = tuple(earlier[-RECENT:])
    peers = tuple(one for one in recent if abs(one.hours / data.hours - 1) <= 0.1)
    near = min(timedelta(minutes=90), timedelta(hours=data.hours / 2))
    same = tuple(one for one in peers if _apart(data.start - one.start) <= near)
    return Past(all=recent, peers=peers, same=same)


def most(rows: int, *, share: float = 0.0, known: int = 0, extra: float = 0.0) -> int:
    """The largest count out of `rows` that is still sound, ≥ 3.

    Args:
        rows: how many could be concerned.
        share: what share was so before, 0 to 1.
        known: the number of earlier rows behind `share`; 0 where there are none.
        extra: the share of rows by which sound work may move, 0 to 1.
    """
    if not known:
        return math.floor(rows * (share + extra) + SLACK)
    smooth = (share * known + 1) / (known + 2)  # Laplace: never seen is not impossible
    chance = math.sqrt(rows * smooth * (1 - smooth) * (1 + rows / known))
    return math.floor(rows * (smooth + extra) + Z * chance + SLACK)


def volume(found: Past) -> Bounds | None:
    """Least and most rows: 0.7 to 1.7 times this weekday, else 0.4 to 2.5 times all days, and chance."""
    rows = [one.rows for one in (found.same[-RECENT_SAME:] or found.peers)]
    if not rows:
        return None
    expected = sum(rows) / len(rows)
    low, high = (0.7, 1.7) if found.same else (0.4, 2.5)
    chance = Z_VOLUME * math.sqrt(_dispersion(found.peers) * expected * (1 + 1 / len(rows)))
    return max(1, math.floor(min(low * expected, expected - chance))), math.ceil(
        max(high * expected, expected + chance)
    )


def gap(found: Past, *, hours: float, end: bool) -> float | None:
    """The longest sound silence in hours, at the window's end or before any row; None where nobody knows.

    It is the longest one seen, an eighth of the window and twelve usual intervals more; half a window more
    still where no earlier window is of this weekday, which may close earlier.
    """
    rows = sum(one.rows for one in found.peers)
    if not rows:
        return None
    seen = max(one.end_gap_h if end else one.widest_gap_h for one in found.peers)
    usual = hours * len(found.peers) / rows
    return seen + hours / 8 + 12 * usual + (0 if found.same else hours / 2)


def divergence(kinds: int, *, rows: int, known: int) -> float:
    """The largest sound Kullback-Leibler divergence (nats) of `rows` values from `known` earlier ones.

    0.08 for what moves in sound work, and chance: 2 n KL is chi-square with `kinds` - 1 degrees of freedom.

    Source: Wilson and Hilferty 1931, the distribution of chi-square (its quantile at z standard deviations).
    """
    free = max(kinds - 1, 1)
    part = 2 / (9 * free)
    quantile = free * (1 - part + (Z + 1) * math.sqrt(part)) ** 3
    return 0.08 + quantile * (1 / rows + 1 / known) / 2


def _dispersion(peers: Sequence[Profile]) -> float:
    """Variance of volumes over their mean, ≥ 1, drawn to the Poisson's 1 as if by 14 earlier windows."""
    slots: dict[int, list[int]] = {}
    for one in peers:
        slots.setdefault(round(one.start.timestamp() % WEEK.total_seconds() / 10_800), []).append(one.rows)
    excess, free = 14.0, 14
    for rows in slots.values():
        mean = sum(rows) / len(rows)
        excess += sum((count - mean) ** 2 for count in rows) / max(mean, 1)
        free += len(rows) - 1
    return max(1.0, excess / free)


def _apart(distance: timedelta) -> timedelta:
    """How far two moments are from the same time of the week."""
    rest = distance % WEEK
    return min(rest, WEEK - rest)
