"""What holds for every gate that is registered, ours or a third party's: tested by being there."""

from __future__ import annotations

import doctest
import itertools
import json
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from math import inf, isfinite, nan
from textwrap import dedent
from typing import Any

import pytest

import shadow.gates
from shadow.errors import ContractError
from shadow.evidence.evidence import Evidence, Problem
from shadow.evidence.judged import Judged, Standing
from shadow.gates import Finding, Status
from shadow.plug import Bound, gate
from tests.evidence.rows import days_of, evidence

PARAMS: Mapping[str, Mapping[str, Any]] = {
    "harmful_rate": {"at_most": 0.02},
    "every_slice": {"at_most": 0.06},
    "recency": {"at_most": 0.02},
    "whole_weeks": {"at_most": 0.02},
    "non_inferior": {"by": 0.02},
    "similarity": {"at_least": 0.9},
    "latency_against_control": {"ratio": 1.5},
    "coverage": {},
    "input_drift": {},
    "critical_rate": {"below": 0.01},
    "calendar": {"days": 3},
    "set_aside": {"at_most": 0.05},
    "stale": {"at_most": 0.02},
    "latency": {"p95_s": 20},
    "cost": {"per_case_usd": 0.05},
    "data_quality": {},
}
NAMES = gate.names()
DAYS = 14


def bound(name: str) -> Bound:
    """The gate with parameters that a good desk passes."""
    return gate.get(name)(**PARAMS[name])


def sound(number: int) -> dict[str, str]:
    """The slices of one case."""
    return {"country": ("DE", "FR", "NL")[number % 3], "channel": ("web", "mail")[number % 2]}


@cache
def rows_of_plenty() -> tuple[Judged, ...]:
    """The cases of `plenty`, none of them special."""
    return tuple(sound_cases(None))


def plenty(**what: Any) -> Evidence:
    """4,200 sound cases over fourteen days, at all hours, of three countries and two channels."""
    special = what.pop("special", None)
    return evidence(sound_cases(special) if special else rows_of_plenty(), days=DAYS, **what)


def sound_cases(special: dict[int, dict[str, Any]] | None) -> list[Judged]:
    """So many, but for what is special about a few."""
    return days_of(
        4200,
        days=DAYS,
        special=special,
        slices=sound,
        hour=lambda number: number % 24,
        similarity=1.0,
        control_duration_s=30.0,
    )


def test_parameters_are_known_for_every_gate() -> None:
    """A new gate must be added here, so that all that follows is tested on it."""
    assert set(NAMES) == set(PARAMS)


@pytest.mark.parametrize("name", NAMES)
def test_plenty_of_good_evidence_passes(name: str) -> None:
    """The other tests would hold for a gate that never passes."""
    found = bound(name)(plenty())
    assert found.status is Status.PASS
    assert found.needs == "" and found.days is None


@pytest.mark.parametrize("name", NAMES)
def test_no_data_is_inconclusive(name: str) -> None:
    """Nothing arrived, or nothing is closed yet, or nothing was compared, replayed or not: never a pass."""
    waiting, late = {0: {"standing": Standing.WAITING}}, {"standing": Standing.SET_ASIDE}
    aside = {n: {"standing": Standing.SET_ASIDE, "duration_s": None, "cost_usd": None} for n in range(40)}
    for seen in (
        evidence([], days=4),
        plenty(special=waiting),
        evidence(days_of(40, days=4, special=aside), days=4),
        plenty(special=dict.fromkeys(range(4200), late)),
    ):
        found = bound(name)(seen)
        assert found.status is not Status.PASS
        assert not found.rejects
        assert found.needs


@pytest.mark.parametrize("name", NAMES)
def test_what_it_says_can_be_kept(name: str) -> None:
    """Its own name, one sentence, finite numbers, JSON both ways; on good, bad and no evidence."""
    for seen in (plenty(), evidence(days_of(40, days=4), days=4), evidence([], days=0)):
        found = bound(name)(seen)
        assert found.gate == name
        assert found.reason.endswith(".") and len(found.reason) < 400
        assert all(isinstance(v, str) or isfinite(v) for v in found.numbers.values())
        assert Finding.from_json(json.loads(json.dumps(found.to_json()))) == found


@pytest.mark.parametrize("name", NAMES)
def test_it_is_pure(name: str) -> None:
    """The same evidence gives the same finding."""
    seen = plenty()
    assert bound(name)(seen) == bound(name)(seen)


