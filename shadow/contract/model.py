"""The contract's parts: frozen, keyword-only, plain data all through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from enum import StrEnum
from typing import Any, Literal

from shadow.frozen import freeze
from shadow.plug import Bound

ESCALATE = "escalate"  # the one tool that every contract has: `tools.escalate(…)`, held like a write


def _settle(part: Any) -> None:
    """Lists become tuples and mappings frozen copies: a digest cannot be changed behind anybody's back."""
    for one in fields(part):
        value = getattr(part, one.name)
        object.__setattr__(part, one.name, freeze(tuple(value) if isinstance(value, list) else value))


class Severity(StrEnum):
    """How bad a mismatch is; ordered from cosmetic to critical. Harmful means major or critical."""

    COSMETIC = "cosmetic"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for cosmetic to 3 for critical."""
        return list(Severity).index(self)

    @property
    def harmful(self) -> bool:
        """Whether it is major or critical."""
        return self.rank >= Severity.MAJOR.rank


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A named thing that a side may call.

    Attributes:
        name: dotted, as `refund.issue`.
        effect: "read", or "write" (which has an effect and is held).
        entity: what it reads or changes, as `order`; decides which reads a control's effect makes stale.
        key: the arguments that name the entity's instance, and that align two sides' effects.
        args: JSON Schema of the arguments.
        money: the arguments that hold amount and currency, for writes that move money.
        at_most: the largest amount that one call may plausibly move, a decimal text per currency.
        reversible: whether the effect can be taken back.
        idempotent_by: the arguments by which the live system knows a repeated call of a write: another call with
            the same ones is the same effect, or is refused where its other arguments differ.
    """

    name: str
    effect: Literal["read", "write"]
    entity: str = ""
    key: tuple[str, ...] = ()
    args: Mapping[str, Any] = field(default_factory=dict)
    money: tuple[str, str] | None = None
    at_most: Mapping[str, str] = field(default_factory=dict)
    reversible: bool = True
    idempotent_by: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A condition under which the candidate must not act but escalate.

    Attributes:
        name: plain words, as `the claim is over 500`.
        on: "input", or the name of a write whose arguments `when` describes.
        when: JSON Schema; the stop holds where it validates.
        escalate_to: who takes over; a stop without one is refused.
    """

    name: str
    on: str
    when: Mapping[str, Any]
    escalate_to: str

    def __post_init__(self) -> None:
        _settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectRule:
    """How one write's effects are compared, once the two sides' effects are aligned by key.

    Attributes:
        args: a comparator per argument; arguments without one are compared exactly.
        ignore: arguments that are not compared.
    """

    args: Mapping[str, Bound] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How one place is compared and how bad a mismatch there is.

    A place is a dotted path into the produced value, or the name of a write (or `escalate`).
    """

    severity: Severity
    how: Bound | EffectRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who decides on a verdict, and how.

    Attributes:
        channel: where requests are posted.
        approvers: people by name, as the company's directory knows them.
        candidate_owner: who owns the candidate; never one of the approvers.
        quorum: how many approvers must say yes, ≥ 1.
        expires_h: hours until a request lapses, > 0; a timeout is never a yes.
    """

    channel: str
    approvers: tuple[str, ...]
    candidate_owner: str
    quorum: int = 2
    expires_h: float = 24

    def __post_init__(self) -> None:
        _settle(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """The frozen declaration of a workflow under trial; see `docs/contract.md`.

    Attributes:
        workflow: its name, as `refund-desk`.
        owner: the team that answers for it.
        unit: the input field that says whom a case belongs to.
        accepts, produces: JSON Schemas of a case's input and of a side's value.
        tools: the reads and writes that a side may call; all else is refused.
        stops: when the candidate must escalate instead of acting.
        compare: place to rule, in the order in which a case's first difference is looked for.
        failure: how bad it is when the candidate fails (error, timeout, flood, invalid value).
        violation: how bad it is when the candidate tries to get past its doors, whatever came of it.
        slices: input fields by which evidence is also judged.
        settles_within: a case that has not settled by then is set aside.
        labels_within: how long after the comparison a label may take before the day closes.
        keep: how long customer data is kept.
        redact: fields that are never stored in clear, at any depth.
        gates: the rules over the evidence.
        approval, stages: who decides, and the shares of traffic in percent, rising, to 100.
        cases_per_day: expected volume; for planning and for the worst plausible damage.
        demonstration: marks a contract whose verdict may read "ready (demonstration)".
        horizon_days: arrival days that the trial may take, ≥ 1; a verdict that is still inconclusive then stays so,
            and no further run is planned. None for no end.
        family: whether "ready is right" is to hold over all versions tried on this contract together; version v is
            then judged at the gate's error rate times 6 / (pi² v²).
        verdict_holds: how long after its look a verdict may still be acted on.
    """

    workflow: str
    owner: str
    unit: str
    accepts: Mapping[str, Any]
    produces: Mapping[str, Any]
    tools: tuple[Tool, ...]
    compare: Mapping[str, Rule]
    gates: tuple[Bound, ...]
    stops: tuple[Stop, ...] = ()
    failure: Severity = Severity.MAJOR
    violation: Severity = Severity.CRITICAL
    slices: tuple[str, ...] = ()
    settles_within: timedelta = timedelta(days=5)
    labels_within: timedelta = timedelta(days=1)
    keep: timedelta = timedelta(days=90)
    redact: tuple[str, ...] = ()
    approval: Approval | None = None
    stages: tuple[float, ...] = (1, 5, 25, 100)
    cases_per_day: int = 0
    demonstration: bool = False
    horizon_days: int | None = None
    family: bool = False
    verdict_holds: timedelta = timedelta(days=7)

    def __post_init__(self) -> None:
        _settle(self)

    def tool(self, name: str) -> Tool | None:
        """The tool of that name, or None where the contract does not list it."""
        return next((tool for tool in self.tools if tool.name == name), None)

    @property
    def writes(self) -> tuple[Tool, ...]:
        """The tools that have an effect, in the contract's order."""
        return tuple(tool for tool in self.tools if tool.effect == "write")

    def rule(self, place: str) -> Rule:
        """The rule of a place; a write or escalation that is not listed is compared all the same.

        Its default is critical-free: major where it cannot be taken back (or is an escalation), else minor.
        """
        if place in self.compare:
            return self.compare[place]
        tool = self.tool(place)
        lasting = tool is None or not tool.reversible
        return Rule(severity=Severity.MAJOR if lasting else Severity.MINOR, how=EffectRule())

    @property
    def places(self) -> tuple[str, ...]:
        """Every place that is compared: the listed ones in order, then unlisted writes, then `escalate`."""
        listed = list(self.compare)
        rest = [tool.name for tool in self.writes if tool.name not in self.compare]
        return tuple(listed + rest + ([] if ESCALATE in self.compare else [ESCALATE]))
