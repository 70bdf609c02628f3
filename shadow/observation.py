"""An observation: what one side did with one case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Ending(StrEnum):
    """How one side's work on a case ended. All but `finished` are the candidate's own failures."""

    FINISHED = "finished"
    ERROR = "error"  # it raised, or its process died
    TIMEOUT = "timeout"
    FLOOD = "flood"  # more bytes than allowed, as a value, a call or on stdout
    INVALID = "invalid"  # NaN, not JSON, or not what the contract says it produces


class AnswerKind(StrEnum):
    """How a read was answered; between LIVE and STALE it is decided when the case settles."""

    RECORDED = "recorded"
    AS_OF = "as-of"
    LIVE = "live"
    STALE = "stale"


class Answered(StrEnum):
    """How true the answer to a held write was, from the least to the most: the strongest that holds."""

    ECHO = "echo"  # made of the call's own arguments alone
    TEMPLATE = "template"  # what the template says, whatever the world is
    OVERLAY = "overlay"  # besides, what it would have changed is laid over later reads
    CHECKED = "checked"  # besides, its preconditions held in the world as of the case


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A change that a side made (control) or asked for (candidate: held, recorded, not performed).

    Attributes:
        tool: the write's name; "escalate" for an escalation.
        args: JSON object.
        at: aware UTC; the real moment for the control, the case's as-of moment for the candidate.
        held: the held effect's id, unique within its experiment; empty for a real effect.
        answered: how true the candidate's answer was; None for a real effect, an escalation, and in older rows.
        key: the idempotency key that the candidate gave; else, in brackets, the names of the arguments that the
            contract takes for one; empty where there is neither.
        repeated: how often the same call came again under the key, ≥ 0; each was given the first one's answer.
    """

    tool: str
    args: Mapping[str, Any]
    at: datetime | None = None
    held: str = ""
    answered: Answered | None = None
    key: str = ""
    repeated: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One read that the tools door answered.

    Attributes:
        tool, args: as asked.
        kind: how it was answered.
        at: aware UTC, the real moment of the answer.
        own: whether the candidate's own held effects were laid over the answer.
        partial: whether something of them may be missing from it, since what they change is not known.
        by: the write on whose behalf the door itself asked, to check what it requires; empty for the candidate's own.
    """

    tool: str
    args: Mapping[str, Any]
    kind: AnswerKind
    at: datetime
    own: bool = False
    partial: bool = False
    by: str = ""


class RefusalKind(StrEnum):
    """What was refused, and by whom."""

    TOOL = "tool"  # a tool call, by the tools door
    SYSTEM = "system call"  # by the kernel: the candidate tried to get past its doors
    NOISE = "noise"  # by the kernel: what a library does by itself, and nothing could have come of it
    VIOLATION = "violation"  # by a door: a canary that would have gone out, a secret that came back


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One call that was refused; written down before the candidate heard of it.

    Attributes:
        tool: the tool, or the system call as `connect`.
        args: as asked; of a system call what it was about ("about", where known) and how often it was made ("times").
        why: one line.
        kind: what was refused.
    """

    tool: str
    args: Mapping[str, Any]
    why: str
    kind: RefusalKind = RefusalKind.TOOL


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One step inside an observation, with OpenTelemetry's meaning.

    Attributes:
        name: as `execute_tool orders.get`.
        start_s, duration_s: seconds since the observation began; monotonic.
        attributes: OpenTelemetry names, as `gen_ai.tool.name`.
    """

    name: str
    start_s: float
    duration_s: float
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What one side did with one case.

    Attributes:
        ending: how it ended.
        value: JSON object that the contract's `produces` describes; None unless finished.
        error: one line, empty when finished; `detail` holds the rest (traceback, tail of stderr).
        effects: real ones for the control, held ones for the candidate, in order.
        reads, refusals, spans: what went through the tools door, in order.
        duration_s: wall seconds of the candidate's work, ≥ 0; None where unknown.
        tokens: tokens that a candidate reported.
        cost_usd: United States dollars at the candidate's declared price; None where unknown.
    """

    ending: Ending
    value: Mapping[str, Any] | None = None
    error: str = ""
    detail: str = ""
    effects: tuple[Effect, ...] = ()
    reads: tuple[Read, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    spans: tuple[Span, ...] = ()
    duration_s: float | None = None
    tokens: int | None = None
    cost_usd: float | None = None

    @property
    def violations(self) -> tuple[Refusal, ...]:
        """What it tried to get past its doors with; neither a refused tool nor a library's noise is one."""
        return tuple(one for one in self.refusals if one.kind in (RefusalKind.SYSTEM, RefusalKind.VIOLATION))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data; moments as ISO 8601 text."""
        data = asdict(self)
        for item in [*data["effects"], *data["reads"]]:
            item["at"] = item["at"].isoformat() if item["at"] else None
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Observation:
        """The observation that `to_json` wrote."""
        return cls(
            ending=Ending(data["ending"]),
            value=data["value"],
            error=data["error"],
            detail=data["detail"],
            effects=tuple(_effect(e) for e in data["effects"]),
            reads=tuple(_read(r) for r in data["reads"]),
            refusals=tuple(_refusal(r) for r in data["refusals"]),
            spans=tuple(Span(**s) for s in data["spans"]),
            duration_s=data["duration_s"],
            tokens=data["tokens"],
            cost_usd=data["cost_usd"],
        )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _effect(data: Mapping[str, Any]) -> Effect:
    answered = data.get("answered")  # older rows do not say it
    return Effect(**{**data, "at": _moment(data["at"]), "answered": Answered(answered) if answered else None})


def _refusal(data: Mapping[str, Any]) -> Refusal:
    return Refusal(**{**data, "kind": RefusalKind(data.get("kind", RefusalKind.TOOL))})  # older rows say no kind


def _read(data: Mapping[str, Any]) -> Read:
    return Read(**{**data, "kind": AnswerKind(data["kind"]), "at": datetime.fromisoformat(data["at"])})
