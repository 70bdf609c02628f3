"""The columns that a contract's `accepts` describes, one level of nested objects flattened with dots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shadow.contract.model import Contract

UNIT_NAMES = frozenset({"currency", "unit"})
NUMBER_TYPES = frozenset({"number", "integer"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One column of a window.

    Attributes:
        name: dotted, as `customer.country`.
        path: the keys that lead to it in a case's input, one or two.
        needed: required, or the contract's unit or slice; it may not be absent from all rows.
        filled: the contract requires it and its schema does not allow null.
        number: the schema, or a write's `money`, says that it is a number.
        low, high: the schema's least and largest value; None where it gives none.
        key: it names something (an id); its values have no scale and no categories.
        secret: the contract redacts it; of its values nothing but the share of nulls is kept.
    """

    name: str
    path: tuple[str, ...]
    needed: bool = False
    filled: bool = False
    number: bool = False
    low: float | None = None
    high: float | None = None
    key: bool = False
    secret: bool = False


def fields(contract: Contract) -> tuple[Field, ...]:
    """The contract's columns in the schema's order."""
    return tuple(_field(contract, path, schema, must) for path, schema, must in _leaves(contract.accepts))


def unit_columns(contract: Contract) -> tuple[str, ...]:
    """Columns that say in which unit a row's numbers are: of declared money, and those called so."""
    money = {tool.money[1] for tool in contract.tools if tool.money}
    return tuple(f.name for f in fields(contract) if f.name in money or f.path[-1] in UNIT_NAMES)


def _leaves(root: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any], bool]]:
    for name, schema, must in _properties(root, root):
        inner = list(_properties(schema, root))
        if not inner:
            yield (name,), schema, must
        for below, leaf, leaf_must in inner:
            yield (name, below), leaf, must and leaf_must


def _properties(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    required = schema.get("required", ())
    for name, inner in schema.get("properties", {}).items():
        yield name, _resolved(inner, root), name in required


def _resolved(schema: Any, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema behind a reference into the same document; anything else as it is, `true` as no rule."""
    if not isinstance(schema, Mapping):
        return {}
    place: Any = root
    for step in str(schema.get("$ref", "")).removeprefix("#").split("/")[1:]:
        place = place.get(step, {}) if isinstance(place, Mapping) else {}
    return place if "$ref" in schema else schema


def _field(contract: Contract, path: tuple[str, ...], schema: Mapping[str, Any], must: bool) -> Field:
    name = ".".join(path)
    types = _types(schema)
    money = {tool.money[0] for tool in contract.tools if tool.money}
    keys = {key for tool in contract.tools for key in tool.key} | {contract.unit, "id"}
    return Field(
        name=name,
        path=path,
        needed=must or name == contract.unit or name in contract.slices,
        filled=must and "null" not in types,
        number=bool(types & NUMBER_TYPES) or name in money or schema.get("format") == "decimal",
        low=_bound(schema.get("minimum", schema.get("exclusiveMinimum"))),
        high=_bound(schema.get("maximum", schema.get("exclusiveMaximum"))),
        key=name in keys or path[-1] in keys or path[-1].endswith("_id"),
        secret=any(step in contract.redact for step in (*path, name)),
    )


def _types(schema: Mapping[str, Any]) -> set[str]:
    one = schema.get("type", ())
    found = {one} if isinstance(one, str) else set(one)
    for way in [*schema.get("anyOf", ()), *schema.get("oneOf", ())]:
        found |= _types(way) if isinstance(way, Mapping) else set()
    return found | ({"null"} if None in schema.get("enum", ()) else set())


def _bound(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
