"""Two values at one place: the same, different and in which direction, or not to be compared."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from shadow.compare.result import Outcome
from shadow.plug import Bound

Found = tuple[Outcome, str, str]  # outcome, direction, why

MISSING: Final = object()  # what stands at a place that a value does not have
NUMBER, NONE, OTHER = "number", "none", "other"
_CATEGORY = 40  # characters; a longer text is no category


def at(value: Any, path: str) -> Any:
    """What stands at a dotted path, as `lines.0.sku`; MISSING where there is nothing."""
    for step in path.split("."):
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return MISSING
    return value


def compared(how: Bound, control: Any, candidate: Any) -> Found:
    """What a comparator finds, and whose fault it is where it can find nothing.

    null on both sides is the same, null on one side is a difference; a comparator is asked about
    neither. What the control lacks cannot be compared; what the candidate lacks is a mismatch.
    """
    if control is MISSING:
        side = "both sides" if candidate is MISSING else "the control's side"
        return Outcome.INCOMPARABLE, "", f"missing on {side}"
    if candidate is MISSING:
        return Outcome.MISMATCH, "missing", "the candidate gave none"
    if control is None or candidate is None:
        if control is candidate:
            return Outcome.MATCH, "", ""
        return _mismatch(how, control, candidate, "one side has none")
    same, why = asked(how, control, candidate)
    if same:
        return Outcome.MATCH, "", ""
    if same is False:
        return _mismatch(how, control, candidate, why)
    return _blamed(how, control, candidate, why)


def asked(how: Bound, control: Any, candidate: Any) -> tuple[bool | None, str]:
    """Whether a comparator finds two values the same; None where it cannot say, and why."""
    try:
        answer = how(control, candidate)
    except ValueError as error:
        return None, str(error)
    except Exception as error:  # a user's comparator: what it raises is named, and never agreement
        return None, f"comparator {how.name} raised {type(error).__name__}: {error}"
    if answer is None:
        return True, ""
    if isinstance(answer, str):
        return False, answer or f"{how.name} says that they differ"
    return None, f"comparator {how.name} answered {answer!r}: neither None nor a sentence"


def _blamed(how: Bound, control: Any, candidate: Any, why: str) -> Found:
    """A value that cannot even be compared with itself is at fault; the candidate's is a mismatch."""
    if asked(how, control, control)[0] and not asked(how, candidate, candidate)[0]:
        return Outcome.MISMATCH, "invalid", why
    return Outcome.INCOMPARABLE, "", why


def _mismatch(how: Bound, control: Any, candidate: Any, why: str) -> Found:
    return Outcome.MISMATCH, direction_of(how, control, candidate), why


def direction_of(how: Bound, control: Any, candidate: Any) -> str:
    """`higher`, `lower`, `<control> -> <candidate>` for categories, else `different`."""
    left, right = state_of(how, control), state_of(how, candidate)
    if OTHER in (left, right):
        return "different"
    if left == right == NUMBER:
        return "higher" if _number(how, candidate, Decimal(0)) > _number(how, control, Decimal(0)) else "lower"
    return f"{left} -> {right}"


def state_of(how: Bound, value: Any) -> str:
    """What a direction may start from: a category, `number`, `none`, or `other`.

    Short texts, true and false are categories; what the comparator `text` compares is none.
    """
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "true" if value else "false"
    if _number(how, value, None) is not None:
        return NUMBER
    if isinstance(value, str) and len(value) <= _CATEGORY and how.name != "text":
        return value
    return OTHER


def _number(how: Bound, value: Any, otherwise: Decimal | None) -> Any:
    """A number, also from decimal text where the comparator is `numeric`."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return otherwise
    if isinstance(value, str) and how.name != "numeric":
        return otherwise
    try:
        found = Decimal(repr(value) if isinstance(value, float) else value)
    except (InvalidOperation, ValueError):
        return otherwise
    return found if found.is_finite() else otherwise
