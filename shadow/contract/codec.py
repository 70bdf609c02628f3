"""A contract as plain data, JSON and YAML, both ways; `compare` is a list there, because its order counts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, fields
from datetime import timedelta
from pathlib import Path
from typing import Any

from shadow.contract.model import Approval, Contract, EffectRule, Rule, Severity, Stop, Tool
from shadow.contract.plain import once, refuse_unplain
from shadow.errors import ContractError
from shadow.plug import Bound, comparator, gate, nearest

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def duration(text: str | timedelta, *, where: str = "") -> timedelta:
    """`"5d"`, `"36h"`, `"90m"`, `"30s"` or `"2w"` as a timedelta.

    Example:
        >>> duration("36h").total_seconds() / 3600
        36.0
    """
    if isinstance(text, timedelta):
        return text
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhdw])", str(text).strip())
    if not match:
        raise ContractError("no duration", where=where, seen=repr(text), allowed='"30s", "90m", "36h", "5d", "2w"')
    return timedelta(**{_UNITS[match[2]]: float(match[1])})


def duration_text(value: timedelta) -> str:
    """The shortest text that `duration` reads back as the same."""
    seconds = value.total_seconds()
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    return f"{seconds:.6f}".rstrip("0").rstrip(".") + "s"


def sequence(data: Any, *, where: str) -> tuple[Any, ...]:
    """A list's items; one text is refused, for it would be taken letter by letter."""
    if isinstance(data, str | bytes | Mapping) or not isinstance(data, Iterable):
        raise ContractError("a list is expected", where=where, seen=repr(data)[:80], todo="put it into [ ]")
    return tuple(data)


def to_data(contract: Contract) -> dict[str, Any]:
    """Plain JSON data; what the digests are taken of."""
    return {
        "workflow": contract.workflow,
        "owner": contract.owner,
        "unit": contract.unit,
        "accepts": _plain(contract.accepts),
        "produces": _plain(contract.produces),
        "tools": [_tool_data(tool) for tool in contract.tools],
        "stops": [_plain(asdict(stop)) for stop in contract.stops],
        "compare": [{"place": place, **_rule_data(rule)} for place, rule in contract.compare.items()],
        "failure": str(contract.failure),
        # left out where it is the default: digests of contracts that were signed before there was one still hold
        **({} if contract.violation is Severity.CRITICAL else {"violation": str(contract.violation)}),
        "slices": list(contract.slices),
        "settles_within": duration_text(contract.settles_within),
        "labels_within": duration_text(contract.labels_within),
        "keep": duration_text(contract.keep),
        "redact": list(contract.redact),
        "gates": [_plain(bound.spec()) for bound in contract.gates],
        "approval": _plain(asdict(contract.approval)) if contract.approval else None,
        "stages": list(contract.stages),
        "cases_per_day": contract.cases_per_day,
        "demonstration": contract.demonstration,
        **_later(contract),
    }


def from_data(data: Mapping[str, Any]) -> Contract:
    """The contract that plain data describes, checked; every error says where it is."""
    from shadow.contract.check import check

    if not isinstance(data, Mapping):
        raise ContractError("a contract is one JSON object", seen=type(data).__name__)
    where = str(data.get("workflow", "contract"))
    refuse_unplain(data, where=where)
    known = {f.name for f in fields(Contract)}
    _only(data, known, where=where)
    made = dict(data)
    for name, make in _MAKERS.items():
        if name in made:
            made[name] = make(made[name], f"{where}: {name}")
    try:
        contract = Contract(**made)
    except TypeError as error:
        raise ContractError(_missing(error), where=where, allowed=", ".join(sorted(known))) from error
    return check(contract)


def to_json(contract: Contract) -> str:
    """Indented JSON text, ending in a newline."""
    return json.dumps(to_data(contract), indent=2, ensure_ascii=False) + "\n"


def from_json(text: str) -> Contract:
    """The contract that `to_json` wrote, or that somebody wrote by hand."""
    try:
        data = json.loads(text, object_pairs_hook=once)
    except json.JSONDecodeError as error:
        raise ContractError("not JSON", where=f"line {error.lineno}", seen=error.msg) from error
    except RecursionError as error:
        raise ContractError("not JSON that can be read", seen="nested too deeply") from error
    return from_data(data)


def to_yaml(contract: Contract) -> str:
    """YAML text with the same data and so the same digests."""
    import yaml

    return str(yaml.safe_dump(to_data(contract), sort_keys=False, allow_unicode=True))


def from_yaml(text: str) -> Contract:
    """The contract that YAML text describes."""
    from shadow.contract.yamls import read_yaml

    return from_data(read_yaml(text))


def load(path: Path) -> Contract:
    """The contract in a file, by its ending: .json, .yaml or .yml."""
    readers: dict[str, Callable[[str], Contract]] = {".json": from_json, ".yaml": from_yaml, ".yml": from_yaml}
    reader = readers.get(path.suffix)
    if reader is None:
        raise ContractError("unknown kind of file", where=str(path), allowed=", ".join(readers))
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ContractError("cannot read the file", where=str(path), seen=str(error)) from error
    return reader(text)


def _later(contract: Contract) -> dict[str, Any]:
    """What came later; left out where it is the default, so that a contract from before keeps its digests."""
    values = {
        "horizon_days": contract.horizon_days,
        "family": contract.family,
        "verdict_holds": contract.verdict_holds,
    }
    usual = {part.name: part.default for part in fields(Contract)}
    said = {name: value for name, value in values.items() if value != usual[name]}
    return {name: duration_text(value) if isinstance(value, timedelta) else value for name, value in said.items()}


