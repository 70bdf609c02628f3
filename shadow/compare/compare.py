"""Compare what both sides did with one case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry

from shadow.case import Case
from shadow.compare.align import Alignment, align
from shadow.compare.money import Amounts, at_stake
from shadow.compare.places import MISSING, at, compared
from shadow.compare.result import CONTAINMENT, FAILURE, STOP, Agreement, Comparison, Outcome, Result, shortened
from shadow.compare.stale import stale_reads
from shadow.contract.model import ESCALATE, Contract, EffectRule, Rule, Severity, Stop
from shadow.observation import Effect, Ending, Observation, Refusal, RefusalKind

_REGISTRY: Registry[Any] = Registry()  # an empty one: no $ref of a schema ever reaches the network
_PREPARED_AT_MOST = 32

Aligned = Mapping[str, Alignment]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """A contract whose schemas and places have been worked out once."""

    contract: Contract
    produces: Draft202012Validator
    stops: tuple[tuple[Stop, Draft202012Validator], ...]
    rules: Mapping[str, Rule]
    keys: Mapping[str, tuple[str, ...]]
    tools: frozenset[str]


_prepared: dict[int, _Prepared] = {}


def compare(contract: Contract, case: Case, control: Observation, candidate: Observation) -> Result:
    """What both sides did with one case, as a result.

    1. What the candidate tried to get past its doors with is a mismatch at `its containment`, one for each kind of
       call, whatever it had read and whatever else holds.
    2. A candidate that did not finish is one mismatch at `failure`, whatever it had read.
    3. A stop that held while the candidate acted is a critical mismatch, whatever it had read.
    4. Otherwise a stale read, a control that failed, a control's value that is not what the contract
       says, or a control's effect that it does not list, make the case incomparable.
    5. A candidate's value that is not what the contract says is one mismatch at `failure`: `invalid`.
    6. Else every place of the contract is compared; one mismatch makes a discrepancy.
    """
    ready = _prepare(contract)
    tried, stops = _tried(contract, candidate), _stops(ready, case, candidate)
    aligned = _aligned(ready, control, candidate)
    if candidate.ending is not Ending.FINISHED:
        failure = _failure(contract, candidate.ending.value, candidate, candidate.error)
        return _result(case, [*tried, failure, *_breaches(stops)], _money(ready, aligned))
    unfit = _unfit(ready, case, control, candidate)
    if unfit:
        return _result(case, [*tried, *stops], {}) if tried or _breaches(stops) else _incomparable(case, unfit)
    invalid = _wrong(ready.produces, candidate.value)
    if invalid:
        failure = _failure(contract, Ending.INVALID.value, candidate, invalid)
        return _result(case, [*tried, failure, *stops], _money(ready, aligned))
    places = [_place(ready, place, (control, candidate), aligned) for place in ready.rules]
    return _result(case, [*tried, *stops, *places], _money(ready, aligned))


def _prepare(contract: Contract) -> _Prepared:
    """Worked out once a contract; the entry keeps the contract alive, so that its id stays its own."""
    ready = _prepared.get(id(contract))
    if ready is None:
        if len(_prepared) >= _PREPARED_AT_MOST:
            _prepared.clear()
        rules = {place: contract.rule(place) for place in contract.places}
        ready = _prepared[id(contract)] = _Prepared(
            contract=contract,
            produces=_validator(contract.produces),
            stops=tuple((stop, _validator(stop.when)) for stop in contract.stops),
            rules=rules,
            keys={tool.name: tool.key for tool in contract.tools},
            tools=frozenset(place for place, rule in rules.items() if isinstance(rule.how, EffectRule)),
        )
    return ready


def _validator(schema: Mapping[str, Any]) -> Draft202012Validator:
    return Draft202012Validator(dict(schema), registry=_REGISTRY)


def _wrong(validator: Draft202012Validator, value: Any) -> str:
    """Why a value is not what its schema says; empty where it is."""
    if value is not None and validator.is_valid(value):
        return ""
    error = best_match(validator.iter_errors(value))
    if error is None:
        return "there is no value"
    path = ".".join(str(step) for step in error.absolute_path)
    return f"{path}: {error.message}"[:200] if path else error.message[:200]


def _unfit(ready: _Prepared, case: Case, control: Observation, candidate: Observation) -> str:
    """Why the world or the control makes the case incomparable; empty where neither does."""
    stale = stale_reads(ready.contract, case, control=control, candidate=candidate) if candidate.reads else []
    if stale:
        return f"stale read: {', '.join(stale)}"
    if control.ending is not Ending.FINISHED:
        return f"control failed: {control.ending.value}"
    wrong = _wrong(ready.produces, control.value)
    if wrong:
        return f"control's value: {wrong}"
    strange = sorted({effect.tool for effect in control.effects} - ready.tools)
    return f"control's effect is not in the contract: {', '.join(strange)}" if strange else ""


def _tried(contract: Contract, candidate: Observation) -> list[Comparison]:
    """One mismatch for each kind of call with which it tried to get past its doors, in the order of the first tries."""
    kinds: dict[str, list[Refusal]] = {}
    for one in candidate.violations:
        way = f"over {one.tool}" if one.kind is RefusalKind.VIOLATION else one.tool
        kinds.setdefault(way, []).append(one)
    return [
        Comparison(
            place=CONTAINMENT,
            outcome=Outcome.MISMATCH,
            severity=contract.violation,
            direction=way[:200],
            candidate=shortened([dict(one.args) for one in tries]),
            why=tries[0].why[:200],
        )
        for way, tries in kinds.items()
    ]


def _stops(ready: _Prepared, case: Case, candidate: Observation) -> list[Comparison]:
    """One comparison for each stop that holds."""
    written = [effect for effect in candidate.effects if effect.tool != ESCALATE]
    found = []
    for stop, when in ready.stops:
        if stop.on == "input":
            holds, acted = when.is_valid(dict(case.input)), written
        else:
            acted = [e for e in written if e.tool == stop.on and when.is_valid(dict(e.args))]
            holds = bool(acted)
        if holds:
            found.append(_stop(stop, acted))
    return found


def _stop(stop: Stop, acted: Sequence[Effect]) -> Comparison:
    place = f"{STOP}{stop.name}"
    if not acted:
        return Comparison(place=place, outcome=Outcome.MATCH)
    return Comparison(
        place=place,
        outcome=Outcome.MISMATCH,
        severity=Severity.CRITICAL,
        direction="acted",
        candidate=shortened([{"tool": effect.tool, **effect.args} for effect in acted]),
        why=f"it asked for {acted[0].tool} where it must escalate to {stop.escalate_to}",
    )


def _breaches(stops: Sequence[Comparison]) -> list[Comparison]:
    return [stop for stop in stops if stop.outcome is Outcome.MISMATCH]


def _failure(contract: Contract, direction: str, candidate: Observation, why: str) -> Comparison:
    return Comparison(
        place=FAILURE,
        outcome=Outcome.MISMATCH,
        severity=contract.failure,
        direction=direction,
        candidate=shortened(candidate.value),
        why=why[:200],
    )


def _aligned(ready: _Prepared, control: Observation, candidate: Observation) -> Aligned:
    """The places at which either side had an effect."""
    used = {e.tool for e in control.effects} | {e.tool for e in candidate.effects}
    return {place: _align(ready, place, control, candidate) for place in ready.tools & used}


def _align(ready: _Prepared, place: str, control: Observation, candidate: Observation) -> Alignment:
    sides = [[e for e in side.effects if e.tool == place] for side in (control, candidate)]
    rule = ready.rules[place].how
    if not isinstance(rule, EffectRule) or (place == ESCALATE and place not in ready.contract.compare):
        # Two people give two reasons for one escalation: unless a contract asks, only its being there counts.
        rule = EffectRule(ignore=tuple({name for side in sides for effect in side for name in effect.args}))
    return align(*sides, key=ready.keys.get(place, ()), rule=rule)


def _place(ready: _Prepared, place: str, sides: tuple[Observation, Observation], aligned: Aligned) -> Comparison:
    rule = ready.rules[place]
    if isinstance(rule.how, EffectRule):
        outcome, direction, why = _effects(aligned.get(place))
        left, right = ([dict(e.args) for e in side.effects if e.tool == place] for side in sides)
    else:
        left, right = (at(side.value, place) for side in sides)
        outcome, direction, why = compared(rule.how, left, right)
    return Comparison(
        place=place,
        outcome=outcome,
        severity=rule.severity if outcome is Outcome.MISMATCH else None,
        direction=direction,
        control=None if left is MISSING else shortened(left),
        candidate=None if right is MISSING else shortened(right),
        why=why[:200],
    )


def _effects(found: Alignment | None) -> tuple[Outcome, str, str]:
    """A place at which neither side had an effect is a match: both did nothing there."""
    if found is None:
        return Outcome.MATCH, "", ""
    counts = (("missing", len(found.missing)), ("extra", len(found.extra)))
    parts = [f"{count} {word}" for word, count in counts if count]
    parts += [f"changed {why}" for _, _, why in found.changed[:1]]
    if not parts:
        return (Outcome.INCOMPARABLE, "", found.unclear[0]) if found.unclear else (Outcome.MATCH, "", "")
    if found.missing and found.extra:
        direction = "changed"
    else:
        direction = "missing" if found.missing else "extra" if found.extra else "changed"
    return Outcome.MISMATCH, direction, ", ".join(parts)


def _money(ready: _Prepared, aligned: Aligned) -> Amounts:
    tools = {tool.name: tool for tool in ready.contract.tools}
    return at_stake((tools[place], found) for place, found in sorted(aligned.items()) if place in tools)


def _result(case: Case, comparisons: Sequence[Comparison], money: Amounts) -> Result:
    severities = [c.severity for c in comparisons if c.severity is not None]
    if severities:
        worst = max(severities, key=lambda severity: severity.rank)
        return Result(
            case_id=case.id,
            agreement=Agreement.DISCREPANCY,
            severity=worst,
            comparisons=tuple(comparisons),
            money=money,
        )
    unclear = next((c for c in comparisons if c.outcome is Outcome.INCOMPARABLE), None)
    return Result(
        case_id=case.id,
        agreement=Agreement.INCOMPARABLE if unclear else Agreement.AGREE,
        comparisons=tuple(comparisons),
        reason=f"not comparable: {unclear.place}: {unclear.why}" if unclear else "",
    )


def _incomparable(case: Case, reason: str) -> Result:
    return Result(case_id=case.id, agreement=Agreement.INCOMPARABLE, reason=reason)
