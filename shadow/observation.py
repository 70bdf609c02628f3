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


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A change that a side made (control) or asked for (candidate: held, recorded, not performed).

    Attributes:
        tool: the write's name; "escalate" for an escalation.
        args: JSON object.
        at: aware UTC; the real moment for the control, the case's as-of moment for the candidate.
        held: the held effect's id, unique within its experiment; empty for a real effect.
    """

    tool: str
    args: Mapping[str, Any]
    at: datetime | None = None
    held: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One read that the tools door answered.

    Attributes:
        tool, args: as asked.
        kind: how it was answered.
        at: aware UTC, the real moment of the answer.
        own: whether the candidate's own held effects were laid over the answer.
    """

    tool: str
    args: Mapping[str, Any]
    kind: AnswerKind
    at: datetime
    own: bool = False


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
            effects=tuple(Effect(**{**e, "at": _moment(e["at"])}) for e in data["effects"]),
            reads=tuple(_read(r) for r in data["reads"]),
            refusals=tuple(_refusal(r) for r in data["refusals"]),
            spans=tuple(Span(**s) for s in data["spans"]),
            duration_s=data["duration_s"],
            tokens=data["tokens"],
            cost_usd=data["cost_usd"],
        )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _refusal(data: Mapping[str, Any]) -> Refusal:
    return Refusal(**{**data, "kind": RefusalKind(data.get("kind", RefusalKind.TOOL))})  # older rows say no kind


def _read(data: Mapping[str, Any]) -> Read:
    return Read(**{**data, "kind": AnswerKind(data["kind"]), "at": datetime.fromisoformat(data["at"])})
