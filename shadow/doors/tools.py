"""The tools door of one case: every call is judged, answered and written down here, outside the candidate."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from shadow.case import Case
from shadow.contract.model import ESCALATE, Tool
from shadow.doors.checks import Checks, misfit, stopped
from shadow.doors.overlay import Overlay
from shadow.doors.plain import dumps, one_line, plain
from shadow.doors.served import AsOf, Binding, Serves, Template
from shadow.errors import ToolFailed
from shadow.observation import AnswerKind, Effect, Observation, Read, Refusal, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a call is answered with.

    Attributes:
        word: "answer", or why there is none: "refused" by the contract, "failed" though allowed.
        value: JSON data; for the other two words one sentence.
    """

    word: Literal["answer", "refused", "failed"]
    value: Any


@dataclass(slots=True, kw_only=True, eq=False)
class ToolsDoor:
    """One case's door. What it has written down so far can be read at any time.

    Attributes:
        case: whose door it is.
        experiment: its id; the first eight characters begin each held effect's id.
        checks: the contract's tools and conditions, compiled.
        bindings: how each tool is served.
        calls_most: how many calls may be answered, ≥ 0; later ones are refused.
        bytes_most: how many bytes one answer may have as JSON, ≥ 0.
        clock: gives the real moment, aware UTC.
        ticks: gives seconds of a monotonic clock; `began` is its value when the observation began.
        calls: how many calls have reached the door.
    """

    case: Case
    experiment: str
    checks: Checks
    bindings: Mapping[str, Binding]
    calls_most: int
    bytes_most: int
    clock: Callable[[], datetime]
    ticks: Callable[[], float]
    began: float = 0.0
    calls: int = 0
    effects: list[Effect] = field(default_factory=list)
    reads: list[Read] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    overlay: Overlay = field(default_factory=Overlay)

    def answer(self, name: str, args: dict[str, Any]) -> Answer:
        """Judge one call, write it down, and only then answer it."""
        return self._spanned(name, lambda notes: self._judged(name, args, notes))

    def refuse(self, name: str, args: dict[str, Any], why: str) -> Answer:
        """Refuse a call that cannot even be judged, as one whose arguments are no JSON."""
        return self._spanned(name, lambda notes: self._refused(name, args, why, notes))

    def _spanned(self, name: str, step: Callable[[dict[str, Any]], Answer]) -> Answer:
        self.calls += 1
        started = self.ticks()
        notes: dict[str, Any] = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": one_line(name, 100),
            "gen_ai.tool.type": "function",
        }
        answer = step(notes)
        self.spans.append(
            Span(
                name=f"execute_tool {one_line(name, 100)}",
                start_s=max(0.0, started - self.began),
                duration_s=self.ticks() - started,
                attributes=notes,
            )
        )
        return answer

    def _judged(self, name: str, args: dict[str, Any], notes: dict[str, Any]) -> Answer:
        if self.calls > self.calls_most:
            return self._refused(name, args, f"more than {self.calls_most} calls in one case", notes)
        if name == ESCALATE:
            if not isinstance(args.get("reason"), str):
                return self._refused(name, args, "args.reason is no text", notes)
            self._hold(ESCALATE, args, notes)
            return Answer(word="answer", value=None)
        tool = self.checks.tools.get(name)
        if tool is None:
            return self._refused(name, args, "the contract lists no such tool", notes)
        wrong = misfit(self.checks, name, args) or self._stop(tool, args)
        if wrong:
            return self._refused(name, args, wrong, notes)
        binding = self.bindings[name]
        if isinstance(binding, Template):
            return self._write(tool, args, binding, notes)
        return self._read(tool, args, binding, notes)

    def _stop(self, tool: Tool, args: dict[str, Any]) -> str:
        if tool.effect == "read":
            return ""
        stop = stopped(self.checks, "input", self.case.input) or stopped(self.checks, tool.name, args)
        return f"stop: {stop.name}" if stop else ""

    def _refused(self, name: str, args: dict[str, Any], why: str, notes: dict[str, Any]) -> Answer:
        self.refusals.append(Refusal(tool=one_line(name, 100), args=args, why=why))
        notes["error.type"] = "ToolRefused"
        notes["shadow.refused"] = why
        return Answer(word="refused", value=why)

    def _hold(self, name: str, args: dict[str, Any], notes: dict[str, Any]) -> str:
        held = f"{self.experiment[:8]}-{self.case.id}-{len(self.effects) + 1}"
        self.effects.append(Effect(tool=name, args=args, at=self.case.began_at, held=held))
        notes["shadow.held"] = held
        return held

    def _write(self, tool: Tool, args: dict[str, Any], binding: Template, notes: dict[str, Any]) -> Answer:
        value, changes = binding.fill(args, self._hold(tool.name, args, notes))
        self.overlay.lay(tool, args, changes)
        return Answer(word="answer", value=value)

    def _read(self, tool: Tool, args: dict[str, Any], binding: Serves, notes: dict[str, Any]) -> Answer:
        moment = AsOf(case_id=self.case.id, as_of=self.case.began_at)
        try:
            world = plain(binding.answer(copy.deepcopy(args), moment), "answer")
        except ToolFailed as error:
            return self._failed(error, notes, whose="call")
        except Exception as error:  # the one place where a binding, which a user wrote, may raise
            return self._failed(error, notes, whose="binding")
        value, own = self.overlay.over(tool, args, world)
        size = len(dumps(value).encode())
        if size > self.bytes_most:
            too_long = ToolFailed(f"the answer is {size} bytes long", allowed=f"{self.bytes_most} bytes")
            return self._failed(too_long, notes, whose="binding")
        self._note_read(tool.name, args, binding.kind, own)
        notes.update({"shadow.answer_kind": str(binding.kind), "shadow.own": own})
        return Answer(word="answer", value=value)

    def _note_read(self, name: str, args: dict[str, Any], kind: AnswerKind, own: bool) -> None:
        self.reads.append(Read(tool=name, args=args, kind=kind, at=self.clock(), own=own))

    def _failed(self, error: Exception, notes: dict[str, Any], *, whose: str) -> Answer:
        why = one_line(str(error) if isinstance(error, ToolFailed) else f"{type(error).__name__}: {error}")
        notes.update({"error.type": type(error).__name__, "shadow.failed": why, "shadow.whose": whose})
        return Answer(word="failed", value=why)


def unanswered(observation: Observation) -> tuple[str, ...]:
    """Tools that could not answer through no fault of the call: a database away, a callable that raised.

    What a candidate did after such a failure says nothing about it; the tools' names, each once, in order.
    """
    failed = [s.attributes for s in observation.spans if s.attributes.get("shadow.whose") == "binding"]
    return tuple(dict.fromkeys(str(notes["gen_ai.tool.name"]) for notes in failed))
