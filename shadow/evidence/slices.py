"""Evidence by slice: the small ones together, harm in any of them at the price of one test."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from math import exp, log
from typing import NamedTuple

from shadow.evidence.counts import Counts, Shares, Table
from shadow.evidence.eprocess import harm, log_e
from shadow.evidence.weeks import pooled

OTHER = "other"  # what the small values of a slice are called together
FIRST_DAY = 0.9  # of the wealth, on the values that the first day shows

Pair = tuple[str, str]


class Part(NamedTuple):
    """One value of one slice, or its small values together.

    Attributes:
        values: the values that are in it, sorted; one, unless it is "other".
        pieces: (badness, unit-days) within it.
    """

    name: str
    value: str
    values: tuple[str, ...]
    pieces: Shares

    @property
    def unit_days(self) -> int:
        """How many pieces it has."""
        return sum(often for _, often in self.pieces)


def merged(slices: Mapping[Pair, Shares], floor: int) -> list[Part]:
    """Each value of each slice that has `floor` unit-days by itself; the rest of a slice together as "other".

    Where the rest is below the floor too, the smallest of the others join it, so that nothing is left unjudged and
    nothing too small to be judged is left alone. A unit with cases in two merged values of one day is two pieces.

    Args:
        slices: as `Counts.slices` gives them.
        floor: ≥ 1.
    """
    names: defaultdict[str, list[Part]] = defaultdict(list)
    for (name, value), pieces in slices.items():
        names[name].append(Part(name, value, (value,), pieces))
    return [part for name in sorted(names) for part in _with_floor(names[name], floor)]


def _with_floor(parts: list[Part], floor: int) -> list[Part]:
    rising = sorted(parts, key=lambda part: (part.unit_days, part.value))
    small = 0
    while small < len(rising) and rising[small].unit_days < floor:
        small += 1
    if small == 0:
        return sorted(parts)
    while small < len(rising) and sum(part.unit_days for part in rising[:small]) < floor:
        small += 1
    rest = rising[:small]
    values = tuple(sorted(part.value for part in rest))
    alone = len(rest) == 1
    other = rest[0] if alone else Part(rest[0].name, OTHER, values, pooled(part.pieces for part in rest))
    return [*sorted(rising[small:]), other]


def mean_harm_log_e(counts: Counts, limit: float) -> float:
    """log of the weighted mean of the slices' evidence of harm: large where harm beyond the limit is sure somewhere.

    A mean of e-processes with weights that are known beforehand is an e-process, whatever binds them. Values are not
    known beforehand: nine tenths lie on those that the first day shows, in equal parts; each further day with new ones
    gets half of what is left, in equal parts. What nobody has seen counts as 1.

    Args:
        counts: of all days; what labels confirmed counts at once.
        limit: the rate tested against, in (0, 1).

    Source: Vovk & Wang (2021), E-values: the arithmetic mean merges them under any dependence.
    """
    pieces, prior = counts.slices(Table.SLICES_CONFIRMED), harm(limit)
    if not pieces:
        return 0.0
    terms, left, share = [], 1.0, FIRST_DAY
    for pairs in _by_first_day(counts):
        weight = left * share
        left, share = left - weight, 0.5
        terms += [log(weight / len(pairs)) + log_e(pieces[pair], limit, prior) for pair in pairs]
    terms.append(log(left))
    top = max(terms)
    return top + log(sum(exp(term - top) for term in terms))


def _by_first_day(counts: Counts) -> list[list[Pair]]:
    """The values of slices, those together that were first seen on one day, in order of days."""
    known: dict[Pair, date] = {}
    for day in sorted(counts.days):
        for key in counts.table(Table.SLICES_CONFIRMED, (day,)):
            known.setdefault((str(key[0]), str(key[1])), day)
    groups: defaultdict[date, list[Pair]] = defaultdict(list)
    for pair in sorted(known):
        groups[known[pair]].append(pair)
    return [groups[day] for day in sorted(groups)]
