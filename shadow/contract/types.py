"""Whether every part of a contract is of its kind, before anything is asked of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from shadow.contract.model import Approval, Contract, EffectRule, Rule, Severity, Stop, Tool
from shadow.contract.plain import refuse_unplain
from shadow.errors import ContractError
from shadow.plug import Bound

Holds = Callable[[Any], bool]


def refuse_wrong_types(contract: Contract, here: str) -> None:
    """Refuse a part that is of another kind, and data that is not plain.

    Raises:
        ContractError: names the first such part.
    """
    _refuse(contract, _CONTRACT, here)
    for tool in contract.tools:
        _refuse(tool, _TOOL, f"{here}: tools.{tool.name}")
    for stop in contract.stops:
        _refuse(stop, _STOP, f"{here}: stops.{stop.name}")
    for place, rule in contract.compare.items():
        _rule(rule, f"{here}: compare.{place}")
    if contract.approval is not None:
        _refuse(contract.approval, _APPROVAL, f"{here}: approval")
    for part, data in _plain_parts(contract):
        refuse_unplain(data, where=f"{here}: {part}")


def _refuse(part: Any, kinds: Mapping[str, tuple[Holds, str]], here: str) -> None:
    joint = "." if ": " in here else ": "
    for name, (holds, allowed) in kinds.items():
        value = getattr(part, name)
        if not holds(value):
            raise ContractError("it is of another kind", where=here + joint + name, seen=_short(value), allowed=allowed)


def _rule(rule: Any, where: str) -> None:
    if not isinstance(rule, Rule) or not isinstance(rule.severity, Severity):
        raise ContractError(
            "a place is compared by critical(…), major(…), minor(…) or cosmetic(…)", where=where, seen=_short(rule)
        )
    if isinstance(rule.how, EffectRule):
        _refuse(rule.how, _EFFECT, where)
    elif not _comparator(rule.how):
        raise ContractError("a comparator is expected", where=where, seen=_short(rule.how), todo="call it: exact()")


def _plain_parts(contract: Contract) -> Iterator[tuple[str, Any]]:
    yield from (("accepts", contract.accepts), ("produces", contract.produces))
    yield from ((f"tools.{tool.name}.args", tool.args) for tool in contract.tools)
    yield from ((f"stops.{stop.name}.when", stop.when) for stop in contract.stops)
    yield from ((f"gates.{bound.name}", bound.params) for bound in contract.gates)
    for place, rule in contract.compare.items():
        bounds = rule.how.args if isinstance(rule.how, EffectRule) else {place: rule.how}
        yield from ((f"compare.{place}", bound.params) for bound in bounds.values())


def _short(value: Any) -> str:
    return repr(value)[:80]


def _comparator(value: Any) -> bool:
    return isinstance(value, Bound) and value.plug.kind.word == "comparator"


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _all(kind: type) -> Holds:
    return lambda value: isinstance(value, tuple) and all(isinstance(one, kind) for one in value)


_TEXT = (lambda value: isinstance(value, str), "text")
_TEXTS = (_all(str), "a list of texts")
_OBJECT = (lambda value: isinstance(value, Mapping), "an object")
_WHOLE = (lambda value: isinstance(value, int) and not isinstance(value, bool), "a whole number")
_BOOL = (lambda value: isinstance(value, bool), "true or false")
_TIME = (lambda value: isinstance(value, timedelta), "a duration")

_CONTRACT: dict[str, tuple[Holds, str]] = {
    "owner": _TEXT,
    "unit": _TEXT,
    "accepts": _OBJECT,
    "produces": _OBJECT,
    "tools": (_all(Tool), "read(…) and write(…)"),
    "stops": (_all(Stop), "stop(…)"),
    "compare": _OBJECT,
    "gates": (_all(Bound), "gates, called: calendar(days=14)"),
    "failure": (lambda value: isinstance(value, Severity), ", ".join(Severity)),
    "violation": (lambda value: isinstance(value, Severity), ", ".join(Severity)),
    "slices": _TEXTS,
    "redact": _TEXTS,
    "settles_within": _TIME,
    "labels_within": _TIME,
    "keep": _TIME,
    "approval": (lambda value: value is None or isinstance(value, Approval), "Approval(…) or nothing"),
    "stages": (lambda value: isinstance(value, tuple) and all(map(_number, value)), "a list of numbers"),
    "cases_per_day": _WHOLE,
    "demonstration": _BOOL,
    "horizon_days": (lambda value: value is None or _WHOLE[0](value), "a whole number, or nothing"),
    "family": _BOOL,
    "verdict_holds": _TIME,
}
_TOOL: dict[str, tuple[Holds, str]] = {
    "entity": _TEXT,
    "key": _TEXTS,
    "args": _OBJECT,
    "money": (lambda value: value is None or _all(str)(value), "the names of two arguments, or nothing"),
    "at_most": (
        lambda value: (
            isinstance(value, Mapping) and all(isinstance(one, str) for pair in value.items() for one in pair)
        ),
        'amounts as texts: {"EUR": "500"}',
    ),
    "reversible": _BOOL,
    "idempotent_by": _TEXTS,
}
_STOP: dict[str, tuple[Holds, str]] = {"name": _TEXT, "on": _TEXT, "when": _OBJECT, "escalate_to": _TEXT}
_APPROVAL: dict[str, tuple[Holds, str]] = {
    "channel": _TEXT,
    "approvers": _TEXTS,
    "candidate_owner": _TEXT,
    "quorum": _WHOLE,
    "expires_h": (_number, "a number"),
}
_EFFECT: dict[str, tuple[Holds, str]] = {
    "args": (
        lambda value: isinstance(value, Mapping) and all(map(_comparator, value.values())),
        "a comparator an argument, called: exact()",
    ),
    "ignore": _TEXTS,
}
