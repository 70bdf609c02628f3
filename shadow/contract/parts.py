"""What a user writes a contract with: small functions that make its parts and refuse wrong ones at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shadow.contract.model import EffectRule, Rule, Severity, Stop, Tool
from shadow.errors import ContractError
from shadow.plug import Bound


def read(name: str, *, entity: str = "", key: str | Sequence[str] = (), args: Mapping[str, Any] | None = None) -> Tool:
    """A tool that only reads; `entity` and `key` tell which of the control's effects make it stale.

    Example:
        >>> read("orders.get", entity="order", key="order_id").key
        ('order_id',)
    """
    return Tool(name=name, effect="read", entity=entity, key=_names(key), args=dict(args or {}))


def write(
    name: str,
    *,
    entity: str,
    key: str | Sequence[str],
    reversible: bool,
    args: Mapping[str, Any] | None = None,
    money: tuple[str, str] | None = None,
    at_most: Mapping[str, str] | None = None,
    idempotent_by: str | Sequence[str] = (),
) -> Tool:
    """A tool that changes the world; during a replay it is held.

    Args:
        name, entity, key, reversible, args, money, at_most: as `Tool` has them.
        idempotent_by: the arguments by which the live system itself knows a repeated call. Leave it empty where a
            second call is a second effect there, so that a doubled one is seen.

    Example:
        >>> write("ticket.close", entity="ticket", key="ticket_id", reversible=True).effect
        'write'
    """
    return Tool(
        name=name,
        effect="write",
        entity=entity,
        key=_names(key),
        args=dict(args or {}),
        money=(money[0], money[1]) if money else None,
        at_most={currency: str(amount) for currency, amount in (at_most or {}).items()},
        reversible=reversible,
        idempotent_by=_names(idempotent_by),
    )


def stop(name: str, *, on: str, when: Mapping[str, Any], escalate_to: str = "") -> Stop:
    """A condition under which the candidate must escalate; refused without somebody to escalate to.

    Example:
        >>> stop("over 500", on="input", when={"required": ["claim"]}, escalate_to="#leads").on
        'input'
    """
    if not escalate_to.strip():
        raise ContractError(
            "a stop needs somebody to escalate to",
            where=f"stop {name!r}",
            allowed='escalate_to="#channel" or a person',
            todo="say who takes the case over",
        )
    return Stop(name=name, on=on, when=dict(when), escalate_to=escalate_to)


def effect(*, ignore: Sequence[str] = (), **args: Bound) -> EffectRule:
    """How a write's arguments are compared; those not named are compared exactly.

    Example:
        >>> effect(ignore=["memo"]).ignore
        ('memo',)
    """
    return EffectRule(args=dict(args), ignore=tuple(ignore))


def cosmetic(how: Bound | EffectRule) -> Rule:
    """A mismatch that nobody would mind."""
    return _rule(Severity.COSMETIC, how)


def minor(how: Bound | EffectRule) -> Rule:
    """A mismatch that is worth knowing and harms nobody."""
    return _rule(Severity.MINOR, how)


def major(how: Bound | EffectRule) -> Rule:
    """A harmful mismatch."""
    return _rule(Severity.MAJOR, how)


def critical(how: Bound | EffectRule) -> Rule:
    """A mismatch of which not one may happen unexcused."""
    return _rule(Severity.CRITICAL, how)


def _rule(severity: Severity, how: Bound | EffectRule) -> Rule:
    if not isinstance(how, Bound | EffectRule):
        raise ContractError(
            f"{severity}(…) takes a comparator or effect(…)",
            seen=repr(how)[:80],
            todo="call it: exact(), not exact",
        )
    return Rule(severity=severity, how=how)


def _names(key: str | Sequence[str]) -> tuple[str, ...]:
    return (key,) if isinstance(key, str) else tuple(key)
