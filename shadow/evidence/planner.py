"""What a bar costs before the first case has come: pieces of evidence, days, and the chance to pass.

A trial that can never pass is found out on its first day and not on its last. Everything is computed
for a good candidate (its badness a stated share of the limit) and for a perfect one (none at all):
where even that one cannot pass by the last day, the bar can never pass.

Source: the very edges that the gates use (`shadow.evidence.passage`); chances are drawn (`streams`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from math import ceil, floor

from shadow.errors import UsageError
from shadow.evidence.eprocess import Classes, Prior, log_e, reached, threshold
from shadow.evidence.passage import edge_of
from shadow.evidence.streams import Passes, Window, from_day, paired, within

GOOD = 0.35  # a good candidate's badness, as a share of the limit
LONGEST = 366  # days that are looked ahead
_DAY = timedelta(days=1)
_WEEK = 7
_NEAR = 1e-9  # what rounding may lose of a volume
_FAR = 10**12  # pieces beyond which nothing is ever enough


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What a trial's days bring.

    Attributes:
        cases: compared cases a day, > 0.
        unit_days: unit-days a day, > 0 and at most `cases`: one unit's cases of one day weigh as one.
        waits: whole days that an arrival day takes at most to close once it is over, ≥ 0.
        labels: how many of them are for labels alone, 0 to `waits`; where nothing has to be labelled they are spared.
    """

    cases: float
    unit_days: float
    waits: int
    labels: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.unit_days <= self.cases:
            raise UsageError(
                "a day brings cases, and at most as many unit-days",
                where="planner",
                seen=f"{self.cases} cases, {self.unit_days} unit-days",
            )

    def closed(self, day: int) -> int:
        """Closed arrival days at the look after so many whole days, at the least."""
        return max(0, day - self.waits)

    def settled(self, day: int) -> int:
        """Closed arrival days at that look where no label is waited for: what a perfect candidate has."""
        return max(0, day - self.settles)

    @property
    def settles(self) -> int:
        """Whole days that an arrival day waits for its slowest case."""
        return self.waits - self.labels

    def evidence(self, closed: int) -> int:
        """Unit-days that so many closed days bring."""
        return floor(self.unit_days * closed + _NEAR)


