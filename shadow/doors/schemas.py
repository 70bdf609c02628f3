"""Argument schemas, read strictly: what a schema does not name is refused, unless the schema itself lets it in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import Any, Protocol

from shadow.contract.digests import canonical
from shadow.contract.model import Contract
from shadow.doors.formats import FORMATS, fits_format

_HERE_ONE = ("then", "else")  # parts that speak of the same value, as `$ref` does; `if` and `not` only ask
_HERE_MANY = ("allOf", "anyOf", "oneOf")
_SAYS_OTHERWISE = ("additionalProperties", "unevaluatedProperties")
_BELOW_ONE = ("items", "additionalProperties", "unevaluatedProperties", "unevaluatedItems")
_BELOW_NAMED = ("properties", "patternProperties")


class Validator(Protocol):
    """The part of a `jsonschema` validator that is used here."""

    def is_valid(self, instance: Any) -> bool: ...

    def iter_errors(self, instance: Any) -> Any: ...


def validator(schema: Mapping[str, Any]) -> Validator:
    """A validator of JSON Schema's draft 2020-12 as it stands; a `$ref` to an address is an error, never a request."""
    from jsonschema import Draft202012Validator
    from referencing import Registry

    made: Validator = Draft202012Validator(dict(schema), registry=Registry())
    return made


def holds(schema: Mapping[str, Any], value: Any) -> bool:
    """Whether a value fulfils a schema as it stands."""
    return _by_text(canonical(schema)).is_valid(value)


@lru_cache(maxsize=512)
def _by_text(schema: str) -> Validator:
    return validator(json.loads(schema))


def strict_validator(schema: Mapping[str, Any]) -> Validator:
    """A validator of arguments: closed, with formats checked, and patterns read as JavaScript reads them."""
    from referencing import Registry

    made: Validator = _strict_kind()(closed(schema), registry=Registry())
    return made


@cache
def _strict_kind() -> Any:
    from jsonschema import Draft202012Validator, validators

    extend: Any = validators.extend
    return extend(Draft202012Validator, {"pattern": _pattern, "format": _format})


def _pattern(_: Any, pattern: str, value: Any, __: Any) -> Iterator[Any]:
    from jsonschema.exceptions import ValidationError

    if isinstance(value, str) and not re.search(_ended(pattern), value, re.ASCII):
        yield ValidationError("does not match its pattern")


def _format(_: Any, name: Any, value: Any, __: Any) -> Iterator[Any]:
    from jsonschema.exceptions import ValidationError

    if isinstance(name, str) and not fits_format(name, value):
        yield ValidationError(f"is no {name}")


@cache
def _ended(pattern: str) -> str:
    """The pattern with `$` at the very end of a text only: Python's own also stands before a last line break."""
    parts = re.findall(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", pattern, re.DOTALL)
    return "".join(r"(?:\Z)" if part == "$" else part for part in parts)


def closed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema, in which each object that names its members has no others, at any depth.

    An object schema that says `additionalProperties` or `unevaluatedProperties` itself is left as it is, and so
    is one that names no member at all: what such a one lets in, `loose` says.

    Example:
        >>> closed({"type": "object", "properties": {"a": {}}})["additionalProperties"]
        False
    """
    made: dict[str, Any] = _at_value(schema, schema)
    return made


def _at_value(schema: Any, root: Mapping[str, Any]) -> Any:
    """A schema that stands alone for a value: it closes what its parts together have named."""
    made = _below(schema, root)
    if not isinstance(made, dict) or any(word in made for word in _SAYS_OTHERWISE):
        return made
    if not _names(schema, root, frozenset()):
        return made
    together = any(word in made for word in (*_HERE_ONE, *_HERE_MANY, "if", "$ref", "dependentSchemas"))
    return {**made, "unevaluatedProperties" if together else "additionalProperties": False}


def _below(schema: Any, root: Mapping[str, Any]) -> Any:
    """The schema with what it says of members and items closed, and itself as open as it was."""
    if not isinstance(schema, Mapping):
        return schema
    made = dict(schema)
    for word, part in schema.items():
        if word in _BELOW_ONE:
            made[word] = _at_value(part, root)
        elif word in _BELOW_NAMED and isinstance(part, Mapping):
            made[word] = {name: _at_value(one, root) for name, one in part.items()}
        elif word == "prefixItems":
            made[word] = [_at_value(one, root) for one in part]
        elif word in _HERE_ONE:
            made[word] = _below(part, root)
        elif word in _HERE_MANY:
            made[word] = [_below(one, root) for one in part]
        elif word in ("$defs", "dependentSchemas") and isinstance(part, Mapping):
            made[word] = {name: _below(one, root) for name, one in part.items()}
    return made


def _names(schema: Any, root: Mapping[str, Any], seen: frozenset[str]) -> bool:
    """Whether the schema, or a part that speaks of the same value, names a member."""
    if not isinstance(schema, Mapping):
        return False
    if any(schema.get(word) for word in _BELOW_NAMED):
        return True
    parts = [schema[word] for word in (*_HERE_ONE, "if") if word in schema]
    parts += [one for word in _HERE_MANY for one in schema.get(word, ())]
    ref = schema.get("$ref")
    if isinstance(ref, str) and ref not in seen:
        parts.append(_local(ref, root))
    return any(_names(part, root, seen | {str(ref)}) for part in parts)


def _local(ref: str, root: Any) -> Any:
    if not ref.startswith("#"):
        return None
    found = root
    for step in filter(None, ref[1:].split("/")):
        name = step.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def loose(contract: Contract) -> tuple[str, ...]:
    """What the contract's tools let through unlooked at, one sentence each; empty where nothing does."""
    found: list[str] = []
    for tool in contract.tools:
        if not tool.args:
            found.append(f"{tool.name} has no schema: any argument of any kind reaches it")
            continue
        found += [f"{tool.name}: {place} {why}" for place, why in _loose(tool.args, "args")]
    found += [
        f"{tool.name} names no entity: once the candidate has asked for a change, its answers are marked as partial"
        for tool in contract.tools
        if tool.effect == "read" and not tool.entity and contract.writes
    ]
    return tuple(found)


def _loose(schema: Any, place: str) -> Iterator[tuple[str, str]]:
    if schema is True or schema == {}:
        yield place, "may be anything, objects and lists included"
    if not isinstance(schema, Mapping):
        return
    if any(schema.get(word) not in (None, False) for word in _SAYS_OTHERWISE):
        yield place, "takes members that nothing describes"
    elif schema.get("type") == "object" and not _names(schema, schema, frozenset()) and "$ref" not in schema:
        yield place, "is an object of which no member is named: it takes any"
    if schema.get("type") == "string" and not any(word in schema for word in _BOUNDS):
        yield place, "is text of any length"
    if isinstance(schema.get("format"), str) and schema["format"] not in FORMATS:
        yield place, f"has the format {schema['format']!r}, which is not checked"
    for name, part in schema.get("properties", {}).items():
        yield from _loose(part, f"{place}.{name}")
    if isinstance(schema.get("items"), Mapping):
        yield from _loose(schema["items"], f"{place}[]")


_BOUNDS = ("maxLength", "enum", "const", "pattern", "format")
