"""What each gate's evidence does not rule out, by day, against what the contract allows: one point a look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, isfinite
from typing import Any

from shadow.contract import Contract
from shadow.evidence.eprocess import CRITICAL, upper_limit
from shadow.plug import Bound
from shadow.reports.series import LimitCurve, LimitPoint
from shadow.steps.telling.history import look_day, numbers_of
from shadow.store.verdicts import StoredVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """Where a gate's limits stand: its parameter that is the limit, and the names of its findings' numbers."""

    title: str
    allowed: str
    upper: str = "upper"
    lower: str = ""
    seen: str = ""
    unit: str = "share"
    below: bool = True


HARM = "How high the harmful share can still be"
GATES = {  # a gate that is not here gives no limit, or is a third party's
    "harmful_rate": _Read(title=HARM, allowed="at_most", seen="rate"),
    "every_slice": _Read(title=f"{HARM} in the weakest slice", allowed="at_most", seen="rate"),
    "whole_weeks": _Read(title=f"{HARM} over whole weeks", allowed="at_most"),
    "cost": _Read(
        title="How much a case can still cost on average",
        allowed="per_case_usd",
        upper="upper_usd",
        seen="mean_usd",
        unit="USD",
    ),
    "recency": _Read(title=f"{HARM} in the last days by themselves", allowed="at_most"),
    "critical_rate": _Read(title="How often a critical case can still happen", allowed="below", seen="rate"),
    "non_inferior": _Read(
        title="How much more often than the control the candidate can still be harmfully wrong",
        allowed="by",
        seen="mean",
    ),
    "similarity": _Read(
        title="How seldom both can still match", allowed="at_least", upper="", lower="lower", seen="mean", below=False
    ),
    "coverage": _Read(
        title="How much of what comes in can still be of an unseen kind", allowed="missing", upper="missing_upper"
    ),
    "latency": _Read(title="How long 95 of 100 cases can still take", allowed="p95_s", upper="p95_upper_s", unit="s"),
    "latency_against_control": _Read(
        title="How many times the control's time the candidate can still take", allowed="ratio", unit="times"
    ),
}
_LIMITS = {"at_most": True, "below": True, "limit": True, "at_least": False}  # a third party's, and which way it goes


def limit_curves(verdicts: Sequence[StoredVerdict], contract: Contract) -> tuple[LimitCurve, ...]:
    """One a gate whose findings hold a limit, in the contract's order; of two gates of one name the first is drawn.

    Args:
        verdicts: oldest look first; all under this contract's judgement.
    """
    first = {bound.name: bound for bound in reversed(contract.gates)}
    made = (_curve(verdicts, first[name]) for name in dict.fromkeys(bound.name for bound in contract.gates))
    return tuple(curve for curve in made if curve is not None)


def _curve(verdicts: Sequence[StoredVerdict], bound: Bound) -> LimitCurve | None:
    read = GATES.get(bound.name) or _of_third_party(bound)
    limit = _real(bound.params.get(read.allowed)) if read else None
    if read is None or limit is None:
        return None
    found = [(look_day(one.look), _whole(bound.name, numbers_of(one, bound.name))) for one in verdicts]
    wanted = read.upper if read.below else read.lower
    held = {day: numbers for day, numbers in found if _real(numbers.get(wanted)) is not None}
    if not held:
        return None
    return LimitCurve(
        gate=bound.name,
        title=read.title,
        unit=read.unit,
        limit=limit,
        below=read.below,
        alpha=_alpha(held[max(held)], bound),
        points=tuple(
            LimitPoint(
                day=day,
                upper=_real(numbers.get(read.upper)),
                lower=_real(numbers.get(read.lower)),
                seen=_real(numbers.get(read.seen)) if numbers.get("unit_days", 1) else None,
            )
            for day, numbers in sorted(held.items())
        ),
    )


def _of_third_party(bound: Bound) -> _Read | None:
    """By its numbers `upper`, `lower` and `rate`, and a parameter that names a limit; None where it has none."""
    allowed = next((name for name in _LIMITS if name in bound.params), None)
    if allowed is None:
        return None
    below = _LIMITS[allowed]
    title = f"How {'high' if below else 'low'} what {bound.name} measures can still be"
    return _Read(title=title, allowed=allowed, lower="lower", seen="rate", unit="", below=below)


def _whole(gate: str, numbers: Mapping[str, Any]) -> Mapping[str, Any]:
    """The numbers, with the limits that follow from them where a gate does not write them down."""
    if gate == "critical_rate" and numbers.get("unit_days") and "threshold" in numbers:
        total, bad = int(numbers["unit_days"]), int(numbers.get("critical", 0))
        pieces = ((0.0, total - bad), (1.0, bad))
        upper = upper_limit(pieces, exp(-float(numbers["threshold"])), CRITICAL)
        return {**numbers, "upper": upper, "rate": bad / total}
    if gate == "latency_against_control" and numbers.get("control_lower_s") and "candidate_upper_s" in numbers:
        return {**numbers, "upper": float(numbers["candidate_upper_s"]) / float(numbers["control_lower_s"])}
    return numbers


def _alpha(numbers: Mapping[str, Any], bound: Bound) -> float | None:
    """As it was tested at: where versions share one error rate that is less than the contract's."""
    reached = _real(numbers.get("threshold"))
    return exp(-reached) if reached is not None else _real(bound.params.get("alpha"))


def _real(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if isfinite(value) else None
