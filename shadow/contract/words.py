"""The contract on one page, in plain words, for an owner who does not code; it is what an owner signs."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from math import ceil

from shadow.contract.codec import duration_text
from shadow.contract.digests import digests
from shadow.contract.model import Contract, EffectRule, Rule, Tool


def plain_words(contract: Contract) -> str:
    """Markdown of about a page; every sentence is derived from the contract, nothing is free text."""
    sections = [
        _head(contract),
        _may_do(contract),
        _stops(contract),
        _damage(contract),
        _judged(contract),
        _ready(contract),
        _decides(contract),
        _kept(contract),
        _digests(contract),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _head(contract: Contract) -> str:
    mark = "\n\n**This is a demonstration: its verdict never routes real work.**" if contract.demonstration else ""
    volume = f" About {contract.cases_per_day:,} cases a day are expected." if contract.cases_per_day else ""
    return (
        f"# {contract.workflow}\n\n"
        f"{contract.owner} answers for this workflow. A candidate is shown the same cases as the people and "
        "rules that do the work today. Whatever it would change is held back and written down. Cases of one "
        f"{_field(contract.unit)} on one day count as one piece of evidence.{volume}{mark}"
    )


def _may_do(contract: Contract) -> str:
    reads = [f"`{tool.name}`" for tool in contract.tools if tool.effect == "read"]
    writes = [f"* `{tool.name}`: {_write_words(tool)}" for tool in contract.writes]
    lines = [
        "## What the candidate may call",
        "It may look at: " + (", ".join(reads) or "nothing beyond the case itself") + ".",
        "It may ask for these changes; during the trial none of them is made:" if writes else "It may change nothing.",
        *writes,
        "Anything else is refused and written down.",
    ]
    return "\n\n".join(lines[:3]) + ("\n\n" + "\n".join(writes) if writes else "") + "\n\n" + lines[-1]


def _write_words(tool: Tool) -> str:
    lasting = "can be taken back" if tool.reversible else "**cannot be taken back**"
    limits = " or ".join(f"{amount} {currency}" for currency, amount in tool.at_most.items())
    money = f", moves money (up to {limits} a call)" if tool.money and limits else ", moves money" if tool.money else ""
    again = f", once for the same {', '.join(tool.idempotent_by)}" if tool.idempotent_by else ""
    return f"changes the {tool.entity}, {lasting}{money}{again}"


def _stops(contract: Contract) -> str:
    if not contract.stops:
        return "## When it must stop\n\nNo condition is declared."
    lines = [f"* when **{stop.name}**: it must not act, {stop.escalate_to} takes over" for stop in contract.stops]
    return "## When it must stop\n\n" + "\n".join(lines)


def _damage(contract: Contract) -> str:
    lasting = [tool for tool in contract.writes if not tool.reversible]
    if not lasting:
        return "## The worst that could happen\n\nEvery change that it may ask for can be taken back."
    lines = [f"* {line}" for tool in lasting for line in _worst(contract, tool)]
    return (
        "## The worst that could happen\n\nIf every single case went wrong in the worst way, before anybody noticed, "
        "what cannot be taken back:\n\n" + "\n".join(lines)
    )


def _worst(contract: Contract, tool: Tool) -> list[str]:
    volume, share = contract.cases_per_day, Decimal(str(contract.stages[0])) / 100
    if not volume:
        return [f"`{tool.name}`: one for every case (no volume is declared)"]
    if not tool.money or not tool.at_most:
        first = f"{ceil(volume * share):,}"
        return [f"`{tool.name}`: {volume:,} a day at full traffic, {first} a day at {contract.stages[0]:g} %"]
    return [
        f"`{tool.name}`: {_at_worst(Decimal(amount) * volume)} {currency} a day at full traffic, "
        f"{_at_worst(Decimal(amount) * volume * share)} {currency} a day at {contract.stages[0]:g} %"
        for currency, amount in tool.at_most.items()
    ]


def _at_worst(amount: Decimal) -> str:
    """Never less than it is: up to the next hundredth, and without any where it is whole."""
    rounded = amount.quantize(Decimal("0.01"), rounding=ROUND_CEILING)
    return f"{rounded:,.0f}" if rounded == rounded.to_integral_value() else f"{rounded:,}"


def _judged(contract: Contract) -> str:
    lines = [f"* {_rule_words(place, contract.rule(place))}" for place in contract.places]
    failed = f"* when the candidate fails, runs too long or answers nonsense: **{contract.failure}**"
    tried = (
        f"* when the candidate tries to get past what holds it, though nothing comes of it: **{contract.violation}**"
    )
    acted = ["* acting where it must stop: **critical**"] if contract.stops else []
    return "## What counts as a difference, and how bad it is\n\n" + "\n".join([*lines, failed, tried, *acted])


def _rule_words(place: str, rule: Rule) -> str:
    if isinstance(rule.how, EffectRule):
        loose = "".join(f"; {name} {how.words()}" for name, how in rule.how.args.items())
        skip = f"; {', '.join(rule.how.ignore)} is not compared" if rule.how.ignore else ""
        return f"`{place}` asked for by one side only, or differently{loose}{skip}: **{rule.severity}**"
    return f"`{place}` {rule.how.words()}: **{rule.severity}**"


def _ready(contract: Contract) -> str:
    lines = [f"* {bound.words()}" for bound in contract.gates]
    return (
        "## When it is ready\n\nOnly when all of these hold at the same time, over days on which every case has "
        f"settled (at most {duration_text(contract.settles_within)}) and every harmful difference has been looked at "
        f"(at most {duration_text(contract.labels_within)} more):\n\n" + "\n".join(lines) + _ends(contract)
    )


def _ends(contract: Contract) -> str:
    """How long the trial and its word last, and whose error rates they are."""
    days = contract.horizon_days
    end = f"The trial takes {days} days of arrivals; what is not shown by then stays open. " if days else ""
    shared = "The error rates hold for all versions tried on this contract together. " if contract.family else ""
    return f"\n\n{end}{shared}What it says may be acted on for {duration_text(contract.verdict_holds)}."


def _decides(contract: Contract) -> str:
    stages = " → ".join(f"{share:g} %" for share in contract.stages)
    if contract.approval is None:
        return f"## Who decides\n\nNobody is named yet, so nothing can be approved. Planned stages: {stages}."
    a = contract.approval
    return (
        f"## Who decides\n\n{a.quorum} of {', '.join(a.approvers)}, asked in {a.channel}, within {a.expires_h:g} "
        f"hours; silence is never a yes. {a.candidate_owner} owns the candidate and has no vote. "
        f"Stages: {stages} of the traffic."
    )


def _kept(contract: Contract) -> str:
    hidden = ", ".join(_field(name) for name in contract.redact) or "no field"
    return f"## What is kept\n\nCase data for {duration_text(contract.keep)}. Never stored in clear: {hidden}."


def _digests(contract: Contract) -> str:
    d = digests(contract)
    return f"---\n\nconduct `{d.conduct[:16]}` · judgement `{d.judgement[:16]}` · governance `{d.governance[:16]}`"


def _field(name: str) -> str:
    return name.removesuffix("_id").replace("_", " ")
