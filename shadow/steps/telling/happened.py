"""What would have happened: held effects beside the control's own, refusals, escalations, reads by kind."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from shadow.contract import ESCALATE, Contract, Tool
from shadow.observation import AnswerKind, RefusalKind
from shadow.reports.parts import EffectRow, EscalationRow, Happened, RefusalRow
from shadow.store.deeds import Deeds

Money = dict[str, Decimal]


@dataclass(slots=True, kw_only=True)
class _Tally:
    count: int = 0
    control_count: int = 0
    control_too: int = 0
    money: Money = field(default_factory=dict)
    control_money: Money = field(default_factory=dict)


def happened(cases: Iterable[Deeds], contract: Contract, *, stale: Container[str]) -> Happened:
    """Sums over both sides' deeds; `stale` holds the cases that a stale read made incomparable."""
    tallies: dict[str, _Tally] = {tool.name: _Tally() for tool in contract.writes}
    refused: dict[tuple[str, str], list[str]] = defaultdict(list)
    escalated: dict[str, list[bool]] = defaultdict(list)
    reads: Counter[str] = Counter()
    for case in cases:
        mine, theirs = case.candidate["effects"], (case.control or {}).get("effects", [])
        for tool in contract.writes:
            _add(tallies[tool.name], tool, _of(mine, tool.name), _of(theirs, tool.name))
        for effect in _of(mine, ESCALATE):
            escalated[str(effect.get("reason", ""))].append(bool(_of(theirs, ESCALATE)))
        for refusal in case.candidate["refusals"]:
            if refusal.get("kind") != RefusalKind.NOISE:
                refused[refusal["tool"], refusal["why"]].append(case.case_id)
        for read in case.candidate["reads"]:
            live = read["kind"] == AnswerKind.LIVE
            reads[str(AnswerKind.STALE) if live and case.case_id in stale else read["kind"]] += 1
    return Happened(
        effects=tuple(_row(tool, tallies[tool.name]) for tool in contract.writes),
        refusals=tuple(
            RefusalRow(tool=tool, why=why, count=len(ids), example=ids[0])
            for (tool, why), ids in sorted(refused.items(), key=lambda item: -len(item[1]))
        ),
        escalations=tuple(
            EscalationRow(reason=reason, count=len(both), control_too=sum(both))
            for reason, both in sorted(escalated.items(), key=lambda item: -len(item[1]))
        ),
        reads=dict(reads),
    )


def _of(effects: Sequence[Mapping[str, Any]], tool: str) -> list[Mapping[str, Any]]:
    return [effect["args"] for effect in effects if effect["tool"] == tool]


def _add(tally: _Tally, tool: Tool, mine: Sequence[Mapping[str, Any]], theirs: Sequence[Mapping[str, Any]]) -> None:
    tally.count += len(mine)
    tally.control_count += len(theirs)
    if mine and theirs:
        both = Counter(_key(tool, args) for args in mine) & Counter(_key(tool, args) for args in theirs)
        tally.control_too += both.total()
    if tool.money:
        _sum(tally.money, tool.money, mine)
        _sum(tally.control_money, tool.money, theirs)


def _key(tool: Tool, args: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(args.get(name)) for name in tool.key)


def _sum(money: Money, names: tuple[str, str], effects: Sequence[Mapping[str, Any]]) -> None:
    for args in effects:
        try:
            amount = Decimal(str(args.get(names[0])))
        except InvalidOperation:
            continue  # no amount: the comparison of this case says so
        if amount.is_finite():
            currency = str(args.get(names[1]) or "?")
            money[currency] = money.get(currency, Decimal(0)) + amount


def _row(tool: Tool, tally: _Tally) -> EffectRow:
    return EffectRow(
        tool=tool.name,
        count=tally.count,
        reversible=tool.reversible,
        money=dict(sorted(tally.money.items())),
        control_too=tally.control_too,
        control_count=tally.control_count,
        control_money=dict(sorted(tally.control_money.items())),
    )
