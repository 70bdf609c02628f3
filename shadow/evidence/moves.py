"""Has the traffic changed? New kinds of cases, and slices whose share has moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from shadow.evidence.counts import Counts, Table
from shadow.evidence.drift import WEEK, weekly_ecusum
from shadow.evidence.evidence import Evidence
from shadow.evidence.novelty import novelty
from shadow.evidence.reference import Reference

WARM_UP = 7  # days that stand in for the weeks before, where nothing is known of these; a whole week
NEW = "(new)"  # the values of a slice that were not met before, together

Pair = tuple[str, str]


class Before(NamedTuple):
    """What the traffic is held against: unit-days, those with each value, the kinds met; and the days after it.

    These are calendar days, up to the last that is over and closed; on some of them nothing may have come.
    """

    unit_days: int
    values: dict[Pair, int]
    kinds: frozenset[str]
    days: tuple[date, ...]


class Watched(NamedTuple):
    """One thing that is watched: what it is called, and log M after each day from the seventh on."""

    what: str
    path: list[float]


def before(evidence: Evidence) -> Before:
    """The weeks before the experiment; where nothing is known of them, the trial's own first seven days."""
    known, days = _known_before(evidence), _calendar(evidence)
    if known is not None:
        return Before(known.unit_days, dict(known.values), frozenset(known.kinds), days)
    first, later = days[:WARM_UP], days[WARM_UP:]
    kinds = frozenset(str(key[0]) for key in evidence.counts.table(Table.KINDS, first))
    return Before(_unit_days(evidence.counts, first), dict(_values(evidence.counts, first)), kinds, later)


def days_lacking(evidence: Evidence) -> int:
    """How many days have to close yet until a week can be judged; 0 where one can."""
    wanted = WEEK if _known_before(evidence) else WARM_UP + WEEK
    return max(0, wanted - len(_calendar(evidence)))


def _known_before(evidence: Evidence) -> Reference | None:
    known = evidence.reference
    return known if known is not None and known.unit_days else None


def _calendar(evidence: Evidence) -> tuple[date, ...]:
    first, last = min(evidence.counts.days, default=None), evidence.through
    if first is None or last is None:
        return ()
    return tuple(first + timedelta(days=n) for n in range((last - first).days + 1))


def watched(counts: Counts, then: Before, *, novel: float, moved: float) -> list[Watched]:
    """New kinds against `novel`, and each value's share against what it was, `moved` more or less.

    Args:
        novel: unit-days that may bring a new kind, a share in (0, 1).
        moved: by how much a value's share of the unit-days may rise or fall, in (0, 1).
    """
    found = [Watched("new kinds of cases", weekly_ecusum(novelty(counts, then.days, known=then.kinds), novel))]
    totals = [_unit_days(counts, (day,)) for day in then.days]
    here = [_known(_values(counts, (day,)), then) for day in then.days]
    names = {name for name, _ in then.values}
    for name, value in sorted({*then.values, *((name, NEW) for name in names)}):
        seen = [min(values[name, value], total) for values, total in zip(here, totals, strict=True)]
        share = then.values.get((name, value), 0) / then.unit_days
        found += _both_ways(f"{name} {value}", seen, totals, share, moved)
    return found


def _both_ways(what: str, seen: Sequence[int], totals: Sequence[int], share: float, moved: float) -> list[Watched]:
    """More of it than it was, and less of it; a limit of 1 can never be crossed."""
    others = [total - often for often, total in zip(seen, totals, strict=True)]
    ways = (("more", seen, share + moved), ("less", others, 1 - share + moved))
    return [
        Watched(f"{way} of {what}", weekly_ecusum(list(zip(bad, totals, strict=True)), limit))
        for way, bad, limit in ways
        if limit < 1
    ]


def _known(values: Counter[Pair], then: Before) -> Counter[Pair]:
    """The day's unit-days by value, those of values that were not met before together as new."""
    found: Counter[Pair] = Counter()
    for (name, value), often in values.items():
        found[(name, value) if (name, value) in then.values else (name, NEW)] += often
    return found


def _values(counts: Counts, days: Sequence[date]) -> Counter[Pair]:
    found: Counter[Pair] = Counter()
    for (name, value, *_), often in counts.table(Table.SLICES, days).items():
        found[str(name), str(value)] += often
    return found


def _unit_days(counts: Counts, days: Sequence[date]) -> int:
    return sum(counts.table(Table.SERVED, days).values())