@pytest.mark.parametrize("value", [0, 1, -0.1, 1.5, nan, inf, "0.01", True, None])
@pytest.mark.parametrize(
    ("name", "param"),
    [
        ("harmful_rate", "at_most"),
        ("harmful_rate", "alpha"),
        ("harmful_rate", "alpha_harm"),
        ("every_slice", "at_most"),
        ("every_slice", "alpha"),
        ("every_slice", "alpha_harm"),
        ("recency", "at_most"),
        ("recency", "alpha"),
        ("whole_weeks", "at_most"),
        ("whole_weeks", "alpha"),
        ("non_inferior", "by"),
        ("non_inferior", "alpha"),
        ("non_inferior", "discordant"),
        ("similarity", "at_least"),
        ("similarity", "alpha"),
        ("latency_against_control", "quantile"),
        ("latency_against_control", "alpha"),
        ("coverage", "share"),
        ("coverage", "missing"),
        ("coverage", "alpha"),
        ("input_drift", "novel"),
        ("input_drift", "moved"),
        ("critical_rate", "below"),
        ("critical_rate", "alpha"),
        ("set_aside", "at_most"),
        ("stale", "at_most"),
        ("latency", "alpha"),
        ("cost", "alpha"),
    ],
)
def test_shares_are_between_0_and_1(name: str, param: str, value: Any) -> None:
    """Anything else is refused when the contract is written; no error rate of harm means that of ready."""
    if value is None and param == "alpha_harm":
        return
    with pytest.raises(ContractError, match=param):
        gate.get(name)(**{**PARAMS[name], param: value})


@pytest.mark.parametrize("value", [0, -1, nan, inf, "20", True, None])
@pytest.mark.parametrize(
    ("name", "param"),
    [
        ("latency", "p95_s"),
        ("latency_against_control", "ratio"),
        ("cost", "per_case_usd"),
        ("calendar", "days"),
        ("recency", "days"),
        ("whole_weeks", "weeks"),
        ("coverage", "parts"),
        ("input_drift", "false_alarm_days"),
    ],
)
def test_amounts_are_above_0(name: str, param: str, value: Any) -> None:
    """Seconds, dollars and days."""
    with pytest.raises(ContractError, match=param):
        gate.get(name)(**{**PARAMS[name], param: value})


@pytest.mark.parametrize(
    ("name", "param"),
    [
        ("calendar", "days"),
        ("recency", "days"),
        ("whole_weeks", "weeks"),
        ("coverage", "parts"),
        ("every_slice", "floor"),
    ],
)
def test_days_are_whole(name: str, param: str) -> None:
    """Half a day cannot be closed; neither half a week nor half a part of one."""
    with pytest.raises(ContractError, match=param):
        gate.get(name)(**{**PARAMS[name], param: 13.5})


def test_forecasts_count_down() -> None:
    """Each further day of the same evidence takes about a day off the forecast, until the gate passes."""
    for name in ("harmful_rate", "critical_rate", "calendar"):
        asked = gate.get(name)(**{**PARAMS[name], **({"days": 14} if name == "calendar" else {})})
        rows = days_of(28 * 20, days=28)
        first = rows[0].day
        left = [
            asked(evidence([r for r in rows if r.day < first + timedelta(days=d)], days=d)).days for d in range(1, 29)
        ]
        known = [value for value in left if value is not None]
        assert known, name
        assert all(later == sooner - 1 for sooner, later in itertools.pairwise(known)), (name, known)
        assert known[-1] == 1
        assert left[len(known) :] == [None] * (28 - len(known))


def test_open_problems_do_not_pass() -> None:
    """Data quality names window, column and count."""
    found = bound("data_quality")(plenty(problems=(Problem("2026-01-07", "amount", "unit changed", 321),)))
    assert found.status is Status.INCONCLUSIVE
    assert "2026-01-07 amount: unit changed (321)" in found.reason


@pytest.mark.parametrize("what", [{"validated": 0}, {"unvalidated": 1}])
def test_what_was_not_validated_does_not_pass(what: dict[str, int]) -> None:
    """Neither where nothing was validated nor where one window was left out."""
    assert bound("data_quality")(plenty(**what)).status is Status.INCONCLUSIVE


def test_the_example_for_third_parties_works() -> None:
    """What the room's docstring shows can be typed as it stands."""
    text = shadow.gates.__doc__ or ""
    scope: dict[str, Any] = {}
    try:
        exec(dedent(text[text.index("    from shadow.gates") :]), scope)
    finally:
        gate.known.pop("enough_cases", None)
    theirs = scope["enough_cases"]
    assert theirs(at_least=100)(plenty()).status is Status.PASS
    assert theirs(at_least=10_000)(plenty()).status is Status.INCONCLUSIVE


@pytest.mark.parametrize("name", NAMES)
def test_docstring_examples_are_true(name: str) -> None:
    """Each gate has an example, and it gives what it shows."""
    plug = gate.get(name)
    (found,) = doctest.DocTestFinder().find(plug.function, name, module=False, globs={name: plug})
    assert doctest.DocTestRunner().run(found) == doctest.TestResults(failed=0, attempted=1)
