"""The same number, within a tolerance; decimal all through, so that 19.99 and 20 are a cent apart."""

from __future__ import annotations

from decimal import Context, Decimal, InvalidOperation
from typing import Any

from shadow.plug import comparator

_LONGEST = 1000  # characters or digits; no amount is longer, and longer ones cost time
_ARITHMETIC = Context(prec=60, traps=[])


def _check(abs_tol: Any, rel_tol: Any) -> None:
    for name, text in (("abs_tol", abs_tol), ("rel_tol", rel_tol)):
        if not isinstance(text, str):
            raise ValueError(f'{name} is a decimal text, as {name}="0.01"')
        if number(text) < 0:
            raise ValueError(f"{name} is negative")


def _words(abs_tol: str, rel_tol: str) -> str:
    parts = [abs_tol] if Decimal(abs_tol) else []
    parts += [f"{100 * Decimal(rel_tol):f} % of the larger"] if Decimal(rel_tol) else []
    return f"must be the same within {' or '.join(parts)}" if parts else "must be the same number"


@comparator(version=1, check=_check, words=_words)
def numeric(control: Any, candidate: Any, *, abs_tol: str = "0", rel_tol: str = "0") -> str | None:
    """None when both are the same number within either tolerance, else a sentence.

    Args:
        control: a number, or a number as decimal text.
        candidate: likewise.
        abs_tol: largest difference that counts as none, decimal text, ≥ 0.
        rel_tol: the same as a share of the larger of the two magnitudes, decimal text, ≥ 0.

    Raises:
        ValueError: a value is no finite number; true and false are none.

    Example:
        >>> numeric(abs_tol="0.01")("19.99", 20)
        >>> numeric(abs_tol="0.01")("19.98", 20)
        '20 is higher than 19.98 by 0.02'
    """
    left, right = number(control), number(candidate)
    gap = _ARITHMETIC.abs(_ARITHMETIC.subtract(right, left))
    widest = _ARITHMETIC.multiply(number(rel_tol), max(left.copy_abs(), right.copy_abs()))
    if gap <= max(number(abs_tol), widest):
        return None
    return f"{right} is {'higher' if right > left else 'lower'} than {left} by {gap}"


def number(value: Any) -> Decimal:
    """The value as a Decimal; a float reads as it prints.

    Raises:
        ValueError: it is no finite number, or has more than 1,000 digits.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ValueError(f"{type(value).__name__} is not a number")
    if isinstance(value, str) and len(value) > _LONGEST:
        raise ValueError(f"a text of {len(value)} characters is not a number")
    try:
        found = Decimal(repr(value) if isinstance(value, float) else value)
    except InvalidOperation:
        raise ValueError(f"{value!r} is not a number") from None
    if not found.is_finite() or abs(found.adjusted()) > _LONGEST:
        raise ValueError(f"{str(value)[:40]} is not a finite number of at most {_LONGEST} digits")
    return found
