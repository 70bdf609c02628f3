"""Every part of a contract is validated before anything runs; the first thing that is wrong is named."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from shadow.contract.hidden import refuse_hidden
from shadow.contract.model import ESCALATE, Contract, EffectRule, Tool
from shadow.contract.types import refuse_wrong_types
from shadow.errors import ContractError
from shadow.plug import Bound, nearest

_NAME = re.compile(r"[a-z][a-z0-9]*(?:[-_.][a-z0-9]+)*")


def check(contract: Contract) -> Contract:
    """The same contract, or a ContractError that says where, what was seen, what is allowed, what to do."""
    _name(contract.workflow, where="workflow")
    here = contract.workflow
    refuse_wrong_types(contract, here)
    if not contract.owner.strip():
        raise ContractError("nobody answers for it", where=f"{here}: owner", todo="name the team that owns it")
    for part in ("accepts", "produces"):
        _schema(getattr(contract, part), where=f"{here}: {part}", root=True)
    _fields(contract, here)
    _tools(contract, here)
    _stops(contract, here)
    _compare(contract, here)
    _gates(contract, here)
    _numbers(contract, here)
    _approval(contract, here)
    refuse_hidden(contract, here)
    return contract


def _name(text: str, *, where: str) -> None:
    if not isinstance(text, str) or not _NAME.fullmatch(text):
        raise ContractError(
            "no usable name", where=where, seen=repr(text), allowed="lower case, digits, '-', '_' and '.'"
        )


def _schema(schema: Any, *, where: str, root: bool = False) -> None:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    if root and (not isinstance(schema, Mapping) or schema.get("type") != "object" or not schema.get("properties")):
        raise ContractError(
            "a schema of an object with properties is needed",
            where=where,
            seen=str(schema)[:80],
            todo='write {"type": "object", "properties": {…}, "required": […]}',
        )
    try:
        Draft202012Validator.check_schema(dict(schema))
    except SchemaError as error:
        path = ".".join(str(step) for step in error.absolute_path)
        raise ContractError(
            "not a JSON Schema", where=f"{where}.{path}".rstrip("."), seen=error.message[:160]
        ) from error


def _fields(contract: Contract, here: str) -> None:
    known = contract.accepts["properties"]
    for part, names in (("unit", (contract.unit,)), ("slices", contract.slices)):
        for name in names:
            if name not in known:
                raise ContractError(
                    f"{name!r} is no field of the input",
                    where=f"{here}: {part}",
                    allowed=", ".join(known),
                    todo=nearest(name, known),
                )


def _tools(contract: Contract, here: str) -> None:
    seen: set[str] = set()
    for tool in contract.tools:
        where = f"{here}: tools.{tool.name}"
        _name(tool.name, where=where)
        if tool.name in seen or tool.name == ESCALATE:
            raise ContractError("a tool is listed twice, or is the built-in 'escalate'", where=where)
        seen.add(tool.name)
        if tool.effect not in ("read", "write"):
            raise ContractError("a tool reads or writes", where=where, seen=repr(tool.effect), allowed="read, write")
        if tool.args:
            _schema(tool.args, where=f"{where}.args", root=True)
        if tool.effect == "write" and not (tool.entity and tool.key):
            raise ContractError("a write names the entity that it changes and its key", where=where)
        _known_args((*tool.key, *(tool.money or ()), *tool.idempotent_by), tool if tool.args else None, where)
        if tool.effect == "read" and tool.idempotent_by:
            raise ContractError("a read has no effect that could be repeated", where=f"{where}.idempotent_by")
        _money(tool, where)


def _known_args(names: Iterable[str], tool: Tool | None, where: str) -> None:
    known = tool.args.get("properties") if tool else None
    for name in names:
        if known is not None and name not in known:
            raise ContractError(
                f"{name!r} is no argument of it", where=where, allowed=", ".join(known), todo=nearest(name, known)
            )


def _money(tool: Tool, where: str) -> None:
    if tool.money is not None and len(tool.money) != 2:
        raise ContractError(
            "money is the names of two arguments", where=f"{where}.money", seen=str(tool.money),
            allowed='("amount", "currency")',
        )  # fmt: skip
    if tool.at_most and not tool.money:
        raise ContractError("a largest amount needs the arguments that hold it", where=where, todo="declare its money")
    for currency, amount in tool.at_most.items():
        if not _amount(amount) or not re.fullmatch(r"[A-Z]{3}", currency):
            raise ContractError(
                "no amount of money", where=f"{where}.at_most", seen=f"{currency} {amount}", allowed='{"EUR": "500"}'
            )


def _amount(text: str) -> bool:
    try:
        amount = Decimal(text)
    except (InvalidOperation, TypeError, ValueError):
        return False
    return amount.is_finite() and amount > 0


def _stops(contract: Contract, here: str) -> None:
    writes = [tool.name for tool in contract.writes]
    seen: set[str] = set()
    for stop in contract.stops:
        where = f"{here}: stops.{stop.name}"
        if not stop.name.strip() or stop.name in seen:
            raise ContractError("a stop needs a name of its own", where=where, seen=repr(stop.name))
        seen.add(stop.name)
        if not stop.escalate_to.strip():
            raise ContractError("a stop needs somebody to escalate to", where=where, todo="say who takes the case over")
        if stop.on != "input" and stop.on not in writes:
            raise ContractError(
                "a stop is on the input or on a write",
                where=where,
                seen=repr(stop.on),
                allowed=", ".join(["input", *writes]),
                todo=nearest(stop.on, writes),
            )
        _schema(stop.when, where=f"{where}.when")
        if not stop.when:
            raise ContractError("an empty condition always holds", where=f"{where}.when", todo="say when it holds")


def _compare(contract: Contract, here: str) -> None:
    if not contract.compare:
        raise ContractError("nothing is compared", where=f"{here}: compare", todo="name at least one place")
    fields, writes = contract.produces["properties"], [tool.name for tool in contract.writes]
    for place, rule in contract.compare.items():
        where = f"{here}: compare.{place}"
        is_effect = isinstance(rule.how, EffectRule)
        known = [*writes, ESCALATE] if is_effect else list(fields)
        if place not in known and (is_effect or not _within(contract.produces, place.split("."))):
            raise ContractError(
                "no such write" if is_effect else "no such field in what a side produces",
                where=where,
                allowed=", ".join(known),
                todo=nearest(place, known),
            )
        if isinstance(rule.how, EffectRule):
            tool = contract.tool(place)
            _known_args((*rule.how.args, *rule.how.ignore), tool if tool and tool.args else None, where)


def _within(schema: Any, steps: Sequence[str]) -> bool:
    """Whether such a path may be in what the schema describes, as far as it says so."""
    for depth, step in enumerate(steps):
        fields = schema.get("properties") if isinstance(schema, Mapping) else None
        if fields is None:
            kind = schema.get("type", "object") if isinstance(schema, Mapping) else "object"
            return "object" in kind or "array" in kind
        if step not in fields:
            return depth > 0 and schema.get("additionalProperties", True) is not False
        schema = fields[step]
    return True


def _gates(contract: Contract, here: str) -> None:
    if not contract.gates:
        raise ContractError("without a gate nothing is ever ready", where=f"{here}: gates", todo="name at least one")
    for bound in contract.gates:
        if bound.plug.kind.word != "gate":
            raise ContractError("a gate is expected", where=f"{here}: gates", seen=repr(bound)[:80])
        _needed(contract, bound, here)


def _needed(contract: Contract, bound: Bound, here: str) -> None:
    """Refuse a gate that lacks what it looks at: it could never pass."""
    known = [one.name for one in fields(contract)]
    for part in bound.plug.needs:
        where = f"{here}: gates.{bound.name}"
        if part not in known:
            raise ContractError(
                f"the gate needs {part!r}, which no contract has",
                where=where,
                allowed=", ".join(known),
                todo=nearest(part, known) or "mend the gate",
            )
        if not getattr(contract, part):
            raise ContractError(
                f"the gate judges by {part} and the contract declares none: it could never pass",
                where=where,
                seen=f"no {part}",
                allowed=f"a contract with {part}",
                todo=f"declare {part}, or leave the gate out",
            )


def _numbers(contract: Contract, here: str) -> None:
    for part in ("settles_within", "labels_within", "keep", "verdict_holds"):
        value = getattr(contract, part)
        if value <= timedelta(0):
            raise ContractError("a duration above zero is needed", where=f"{here}: {part}", seen=str(value))
    if contract.keep < contract.settles_within + contract.labels_within:
        raise ContractError(
            "cases would be deleted before they can settle and be labelled",
            where=f"{here}: keep",
            seen=str(contract.keep),
            allowed=f"at least {contract.settles_within + contract.labels_within}",
        )
    if contract.horizon_days is not None and contract.horizon_days < 1:
        raise ContractError(
            "a whole number ≥ 1 is needed", where=f"{here}: horizon_days", seen=str(contract.horizon_days)
        )
    shares = list(contract.stages)
    if not shares or shares != sorted(set(shares)) or shares[0] <= 0 or shares[-1] != 100:
        raise ContractError(
            "stages are rising shares of traffic in percent that end at 100", where=f"{here}: stages", seen=str(shares)
        )
    if contract.cases_per_day < 0:
        raise ContractError(
            "a whole number ≥ 0 is needed", where=f"{here}: cases_per_day", seen=str(contract.cases_per_day)
        )


def _named(text: object, *, where: str) -> None:
    if not isinstance(text, str) or not text or text != text.strip():
        raise ContractError("a name is needed", where=where, seen=repr(text), allowed="text without spaces around it")


def _approval(contract: Contract, here: str) -> None:
    approval = contract.approval
    if approval is None:
        return
    where = f"{here}: approval"
    people = approval.approvers
    if len(set(people)) != len(people) or not 1 <= approval.quorum <= len(people):
        raise ContractError(
            "the quorum cannot be met",
            where=where,
            seen=f"quorum {approval.quorum} of {len(set(people))} people",
            todo="name more approvers, each once",
        )
    for name, text in (("channel", approval.channel), ("candidate_owner", approval.candidate_owner)):
        _named(text, where=f"{where}: {name}")  # without an owner, nobody would be kept from approving his own work
    for name in people:
        _named(name, where=f"{where}: approvers")
    if approval.candidate_owner in people:
        raise ContractError("the candidate's owner may not approve it", where=where, seen=approval.candidate_owner)
    if not approval.expires_h > 0:
        raise ContractError("a request lapses after some hours", where=where, seen=str(approval.expires_h))