def _tool_data(tool: Tool) -> dict[str, Any]:
    data: dict[str, Any] = _plain(asdict(tool))
    if not tool.idempotent_by:  # left out, so that a contract from before there were any keeps its digest
        del data["idempotent_by"]
    return data


def _rule_data(rule: Rule) -> dict[str, Any]:
    if isinstance(rule.how, Bound):
        return {"severity": str(rule.severity), "comparator": _plain(rule.how.spec())}
    args = {name: _plain(bound.spec()) for name, bound in rule.how.args.items()}
    return {"severity": str(rule.severity), "effect": {"args": args, "ignore": list(rule.how.ignore)}}


def _rules(data: Any, where: str) -> dict[str, Rule]:
    rules: dict[str, Rule] = {}
    for number, item in enumerate(_list(data, where)):
        here = f"{where}[{number}]"
        _only(item, {"place", "severity", "comparator", "effect"}, where=here)
        place = item.get("place")
        if not isinstance(place, str) or place in rules or ("comparator" in item) == ("effect" in item):
            raise ContractError(
                "a rule needs a place of its own and either a comparator or an effect", where=here, seen=str(item)[:120]
            )
        how = _effect(item["effect"], here) if "effect" in item else _bind(comparator, item["comparator"], here)
        rules[place] = Rule(severity=severity(item.get("severity"), here), how=how)
    return rules


def _effect(data: Any, where: str) -> EffectRule:
    _only(data, {"args", "ignore"}, where=where)
    given = data.get("args", {})
    if not isinstance(given, Mapping):
        raise ContractError("an object of argument and comparator is expected", where=where, seen=repr(given)[:80])
    args = {name: _bind(comparator, spec, f"{where}.{name}") for name, spec in given.items()}
    return EffectRule(args=args, ignore=sequence(data.get("ignore", ()), where=f"{where}.ignore"))


def severity(text: Any, where: str) -> Severity:
    """The severity of that name."""
    try:
        return Severity(text)
    except ValueError as error:
        raise ContractError("no severity", where=where, seen=repr(text), allowed=", ".join(Severity)) from error


def _bind(kind: Any, spec: Any, where: str) -> Bound:
    if not isinstance(spec, Mapping):
        raise ContractError(f"a {kind.word} is written as name, version, params", where=where, seen=repr(spec)[:80])
    _only(spec, {"name", "version", "params"}, where=where)
    bound: Bound = kind.bind(spec, where=where)
    return bound


def _tools(data: Any, where: str) -> tuple[Tool, ...]:
    made = []
    for number, item in enumerate(_list(data, where)):
        here = f"{where}[{number}]"
        _only(item, {f.name for f in fields(Tool)}, where=here)
        parts = {**item, "key": _key(item.get("key", ()), f"{here}.key")}
        if "idempotent_by" in item:
            parts["idempotent_by"] = _key(item["idempotent_by"], f"{here}.idempotent_by")
        if item.get("money"):
            parts["money"] = sequence(item["money"], where=f"{here}.money")
        if isinstance(item.get("at_most"), Mapping):  # YAML reads 500 as a number; the digest is of the text
            parts["at_most"] = {currency: str(amount) for currency, amount in item["at_most"].items()}
        made.append(_build(Tool, parts, here))
    return tuple(made)


def _key(data: Any, where: str) -> tuple[str, ...]:
    return (data,) if isinstance(data, str) else sequence(data, where=where)


def _stops(data: Any, where: str) -> tuple[Stop, ...]:
    return tuple(_build(Stop, dict(item), f"{where}[{n}]") for n, item in enumerate(_list(data, where)))


def _approval(data: Any, where: str) -> Approval | None:
    if data is None:
        return None
    _only(data, {f.name for f in fields(Approval)}, where=where)
    people = sequence(data.get("approvers", ()), where=f"{where}.approvers")
    made: Approval = _build(Approval, {**data, "approvers": people}, where)
    return made


def _build(kind: Any, parts: dict[str, Any], where: str) -> Any:
    _only(parts, {f.name for f in fields(kind)}, where=where)
    try:
        return kind(**parts)
    except TypeError as error:
        raise ContractError(_missing(error), where=where) from error


def _missing(error: TypeError) -> str:
    return "lacks " + str(error).split("argument")[-1].lstrip("s: ")


def _list(data: Any, where: str) -> list[Any]:
    if not isinstance(data, list | tuple) or not all(isinstance(item, Mapping) for item in data):
        raise ContractError("a list of objects is expected", where=where, seen=repr(data)[:80])
    return list(data)


def _only(data: Any, known: set[str], *, where: str) -> None:
    if not isinstance(data, Mapping):
        raise ContractError("an object is expected", where=where, seen=repr(data)[:80])
    for name in data:
        if name not in known:
            raise ContractError(
                f"unknown field {name!r}", where=where, allowed=", ".join(sorted(known)), todo=nearest(str(name), known)
            )


def _plain(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {str(key): _plain(value) for key, value in data.items()}
    return [_plain(value) for value in data] if isinstance(data, list | tuple) else data


_MAKERS: dict[str, Callable[[Any, str], Any]] = {
    "tools": _tools,
    "stops": _stops,
    "compare": _rules,
    "failure": severity,
    "violation": severity,
    "slices": lambda data, where: sequence(data, where=where),
    "redact": lambda data, where: sequence(data, where=where),
    "stages": lambda data, where: sequence(data, where=where),
    "settles_within": lambda data, where: duration(data, where=where),
    "labels_within": lambda data, where: duration(data, where=where),
    "keep": lambda data, where: duration(data, where=where),
    "verdict_holds": lambda data, where: duration(data, where=where),
    "gates": lambda data, where: tuple(_bind(gate, spec, f"{where}[{n}]") for n, spec in enumerate(_list(data, where))),
    "approval": _approval,
}