def waits(settles_within: timedelta, labels_within: timedelta) -> int:
    """Whole days from the end of an arrival day until it is closed at the latest.

    A case that arrives at the day's end settles at its limit; its label may come until the end of that
    day and the label time after it; looks are taken at midnight.
    """
    settled = -(-(_DAY + settles_within) // _DAY) * _DAY
    return -(-(settled + labels_within) // _DAY) - 1


def traffic_of(cases: float, unit_days: float, *, settles_within: timedelta, labels_within: timedelta) -> Traffic:
    """The traffic of a contract's times: on a busy day some case takes as long to settle as it may."""
    latest, settled = waits(settles_within, labels_within), -(-settles_within // _DAY)
    return Traffic(cases=cases, unit_days=unit_days, waits=latest, labels=latest - settled)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one bar costs.

    Attributes:
        least: pieces of evidence that a perfect candidate needs, ≥ 0; None where none are enough.
        pieces: pieces that a good candidate needs if its badness comes evenly; None where none are enough.
        first: the first day at whose look a perfect candidate passes; None where it is no day of the next year.
        passes: in which drawn trials a good candidate passes, by the number of closed days.
    """

    least: int | None
    pieces: int | None
    first: int | None
    passes: Passes


NEVER = Cost(least=None, pieces=None, first=None, passes=from_day(None))  # what no evidence and no time is enough for


@dataclass(frozen=True, slots=True, kw_only=True)
class RateTest:
    """A test of "a unit-day is bad with a chance below the limit", and the good candidate it is planned for.

    Attributes:
        stream: what is bad about it; bars over one stream stand and fall together.
        limit: in (0, 1).
        rate: of the good candidate, in [0, limit).
    """

    stream: str
    limit: float
    rate: float
    prior: Prior
    alpha: float

    def edge(self, total: int) -> int:
        """The largest number of bad pieces among so many that passes; -1 where none does."""
        return edge_of(total, self.limit, self.prior, alpha=self.alpha)

    @property
    def least(self) -> int | None:
        """Pieces without any badness that pass."""
        return pieces_for([(0.0, 1.0)], self.limit, self.prior, alpha=self.alpha)

    @property
    def pieces(self) -> int | None:
        """Pieces that pass where badness comes evenly at the good candidate's rate."""
        mix = [(0.0, 1 - self.rate), (1.0, self.rate)]
        return pieces_for(mix, self.limit, self.prior, alpha=self.alpha)


def all_days(test: RateTest, traffic: Traffic) -> Cost:
    """What the test costs over all closed days."""

    def windows(closed: int) -> list[Window]:
        return [(0, closed, edge(closed))]

    edge = _edges(test, traffic)
    return _cost(test, traffic, windows)


def recent_days(test: RateTest, traffic: Traffic, *, days: int) -> Cost:
    """What it costs over every stretch of closed days that ends now and is at least `days` long, ≥ 1.

    The shortest stretch alone must be enough, and no later day adds to it: a volume below its need never passes.
    """

    def windows(closed: int) -> list[Window] | None:
        stretches = [(closed - length, closed, edge(length)) for length in range(days, closed + 1)]
        return stretches or None

    edge = _edges(test, traffic)
    return _cost(test, traffic, windows)


def whole_weeks(test: RateTest, traffic: Traffic, *, weeks: int) -> Cost:
    """What it costs over the whole weeks of closed days, at least `weeks` of them, and over all closed days too."""

    def windows(closed: int) -> list[Window] | None:
        full = closed // _WEEK * _WEEK
        return [(0, full, edge(full)), (0, closed, edge(closed))] if full >= weeks * _WEEK else None

    edge = _edges(test, traffic)
    return _cost(test, traffic, windows)


def only_days(days: int, traffic: Traffic) -> Cost:
    """What it costs to have so many closed days, ≥ 1: nothing but time."""
    return Cost(least=0, pieces=0, first=traffic.settles + days, passes=from_day(days))


def even_mix(mix: Classes, limit: float, prior: Prior, *, alpha: float, traffic: Traffic) -> Cost:
    """What it costs to show a mean below the limit where every day brings the same mix: no chance is in it.

    Args:
        mix: (badness, share of the pieces), shares summing to 1.
    """
    pieces = pieces_for(mix, limit, prior, alpha=alpha)
    least = pieces_for([(0.0, 1.0)], limit, prior, alpha=alpha)
    return Cost(least=least, pieces=pieces, first=_first(least, traffic), passes=from_day(_closed_for(pieces, traffic)))


def pairs(stream: str, discordant: float, limit: float, prior: Prior, *, alpha: float, traffic: Traffic) -> Cost:
    """What it costs to show that the sides differ by less than a margin, where both are equally often wrong.

    Args:
        discordant: share of unit-days on which one side alone was wrong, in (0, 1).
        limit: of the mean badness, in (0, 1), where a piece's badness is 0, 1/2 or 1.
    """
    mix = [(0.0, discordant / 2), (0.5, 1 - discordant), (1.0, discordant / 2)]
    least = pieces_for([(0.0, discordant), (0.5, 1 - discordant)], limit, prior, alpha=alpha)
    return Cost(
        least=least,
        pieces=pieces_for(mix, limit, prior, alpha=alpha),
        first=_first(least, traffic),
        passes=paired(stream, discordant, limit, prior, log_threshold=threshold(alpha)),
    )


def _cost(test: RateTest, traffic: Traffic, windows: Callable[[int], list[Window] | None]) -> Cost:
    """The first day is the perfect candidate's: every window that is asked for then allows no bad piece at all."""

    def perfect(closed: int) -> bool:
        asked = windows(closed)
        return asked is not None and all(most >= 0 for _, _, most in asked)

    first = next((day for day in range(1, LONGEST + 1) if perfect(traffic.settled(day))), None)
    return Cost(least=test.least, pieces=test.pieces, first=first, passes=within(test.stream, windows))


def _edges(test: RateTest, traffic: Traffic) -> Callable[[int], int]:
    """The test's edge by closed days, each looked for once."""
    return cache(lambda closed: test.edge(traffic.evidence(closed)))


def _first(pieces: int | None, traffic: Traffic) -> int | None:
    closed = _closed_for(pieces, traffic)
    return traffic.settles + closed if closed is not None and traffic.settles + closed <= LONGEST else None


def _closed_for(pieces: int | None, traffic: Traffic) -> int | None:
    """Closed days that bring so many pieces, 1 at the least."""
    return None if pieces is None else max(1, ceil(pieces / traffic.unit_days - _NEAR))


def pieces_for(mix: Classes, limit: float, prior: Prior, *, alpha: float) -> int | None:
    """How many pieces of this mix bring log E to log(1/alpha); None where no number does.

    Args:
        mix: (badness, share of the pieces), shares summing to 1.
    """
    shares = list(mix)

    def enough(pieces: int) -> bool:
        return reached(log_e([(badness, part * pieces) for badness, part in shares], limit, prior), alpha)

    low, high = 0, 1
    while not enough(high):
        low, high = high, high * 2
        if high > _FAR:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def volume_for(pieces: int, days: int, traffic: Traffic) -> int | None:
    """Cases a day that bring so many pieces by the look after so many days, no label waited for; None for no day."""
    closed = traffic.settled(days)
    return ceil(pieces / closed * traffic.cases / traffic.unit_days) if closed else None
