"""What redaction leaves of a field is a mark: whatever needs the value itself is refused beforehand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from shadow.contract.model import Contract, EffectRule, Rule
from shadow.errors import ContractError

EXACT_ONLY = frozenset({"exact"})  # a redacted field is stored as a keyed digest: equality is all that is left of it
MARK = "‹redacted:0123456789ab›"  # what one looks like


def refuse_hidden(contract: Contract, here: str) -> None:
    """Refuse a contract that hides what it counts, slices, compares or stops by.

    Raises:
        ContractError: names the field and the part that needs it.
    """
    hidden = set(contract.redact)
    if contract.unit in hidden:
        raise ContractError(
            "the unit cannot be redacted: evidence is counted by it",
            where=f"{here}: redact",
            seen=contract.unit,
            todo="use a pseudonymous id as the unit",
        )
    for name in contract.slices:
        if name in hidden:
            raise ContractError(
                "a slice cannot be redacted: reports show its values", where=f"{here}: slices", seen=name
            )
    for place, rule in contract.compare.items():
        _compared(place, rule, hidden, here)
    for stop in contract.stops:
        for name, _ in _properties(stop.when):
            if stop.on == "input" and name in hidden:
                raise ContractError(
                    "a stop cannot look at a redacted field: once stored, it is only a mark",
                    where=f"{here}: stops.{stop.name}",
                    seen=name,
                )
    for name, schema in _properties(contract.produces):
        if name in hidden:
            _takes_a_mark(name, schema, here)


def _compared(place: str, rule: Rule, hidden: set[str], here: str) -> None:
    pairs = rule.how.args.items() if isinstance(rule.how, EffectRule) else [(place.split(".")[-1], rule.how)]
    for name, how in pairs:
        if name in hidden and how.name not in EXACT_ONLY:
            raise ContractError(
                f"{name} is redacted, so it can only be compared exactly",
                where=f"{here}: compare.{place}",
                seen=how.name,
                allowed="exact()",
            )


def _takes_a_mark(name: str, schema: Any, here: str) -> None:
    from jsonschema import Draft202012Validator

    if not Draft202012Validator(schema).is_valid(MARK):
        raise ContractError(
            f"{name} is redacted, and what is stored of it would not be valid",
            where=f"{here}: produces",
            seen=str(schema)[:80],
            allowed=f"a text of at least {len(MARK)} characters, without pattern or enum",
        )


def _properties(schema: Any) -> Iterator[tuple[str, Any]]:
    """Every named field of a schema, at any depth, with what is said of it."""
    if isinstance(schema, Mapping):
        fields = schema.get("properties")
        if isinstance(fields, Mapping):
            yield from fields.items()
        for value in schema.values():
            yield from _properties(value)
    elif isinstance(schema, list | tuple):
        for value in schema:
            yield from _properties(value)
