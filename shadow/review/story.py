"""A trace as a story: what a side asked for and what it was told, step by step, in order."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from shadow.contract import ESCALATE
from shadow.observation import AnswerKind, Effect, Ending, Observation, Read, Refusal, RefusalKind, Span


class Deed(StrEnum):
    """What one step of a story is."""

    READ = "read"
    HELD = "held"
    ESCALATED = "escalated"
    REFUSED = "refused"
    TRIED = "tried"  # past its doors: refused too, and a discrepancy of its own
    FAILED = "failed"
    STEP = "step"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step.

    Attributes:
        what: the tool's or the step's name; how the work ended, for the last one.
        args: as asked.
        kind: how a read was answered; None for all else.
        note: why it was refused or failed, or what else there is to say.
        at_s, took_s: seconds since the work began, and how long it took; None where nobody measured.
    """

    deed: Deed
    what: str
    args: Mapping[str, Any] = field(default_factory=dict)
    kind: AnswerKind | None = None
    note: str = ""
    at_s: float | None = None
    took_s: float | None = None


def story(seen: Observation, *, stale: Container[str] = ()) -> tuple[Step, ...]:
    """Every step of one side's work; what no span times follows the timed ones, as it was written down.

    What libraries do by themselves and what nothing could have come of is left out.

    Args:
        stale: tools of which a live answer was stale, since the control had already changed what was read.
    """
    left = _Left(
        reads=list(seen.reads),
        effects=list(seen.effects),
        refusals=[one for one in seen.refusals if one.kind is RefusalKind.TOOL],
        tried=seen.violations,
        stale=stale,
    )
    steps = [left.step(span) for span in seen.spans]
    return (*steps, *left.rest(), _end(seen))


@dataclass(slots=True, kw_only=True)
class _Left:
    """What was written down at the door and is not told yet; the door writes spans in the same order."""

    reads: list[Read]
    effects: list[Effect]
    refusals: list[Refusal]
    tried: Sequence[Refusal]
    stale: Container[str]

    def step(self, span: Span) -> Step:
        notes: Mapping[str, Any] = span.attributes
        times: dict[str, Any] = {"at_s": span.start_s, "took_s": span.duration_s}
        name = str(notes.get("gen_ai.tool.name", span.name))
        if "shadow.refused" in notes and self.refusals:
            return _refused(self.refusals.pop(0), **times)
        if "shadow.held" in notes and self.effects:
            return _held(self.effects.pop(0), **times)
        if "shadow.answer_kind" in notes and self.reads:
            return self._read(self.reads.pop(0), **times)
        if "shadow.failed" in notes:
            return Step(deed=Deed.FAILED, what=name, note=str(notes["shadow.failed"]), **times)
        return Step(deed=Deed.STEP, what=name, **times)

    def rest(self) -> Iterator[Step]:
        yield from (self._read(one) for one in self.reads)
        yield from (_held(one) for one in self.effects)
        yield from (_refused(one) for one in self.refusals)
        yield from (_tried(one) for one in self.tried)

    def _read(self, one: Read, **times: Any) -> Step:
        kind = AnswerKind.STALE if one.kind is AnswerKind.LIVE and one.tool in self.stale else one.kind
        note = "its own held effects were laid over the answer" if one.own else ""
        return Step(deed=Deed.READ, what=one.tool, args=one.args, kind=kind, note=note, **times)


def _held(one: Effect, **times: Any) -> Step:
    if one.tool == ESCALATE:
        return Step(deed=Deed.ESCALATED, what=ESCALATE, note=str(one.args.get("reason", "")), **times)
    return Step(deed=Deed.HELD, what=one.tool, args=one.args, **times)


def _refused(one: Refusal, **times: Any) -> Step:
    return Step(deed=Deed.REFUSED, what=one.tool, args=one.args, note=one.why, **times)


def _tried(one: Refusal) -> Step:
    return Step(deed=Deed.TRIED, what=one.tool, args=one.args, note=one.why)


def _end(seen: Observation) -> Step:
    note = seen.error if seen.ending is not Ending.FINISHED else ""
    return Step(deed=Deed.ENDED, what=str(seen.ending), note=note, at_s=seen.duration_s)
