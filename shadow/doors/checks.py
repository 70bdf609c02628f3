"""What a contract allows of a call, compiled once: argument schemas and stop conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from shadow.contract.model import Contract, Stop, Tool
from shadow.doors.plain import dumps


class Validator(Protocol):
    """The part of a `jsonschema` validator that is used here."""

    def is_valid(self, instance: Any) -> bool: ...

    def iter_errors(self, instance: Any) -> Any: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """A contract's tools, with a validator for each tool's arguments and each stop's condition.

    Attributes:
        contract: what they were compiled from.
        tools: name to tool.
        args: name to validator; tools without a schema are absent.
        stops: what each stop is on ("input" or a write's name) to its stops and their validators.
    """

    contract: Contract
    tools: Mapping[str, Tool]
    args: Mapping[str, Validator]
    stops: Mapping[str, tuple[tuple[Stop, Validator], ...]]


def compile_checks(contract: Contract) -> Checks:
    """The contract's checks; it is taken to be sound (`shadow.contract.check`)."""
    stops: dict[str, tuple[tuple[Stop, Validator], ...]] = {}
    for stop in contract.stops:
        stops[stop.on] = (*stops.get(stop.on, ()), (stop, _validator(stop.when)))
    return Checks(
        contract=contract,
        tools={tool.name: tool for tool in contract.tools},
        args={tool.name: _validator(tool.args) for tool in contract.tools if tool.args},
        stops=stops,
    )


def _validator(schema: Mapping[str, Any]) -> Validator:
    from jsonschema import Draft202012Validator
    from referencing import Registry

    # an empty registry: a `$ref` to an address is an error, never a request
    validator: Validator = Draft202012Validator(dict(schema), registry=Registry())
    return validator


def misfit(checks: Checks, name: str, args: Mapping[str, Any]) -> str:
    """Why the arguments do not fit the tool's schema, without quoting them; empty where they fit."""
    validator = checks.args.get(name)
    if validator is None:
        return ""
    error = next(iter(validator.iter_errors(args)), None)
    if error is None:
        return ""
    path = ".".join(str(step) for step in error.absolute_path)
    if error.validator in ("required", "additionalProperties"):  # its message quotes names only
        return f"args{'.' + path if path else ''}: {error.message}"[:300]
    return f"args{'.' + path if path else ''}: does not fit {error.validator} {dumps(error.validator_value)}"[:300]


def stopped(checks: Checks, on: str, data: Mapping[str, Any]) -> Stop | None:
    """The first stop on `on` ("input" or a write's name) whose condition `data` fulfils."""
    return next((stop for stop, holds in checks.stops.get(on, ()) if holds.is_valid(data)), None)
