"""A plan: every bar with its cost, when a good candidate is ready, and what can never be passed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from shadow.contract import Contract
from shadow.errors import UsageError
from shadow.evidence.planner import LONGEST, Traffic, volume_for
from shadow.evidence.stages import smallest_share
from shadow.evidence.streams import Draws, at_each, from_day, ready_by
from shadow.gates.verdict import of_version
from shadow.planning.bars import Assumed, Priced, price
from shadow.plug import Bound

DAYS = 28  # how long a trial takes where neither the contract nor the one who asks says so
_AHEAD = 90  # days that are drawn at the least, so that a plan can say "day 40"
_HALF, _NINE = 0.5, 0.9
_VERSIONS = (1, 2, 3)  # whose price under the family guarantee is shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One gate's bar; days count from the trial's first day to the look after so many whole days.

    Attributes:
        gate, words: its name, and what it asks for.
        least: unit-days that a perfect candidate needs; None where none are enough or nothing is known.
        pieces: unit-days that a good candidate needs on the average.
        first: the first day on which a perfect candidate passes; None where no day of the next year is.
        half, nine: the first days at whose look a good one passes with a chance of 0.5 and 0.9; None where it is
            none of those that were looked at.
        chance: the chance that it passes at the look of the last day, 0 to 1.
        refused: why it can never be passed in time; empty where it can.
        note: what else to know.
    """

    gate: str
    words: str
    least: int | None = None
    pieces: int | None = None
    first: int | None = None
    half: int | None = None
    nine: int | None = None
    chance: float | None = None
    refused: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the contract's bars cost together.

    Attributes:
        days: the trial's last day.
        waits: days that an arrival day takes at most to close after it is over; the first `settles` for its slowest
            case, the rest for labels. Chances and days wait for both, a perfect candidate for the first alone.
        closed, evidence: closed days, and unit-days on them, at the last day's look.
        chance: that a good candidate is ready at some look up to the last day, 0 to 1.
        half, nine: the day by which it was ready at some look with a chance of 0.5 and 0.9.
        versions: the same day of 0.9 for versions 1, 2, 3 with one error rate for all of them; None where it is no
            day that was looked at.
        family: whether the contract asks for that.
        notes: what else to know, a sentence each.
    """

    workflow: str
    assumed: Assumed
    days: int
    waits: int
    settles: int
    closed: int
    evidence: int
    bars: tuple[Bar, ...]
    chance: float
    half: int | None
    nine: int | None
    versions: tuple[int | None, ...]
    family: bool
    notes: tuple[str, ...]

    @property
    def refused(self) -> tuple[str, ...]:
        """Why the plan can never come out; empty where it can."""
        return tuple(bar.refused for bar in self.bars if bar.refused)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {**asdict(self), "refused": list(self.refused)}


def plan(contract: Contract, assumed: Assumed, *, days: int | None = None, version: int = 1) -> Plan:
    """What the contract's gates cost a good candidate, and which of them not even a perfect one passes.

    Args:
        days: the trial's last day, 1 to 366; else the contract's horizon, of which 366 days are looked at, else 28.
        version: which version tried on the contract it is for; matters under the family guarantee alone.

    Raises:
        UsageError: a number of days that is none.
    """
    last = days if days is not None else _last_day(contract)
    if not 1 <= last <= LONGEST:
        raise UsageError("a trial takes 1 to 366 days", where=f"{contract.workflow}: plan", seen=str(last))
    traffic = assumed.traffic(contract)
    gates = of_version(contract.gates, version) if contract.family else contract.gates
    priced = [(bound, price(bound, contract, assumed)) for bound in gates]
    draws = _draws([cost for _, cost in priced if cost], traffic, last)
    ready = _by_day(ready_by(_passes(priced), draws), traffic)
    bars = tuple(_bar(bound, cost, traffic, draws, last) for bound, cost in priced)
    return Plan(
        workflow=contract.workflow,
        assumed=assumed,
        days=last,
        waits=traffic.waits,
        settles=traffic.settles,
        closed=traffic.closed(last),
        evidence=traffic.evidence(traffic.closed(last)),
        bars=bars,
        chance=ready[last],
        half=_reaches(ready, _HALF),
        nine=_reaches(ready, _NINE),
        versions=tuple(_nine_of(contract, assumed, traffic, draws, number) for number in _VERSIONS),
        family=contract.family,
        notes=(*_unknown(bars), *_stage(contract, assumed)),
    )


def impossible(contract: Contract, *, version: int = 1) -> tuple[str, ...]:
    """Why not even a candidate without a fault could be ready by the trial's last day; empty where one could.

    Quick, since nothing is drawn. Where the contract says nothing of its volume, nothing is known.

    Args:
        version: as in `plan`.
    """
    if not contract.cases_per_day > 0:
        return ()
    assumed, last = Assumed(cases_per_day=contract.cases_per_day), _last_day(contract)
    traffic = assumed.traffic(contract)
    gates = of_version(contract.gates, version) if contract.family else contract.gates
    priced = ((bound, price(bound, contract, assumed)) for bound in gates)
    found = (_refused(bound, cost, traffic, last) for bound, cost in priced if cost)
    return tuple(reason for reason in found if reason)


def _last_day(contract: Contract) -> int:
    return min(contract.horizon_days or DAYS, LONGEST)


def _draws(priced: Sequence[Priced], traffic: Traffic, last: int) -> Draws:
    """Bars over one stream are about one candidate: it is good enough for the tightest of them."""
    rates: dict[str, float] = {}
    for one in priced:
        for stream, rate in one.rates.items():
            rates[stream] = min(rate, rates.get(stream, rate))
    ahead = min(max(last, _AHEAD), LONGEST)
    totals = [traffic.evidence(closed) for closed in range(traffic.closed(ahead) + 1)]
    return Draws(sizes=[after - before for before, after in pairwise(totals)], rates=rates)


def _passes(priced: Sequence[tuple[Bound, Priced | None]]) -> list[Any]:
    """All bars, and a first closed day: without one nothing is ever ready."""
    return [from_day(1), *(cost.cost.passes for _, cost in priced if cost)]


def _by_day(chances: list[float], traffic: Traffic) -> list[float]:
    """Chances by day of the look, from day 0 on."""
    return [0.0] * traffic.waits + chances


def _reaches(chances: Sequence[float], least: float) -> int | None:
    return next((day for day, chance in enumerate(chances) if chance >= least), None)


def _bar(bound: Bound, priced: Priced | None, traffic: Traffic, draws: Draws, last: int) -> Bar:
    if priced is None:
        return Bar(gate=bound.name, words=bound.words())
    chances = _by_day(at_each(priced.cost.passes, draws), traffic)
    return Bar(
        gate=bound.name,
        words=bound.words(),
        least=priced.cost.least,
        pieces=priced.cost.pieces,
        first=priced.cost.first,
        half=_reaches(chances, _HALF),
        nine=_reaches(chances, _NINE),
        chance=chances[last],
        refused=_refused(bound, priced, traffic, last),
        note=priced.note,
    )


def _refused(bound: Bound, priced: Priced, traffic: Traffic, last: int) -> str:
    cost, closed = priced.cost, traffic.settled(last)
    if cost.first is not None and cost.first <= last:
        return ""
    here = f"{bound.name} ({bound.words()})"
    if cost.least is None:
        why = f": {priced.note}" if priced.note else ""
        return f"{here} can never be passed, however long the trial takes{why}."
    if not cost.least:
        return f"{here} is passed on day {cost.first} at the earliest; the trial ends on day {last}."
    span = priced.window or last
    brings = traffic.evidence(priced.window or closed)
    within = f" within {span} days" if priced.window else ""
    ends = f"{span} days bring {brings:,}" + ("" if priced.window else f" on {closed} closed days")
    more = volume_for(cost.least, priced.window + traffic.settles if priced.window else last, traffic)
    enough = f"{more:,} cases a day would do" if more else f"no day of {last} is closed by then"
    longer = f", or {cost.first} days" if cost.first else ""
    return f"{here} needs {cost.least:,} unit-days without a bad one{within}; {ends}. {enough}{longer}."


def _nine_of(contract: Contract, assumed: Assumed, traffic: Traffic, draws: Draws, number: int) -> int | None:
    priced = [(bound, price(bound, contract, assumed)) for bound in of_version(contract.gates, number)]
    return _reaches(_by_day(ready_by(_passes(priced), draws), traffic), _NINE)


def _unknown(bars: Sequence[Bar]) -> list[str]:
    names = [bar.gate for bar in bars if bar.chance is None]
    return [f"Nothing is known of what {', '.join(names)} costs; the days are those of the others."] if names else []


def _stage(contract: Contract, assumed: Assumed) -> list[str]:
    """How long harm goes on in the first stage, where a gate limits it."""
    limits = [bound.params["at_most"] for bound in contract.gates if bound.name == "harmful_rate"]
    if not limits or not 3 * limits[0] < 1:
        return []
    share = 100 * smallest_share(limits[0], assumed.cases_per_day)
    first = contract.stages[0]
    if share <= first:
        return []
    days = 2 * share / first
    return [
        f"At {first:g} % of the traffic, harm of three times the limit goes on for about {days:,.0f} days before it is "
        f"rolled back; for two days, begin with {share:.0f} %."
    ]
