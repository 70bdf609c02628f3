"""What each gate costs: its name and parameters in, its cost out; one function a kind of gate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from shadow.contract import Contract
from shadow.errors import UsageError
from shadow.evidence.drift import WEEK
from shadow.evidence.eprocess import COST, CRITICAL, READY
from shadow.evidence.moves import WARM_UP
from shadow.evidence.novelty import clean_days_needed
from shadow.evidence.paired import limit_of, paired_plan
from shadow.evidence.planner import (
    GOOD,
    NEVER,
    Cost,
    RateTest,
    Traffic,
    all_days,
    even_mix,
    only_days,
    pairs,
    recent_days,
    traffic_of,
    whole_weeks,
)
from shadow.plug import Bound

_FORTNIGHT = 14
_CAP = 3  # the cost gate counts a case as at most three times the limit
_P95 = 0.05  # the share of cases that a 95th percentile leaves above itself
_FLOOR = 11.2  # pieces times limit that a good candidate takes; what a slice needs to be judged by itself
_NO_SLICES = "the contract declares no slices"

Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """What a plan takes for granted about the traffic and about a good candidate.

    Attributes:
        cases_per_day: compared cases a day, > 0.
        cases_per_unit_day: cases that one unit brings on a day with any, ≥ 1.
        good: a good candidate's badness as a share of each limit, in (0, 1).
        critical: its share of unit-days with a critical case, in [0, 1).
        cost: what a case costs it, as a share of the cost limit, in (0, 1).
    """

    cases_per_day: float
    cases_per_unit_day: float = 1.0
    good: float = GOOD
    critical: float = 0.0
    cost: float = 0.75

    def __post_init__(self) -> None:
        shares = 0 < self.good < 1 and 0 <= self.critical < 1 and 0 < self.cost < 1
        if not (shares and self.cases_per_day > 0 and self.cases_per_unit_day >= 1):
            raise UsageError(
                "a plan cannot assume that",
                where="plan",
                seen=str(self),
                allowed="more than 0 cases a day, 1 or more a unit-day, shares above 0 and below 1",
            )

    def traffic(self, contract: Contract) -> Traffic:
        """What a day brings under the contract's times."""
        return traffic_of(
            self.cases_per_day,
            self.cases_per_day / self.cases_per_unit_day,
            settles_within=contract.settles_within,
            labels_within=contract.labels_within,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a price is asked for: the contract, what is assumed, and the traffic that comes of both."""

    contract: Contract
    assumed: Assumed
    traffic: Traffic


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """A gate's cost; `window` are the days within which its evidence must come, 0 for all; `note` what else to know."""

    cost: Cost
    rates: Mapping[str, float]
    window: int = 0
    note: str = ""


def price(bound: Bound, contract: Contract, assumed: Assumed) -> Priced | None:
    """What the gate costs; None where nothing is known of it, as of a third party's."""
    rule = RULES.get(bound.name)
    asked = Asked(contract=contract, assumed=assumed, traffic=assumed.traffic(contract))
    return rule(bound.params, asked) if rule else None


def _harmful(params: Params, asked: Asked) -> Priced:
    test = _harm_test(params, asked)
    return _tested(test, all_days(test, asked.traffic))


def _recency(params: Params, asked: Asked) -> Priced:
    test, days = _harm_test(params, asked), params["days"]
    brings, pieces = asked.traffic.evidence(days), test.pieces
    short = pieces is not None and brings < pieces
    longer = f"; days={7 * ceil(pieces / asked.traffic.unit_days / 7)} would do" if pieces is not None and short else ""
    note = f"its shortest stretch brings {brings:,} unit-days, fewer than that{longer}" if short else ""
    return _tested(test, recent_days(test, asked.traffic, days=days), window=days, note=note)


def _weeks(params: Params, asked: Asked) -> Priced:
    test = _harm_test(params, asked)
    return _tested(test, whole_weeks(test, asked.traffic, weeks=params["weeks"]))


def _slices(params: Params, asked: Asked) -> Priced:
    if not asked.contract.slices:
        return Priced(cost=NEVER, rates={}, note=_NO_SLICES)
    limit = params["at_most"]
    test = RateTest(stream="slice", limit=limit, rate=asked.assumed.good * limit, prior=READY, alpha=params["alpha"])
    alone = params["floor"] or ceil(_FLOOR / limit)
    note = f"as for one slice; each is judged by itself from {alone:,} unit-days on, smaller ones together"
    return _tested(test, all_days(test, asked.traffic), note=note)


def _critical(params: Params, asked: Asked) -> Priced:
    test = RateTest(
        stream="critical", limit=params["below"], rate=asked.assumed.critical, prior=CRITICAL, alpha=params["alpha"]
    )
    return _tested(test, all_days(test, asked.traffic), note="one that a label confirms ends the trial: not ready")


def _non_inferior(params: Params, asked: Asked) -> Priced:
    by, discordant = params["by"], params["discordant"]
    prior = paired_plan(by, discordant)
    cost = pairs("versus", discordant, limit_of(by), prior, alpha=params["alpha"], traffic=asked.traffic)
    note = f"where one side alone is wrong in {100 * discordant:g} % of the unit-days, as often the one as the other"
    return Priced(cost=cost, rates={}, note=note)


def _similarity(params: Params, asked: Asked) -> Priced:
    limit, expected = 1 - params["at_least"], params["expected"]
    rate = asked.assumed.good * limit if expected is None else 1 - expected
    test = RateTest(stream="unlike", limit=limit, rate=rate, prior=READY, alpha=params["alpha"])
    return _tested(
        test, all_days(test, asked.traffic), note="as if cases were alike wholly or not at all: it takes no more"
    )


def _latency(params: Params, asked: Asked) -> Priced:
    test = RateTest(stream="slow", limit=_P95, rate=asked.assumed.good * _P95, prior=READY, alpha=params["alpha"])
    return _tested(test, all_days(test, asked.traffic))


def _latency_against(params: Params, asked: Asked) -> Priced:
    limit = 1 - params["quantile"]
    cost = even_mix([(0.0, 1.0)], limit, READY, alpha=params["alpha"] / 2, traffic=asked.traffic)
    return Priced(cost=cost, rates={}, note="where the two are far apart; the nearer they are, the longer it takes")


def _cost(params: Params, asked: Asked) -> Priced:
    mix = [(asked.assumed.cost / _CAP, 1.0)]
    cost = even_mix(mix, 1 / _CAP, COST, alpha=params["alpha"], traffic=asked.traffic)
    return Priced(cost=cost, rates={}, note=f"where a case costs {100 * asked.assumed.cost:g} % of the limit")


def _calendar(params: Params, asked: Asked) -> Priced:
    return Priced(cost=only_days(params["days"], asked.traffic), rates={})


def _coverage(params: Params, asked: Asked) -> Priced:
    traffic = asked.traffic
    clean = clean_days_needed([], params["missing"], alpha=params["alpha"], per_day=traffic.unit_days)
    must = f"; {', '.join(params['must_see'])} must lie within the trial" if params["must_see"] else ""
    note = f"every part of every weekday twice, and little that is new on its last days{must}"
    cost = only_days(max(_FORTNIGHT, clean), traffic) if clean is not None else NEVER
    return Priced(cost=cost, rates={}, note=note)


def _drift(_: Params, asked: Asked) -> Priced:
    """Without slices it can tell no case from another; without the weeks before, its first week is what it knows."""
    if not asked.contract.slices:
        return Priced(cost=NEVER, rates={}, note=_NO_SLICES)
    note = "sooner where the weeks before the trial can be read"
    return Priced(cost=only_days(WARM_UP + WEEK, asked.traffic), rates={}, note=note)


def _at_once(_: Params, asked: Asked) -> Priced:
    """A plain share of what was seen: it costs one closed day."""
    return Priced(cost=only_days(1, asked.traffic), rates={})


def _harm_test(params: Params, asked: Asked) -> RateTest:
    limit = params["at_most"]
    return RateTest(stream="harmful", limit=limit, rate=asked.assumed.good * limit, prior=READY, alpha=params["alpha"])


def _tested(test: RateTest, cost: Cost, *, window: int = 0, note: str = "") -> Priced:
    return Priced(cost=cost, rates={test.stream: test.rate}, window=window, note=note)


RULES: Mapping[str, Callable[[Params, Asked], Priced]] = {
    "calendar": _calendar,
    "cost": _cost,
    "coverage": _coverage,
    "critical_rate": _critical,
    "data_quality": _at_once,
    "every_slice": _slices,
    "harmful_rate": _harmful,
    "input_drift": _drift,
    "latency": _latency,
    "latency_against_control": _latency_against,
    "non_inferior": _non_inferior,
    "recency": _recency,
    "set_aside": _at_once,
    "similarity": _similarity,
    "stale": _at_once,
    "whole_weeks": _weeks,
}
