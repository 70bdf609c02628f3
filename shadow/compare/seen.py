"""A compared case as the search for causes sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from shadow.compare.places import NUMBER, state_of
from shadow.compare.result import CONTAINMENT, FAILURE, STOP, Agreement, Comparison, Outcome, Result
from shadow.contract.model import Contract, EffectRule, Severity

HAD, HAD_NOT, ANY = "had", "had not", "any"  # states of a write's place, and of one that has none
_ANYWHERE = (CONTAINMENT, FAILURE)  # what may be met in every case, whatever the control did


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One mismatch.

    Attributes:
        place, direction: as in the comparison.
        severity: how bad, after labels.
    """

    place: str
    direction: str
    severity: Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One compared case, agreeing or not.

    Attributes:
        case_id: unique.
        slices: value of each declared slice; the same names in every case.
        states: for each place that was compared, what a direction may start from there.
        differences: its mismatches, the first differing place first.
        money: what is at stake, per currency.
        candidate_right: whether a label said that the control was wrong.
    """

    case_id: str
    slices: Mapping[str, str]
    states: tuple[tuple[str, str], ...]
    differences: tuple[Difference, ...] = ()
    money: Mapping[str, Decimal] = field(default_factory=dict)
    candidate_right: bool = False


def seen(
    contract: Contract,
    result: Result,
    *,
    slices: Mapping[str, str],
    grade: Severity | None = None,
    candidate_right: bool = False,
) -> Seen | None:
    """A result as causes see it; None where the case is incomparable, since it is no evidence of anything.

    Args:
        contract: whose places were compared.
        result: of one case.
        slices: the case's value of each slice that the contract declares.
        grade: how bad the case is, where a label graded it; no mismatch of it counts as worse.
        candidate_right: whether a label said that the control was wrong.
    """
    if result.agreement is Agreement.INCOMPARABLE:
        return None
    return Seen(
        case_id=result.case_id,
        slices=slices,
        states=(*((place, ANY) for place in _ANYWHERE), *_states(contract, result)),
        differences=tuple(
            Difference(place=c.place, direction=c.direction, severity=_graded(c.severity, grade))
            for c in result.mismatches
            if c.severity
        ),
        money=result.money,
        candidate_right=candidate_right,
    )


def _states(contract: Contract, result: Result) -> list[tuple[str, str]]:
    compared = [c for c in result.comparisons if c.outcome is not Outcome.INCOMPARABLE and c.place not in _ANYWHERE]
    return [(c.place, _state(contract, c)) for c in compared]


def _state(contract: Contract, comparison: Comparison) -> str:
    if comparison.place.startswith(STOP):
        return ANY
    how = contract.rule(comparison.place).how
    if isinstance(how, EffectRule):
        return HAD if comparison.control else HAD_NOT
    return state_of(how, comparison.control)


def _graded(severity: Severity, grade: Severity | None) -> Severity:
    return severity if grade is None or grade.rank >= severity.rank else grade


def possible_from(direction: str, state: str) -> bool:
    """Whether a direction can be met where the control is in this state.

    Example:
        >>> possible_from("approve -> deny", "approve"), possible_from("extra", HAD)
        (True, False)
    """
    if direction in ("missing", "changed"):
        return state != HAD_NOT
    if direction == "extra":
        return state == HAD_NOT
    if direction in ("higher", "lower"):
        return state == NUMBER
    return " -> " not in direction or direction.startswith(f"{state} -> ")
