"""A plan in words that an owner understands."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import fill

from shadow.gates.words import many, percent
from shadow.planning.plan import Bar, Plan

_WIDTH = 118
_COLUMN = 27  # where what is said of a gate begins
_SURE = 0.999  # nearer to 1 than this a drawn chance says no more


def text(plan: Plan) -> str:
    """The plan as lines of plain text, ending in a newline."""
    bars = (_wrapped(line, _COLUMN) for line in _bars(plan))
    return "\n".join([*map(_wrapped, _head(plan)), *bars, *map(_wrapped, _end(plan))]) + "\n"


def sentences(plan: Plan) -> tuple[str, ...]:
    """The same for a page: what is assumed, one line a bar, and what comes of them together."""
    bars = (f"{bar.gate}: {_cost(bar, plan)}{f' ({bar.note})' if bar.note else ''}" for bar in plan.bars)
    return tuple(line for line in (*_head(plan), *bars, *_end(plan)) if line)


def _wrapped(line: str, stands: int = 0) -> str:
    """No longer than a page is wide; what goes on in a further line stands so far in."""
    return fill(line, width=_WIDTH, subsequent_indent=" " * stands, break_on_hyphens=False, break_long_words=False)


def _head(plan: Plan) -> Iterator[str]:
    assumed = plan.assumed
    units = assumed.cases_per_day / assumed.cases_per_unit_day
    yield (
        f"{plan.workflow}: what its bars cost at {assumed.cases_per_day:,.0f} cases a day "
        f"({units:,.0f} unit-days: one unit's cases of one day weigh as one)"
    )
    yield (
        f"A day closes at most {many(plan.waits, 'day')} after it is over, {plan.settles} for its slowest case and "
        f"{plan.waits - plan.settles} for labels: "
        f"day {plan.days} sees {many(plan.closed, 'closed day')}, {plan.evidence:,} unit-days."
    )
    yield f"A good candidate is one whose badness is {assumed.good:g} of each limit."
    yield ""


def _bars(plan: Plan) -> Iterator[str]:
    for bar in plan.bars:
        yield f"  {bar.gate:{_COLUMN - 3}} {bar.words}"
        yield f"{'':{_COLUMN}}{_cost(bar, plan)}"
        if bar.note:
            yield f"{'':{_COLUMN}}({bar.note})"


def _cost(bar: Bar, plan: Plan) -> str:
    return "REFUSED, see below" if bar.refused else _price(bar, plan)


def _price(bar: Bar, plan: Plan) -> str:
    if bar.chance is None:
        return "what it costs is not known"
    if not bar.pieces:
        return f"no evidence, but time: on day {bar.first} at the earliest" if bar.first else "never"
    when = f"even odds on day {bar.half}" if bar.half else "even odds on no day that was looked at"
    sure = f", nine in ten on day {bar.nine}" if bar.nine else ", never nine in ten"
    return f"about {many(bar.pieces, 'unit-day')}: {when}{sure}; {_odds(bar.chance)} on day {plan.days}"


def _end(plan: Plan) -> Iterator[str]:
    yield ""
    if plan.refused:
        yield f"REFUSED: not even a candidate without a fault could be ready by day {plan.days}."
        yield from (f"* {reason}" for reason in plan.refused)
    else:
        yield _ready(plan)
    yield _family(plan)
    yield from plan.notes


def _ready(plan: Plan) -> str:
    half = f"by day {plan.half} with even odds" if plan.half else "by no day that was looked at with even odds"
    nine = f", by day {plan.nine} with nine in ten" if plan.nine else ", by no day that was looked at with nine in ten"
    return f"All bars together: ready {half}{nine}; by day {plan.days} with {_odds(plan.chance)}."


def _odds(chance: float) -> str:
    """A drawn chance is never shown as certain."""
    return "over 99.9 %" if chance > _SURE else "under 0.1 %" if chance < 1 - _SURE else percent(chance)


def _family(plan: Plan) -> str:
    days = ", ".join(
        f"version {number} by day {day}" if day else f"version {number} by no day that was looked at"
        for number, day in enumerate(plan.versions, start=1)
    )
    asked = "The error rates hold for all versions together" if plan.family else "Were they to hold for all versions"
    return f"{asked}: with nine in ten, {days}."
