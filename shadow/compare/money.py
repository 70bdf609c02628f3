"""Money at stake: what the two sides' writes move differently."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from shadow.compare.align import Alignment
from shadow.contract.model import Tool

Amounts = dict[str, Decimal]


def at_stake(aligned: Iterable[tuple[Tool, Alignment]]) -> Amounts:
    """Per currency, ≥ 0: amounts that only one side moves, and by how much changed ones differ.

    A pair in two currencies counts with both amounts; an amount that is no number counts for nothing.
    """
    total: Amounts = {}
    for tool, alignment in aligned:
        if tool.money is None:
            continue
        for effect in (*alignment.missing, *alignment.extra):
            _add(total, _amount(tool.money, effect.args))
        for control, candidate, _ in alignment.changed:
            _difference(total, _amount(tool.money, control.args), _amount(tool.money, candidate.args))
    return {currency: amount for currency, amount in total.items() if amount}


def _amount(names: tuple[str, str], args: Mapping[str, Any]) -> tuple[str, Decimal] | None:
    value, currency = args.get(names[0]), args.get(names[1])
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        amount = Decimal(repr(value) if isinstance(value, float) else value)
    except (InvalidOperation, ValueError):
        return None
    # Nobody moves 10^30 of anything; what only looks like a number must not swell every sum.
    return (str(currency or "?"), abs(amount)) if amount.is_finite() and amount.adjusted() < 30 else None


def _difference(total: Amounts, control: tuple[str, Decimal] | None, candidate: tuple[str, Decimal] | None) -> None:
    if control and candidate and control[0] == candidate[0]:
        _add(total, (control[0], abs(control[1] - candidate[1])))
        return
    _add(total, control)
    _add(total, candidate)


def _add(total: Amounts, found: tuple[str, Decimal] | None) -> None:
    if found:
        total[found[0]] = total.get(found[0], Decimal(0)) + found[1]
