"""What a contract allows of a call, compiled once: argument schemas and stop conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shadow.contract.model import Contract, Stop, Tool
from shadow.doors.plain import dumps, unfit
from shadow.doors.schemas import Validator, strict_validator, validator
from shadow.doors.smuggled import refused_key, refused_text

Names = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """A contract's tools, with a validator for each tool's arguments and each stop's condition.

    Attributes:
        contract: what they were compiled from.
        tools: name to tool.
        args: name to validator; tools without a schema are absent.
        stops: what each stop is on ("input" or a write's name) to its stops and their validators.
        keys: entity to the names under which the contract's tools give its key, writes' first, each once.
    """

    contract: Contract
    tools: Mapping[str, Tool]
    args: Mapping[str, Validator]
    stops: Mapping[str, tuple[tuple[Stop, Validator], ...]]
    keys: Mapping[str, tuple[Names, ...]]


def compile_checks(contract: Contract) -> Checks:
    """The contract's checks; it is taken to be sound (`shadow.contract.check`)."""
    stops: dict[str, tuple[tuple[Stop, Validator], ...]] = {}
    for stop in contract.stops:
        stops[stop.on] = (*stops.get(stop.on, ()), (stop, validator(stop.when)))
    keys: dict[str, dict[Names, None]] = {}
    for tool in sorted(contract.tools, key=lambda one: one.effect == "read"):
        if tool.entity and tool.key:
            keys.setdefault(tool.entity, {})[tool.key] = None
    return Checks(
        contract=contract,
        tools={tool.name: tool for tool in contract.tools},
        args={tool.name: strict_validator(tool.args) for tool in contract.tools if tool.args},
        stops=stops,
        keys={entity: tuple(names) for entity, names in keys.items()},
    )


def misfit(checks: Checks, name: str, args: Mapping[str, Any]) -> str:
    """Why the arguments may not reach the tool, without quoting them; empty where they may."""
    tool = checks.tools[name]
    wrong = unfit(args, "args") or refused_text(args, "args") or refused_key(tool.key, args)
    return wrong[:300] or _misfit(checks.args.get(name), args)


def _misfit(schema: Validator | None, args: Mapping[str, Any]) -> str:
    error = next(iter(schema.iter_errors(args)), None) if schema is not None else None
    if error is None:
        return ""
    path = ".".join(str(step) for step in error.absolute_path)
    where = f"args{'.' + path if path else ''}"
    if error.validator in ("required", "additionalProperties", "unevaluatedProperties"):  # it quotes names only
        return f"{where}: {error.message}"[:300]
    return f"{where}: does not fit {error.validator} {dumps(error.validator_value)}"[:300]


def stopped(checks: Checks, on: str, data: Mapping[str, Any]) -> Stop | None:
    """The first stop on `on` ("input" or a write's name) whose condition `data` fulfils."""
    return next((stop for stop, holds in checks.stops.get(on, ()) if holds.is_valid(data)), None)
