"""When a pattern has appeared: ten new discrepancies of one cause, or ten errors of one kind within thirty minutes.

What is new: a discrepancy that no earlier notice spoke of. A notice speaks of the cases of its place, direction and
slice (without a slice: of the whole place and direction) that could be seen by then: replayed before the notice, taken
by a run whose window ended by its look, settled before that look. So few a day add up until they are ten; what was held
back because the day had its notice is told on another day; the same window taken again holds nothing new; and a later
correction of an outcome that was known by then makes no case new. Errors are new if they were kept after the last
notice of their kind.

All of this is pure: moments come in as arguments.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shadow.compare.causes import Cause, Slices
from shadow.contract import digest
from shadow.contract.model import Severity
from shadow.store.said import Failed

TEN = 10  # how many of one cause or kind make a pattern
CLOSE = timedelta(minutes=30)  # from the first to the last of ten errors, at most
_CLASS = re.compile(
    r"((?:[a-z_][A-Za-z0-9_]*\.){0,8}[A-Z][A-Za-z0-9]{2,60})(?::|$)"
)  # as `ValueError: …`; the rest may hold a customer's data
_DIGITS = 12  # hex digits of a pattern's id


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An earlier notice.

    Attributes:
        family: of place and direction, or of the kind of error.
        part: of the slice; empty where it spoke of all.
        at: when it was queued.
        look: the look that it was about.
    """

    family: str
    part: str
    at: datetime
    look: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A case with a discrepancy, and when it could first be seen; moments are aware UTC."""

    slices: Slices
    replayed_at: datetime
    run_end: datetime
    settled_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurring:
    """Ten or more new discrepancies of one cause.

    Attributes:
        cause: id of place, direction and slice; `family` and `part` are its halves.
        look: the look at which it was found.
        new, count, harmful: cases: not told of before, in all, and of all those that are major or critical.
    """

    cause: str
    family: str
    part: str
    look: datetime
    new: int
    count: int
    harmful: int
    severity: Severity
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """Ten or more new errors of one kind within thirty minutes of each other.

    Attributes:
        kind: how they ended, and the error's class where the error begins with one: `error ValueError`.
        new: errors of the kind that were not told of before; `most` of them lie within thirty minutes.
        first, last: of the new ones.
    """

    cause: str
    family: str
    look: datetime
    kind: str
    new: int
    most: int
    first: datetime
    last: datetime
    part: str = ""


Pattern = Recurring | Burst


def recurring(
    causes: Iterable[Cause], hits: Mapping[str, Hit], *, told: Sequence[Told], look: datetime
) -> list[Recurring]:
    """Causes with at least ten discrepancies that no notice spoke of, in the order of the causes.

    Args:
        causes: as `compare.causes` finds them at the look; those in which labels said that the control was wrong are
            left out.
        hits: of each of their cases; a case that is not there is taken as told.
    """
    found = []
    for cause in causes:
        family, part = family_of(cause.place, cause.direction), part_of(cause.slice)
        spoken = [one for one in told if one.family == family]
        held = [hits[key] for key in cause.cases if key in hits]
        new = sum(not any(_covers(one, hit) for one in spoken) for hit in held)
        if new >= TEN and not cause.resolved:
            found.append(_recurring(cause, family, part, look, new))
    return found


def bursts(failed: Iterable[Failed], *, told: Sequence[Told], look: datetime) -> list[Burst]:
    """Kinds of errors of which ten new ones lie within thirty minutes, by kind."""
    moments: dict[str, list[datetime]] = defaultdict(list)
    for one in failed:
        moments[kind_of(one)].append(one.at)
    found = []
    for kind, times in sorted(moments.items()):
        family = digest(["error", kind])[:_DIGITS]
        since = max((one.at for one in told if one.family == family), default=None)
        new = sorted(at for at in times if since is None or at > since)
        most = most_within(new, CLOSE)
        if most >= TEN:
            found.append(
                Burst(
                    cause=digest([family, ""])[:_DIGITS],
                    family=family,
                    look=look,
                    kind=kind,
                    new=len(new),
                    most=most,
                    first=new[0],
                    last=new[-1],
                )
            )
    return found


def most_within(moments: Sequence[datetime], span: timedelta) -> int:
    """The most of these (in order) that lie at most so long from each other."""
    most = begin = 0
    for number, at in enumerate(moments):
        while at - moments[begin] > span:
            begin += 1
        most = max(most, number - begin + 1)
    return most


def kind_of(one: Failed) -> str:
    """How it ended, and the class of the error where it begins with one; nothing else of it."""
    named = _CLASS.match(one.error)
    return f"{one.ending} {named.group(1)}" if named else one.ending


def family_of(place: str, direction: str) -> str:
    """Id of a place and a direction."""
    return digest(["cause", place, direction])[:_DIGITS]


def part_of(slice_: tuple[str, str] | None) -> str:
    """Id of a slice's value; empty for none."""
    return digest(list(slice_))[:_DIGITS] if slice_ else ""


def _covers(one: Told, hit: Hit) -> bool:
    spoken = not one.part or any(part_of(pair) == one.part for pair in hit.slices)
    return spoken and hit.replayed_at <= one.at and hit.run_end <= one.look and hit.settled_at < one.look


def _recurring(cause: Cause, family: str, part: str, look: datetime, new: int) -> Recurring:
    return Recurring(
        cause=digest([family, part])[:_DIGITS],
        family=family,
        part=part,
        look=look,
        new=new,
        count=cause.count,
        harmful=cause.harmful,
        severity=cause.severity,
        sentence=cause.sentence,
    )
