"""The tools door of one case: every call is judged, answered and written down here, outside the candidate."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from shadow.case import Case
from shadow.contract.model import ESCALATE, Tool
from shadow.doors.checks import Checks, misfit, stopped
from shadow.doors.listing import listed
from shadow.doors.once import Asked, Once
from shadow.doors.overlay import Overlay
from shadow.doors.plain import dumps, one_line, plain, unfit
from shadow.doors.rows import Seen
from shadow.doors.schemas import holds
from shadow.doors.served import AsOf, Binding, Requires, Serves, Template
from shadow.doors.smuggled import refused_text
from shadow.errors import ToolFailed
from shadow.observation import Answered, Effect, Observation, Read, Refusal, Span

LISTINGS = 100  # how often one case may ask which tools there are


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a call is answered with.

    Attributes:
        word: "answer", or why there is none: "refused" by the contract, "failed" though allowed.
        value: JSON data; for the other two words one sentence.
        repeated: whether the same write had been held before under the same key.
        unmet: whether it failed because what the write requires does not hold, as the live system would say.
    """

    word: Literal["answer", "refused", "failed"]
    value: Any
    repeated: bool = False
    unmet: bool = False


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
        listings: how often it was asked which tools there are.
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
    listings: int = 0
    effects: list[Effect] = field(default_factory=list)
    reads: list[Read] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    overlay: Overlay = field(default_factory=Overlay)
    once: Once = field(default_factory=Once)

    def answer(self, name: str, args: dict[str, Any], key: str = "") -> Answer:
        """Judge one call, write it down, and only then answer it.

        Args:
            name, args: the call; the arguments are plain JSON.
            key: the idempotency key that came with it; a read takes no notice of it.
        """
        self.calls += 1
        return self._spanned(name, lambda notes: self._judged(name, args, key, notes))

    def refuse(self, name: str, args: dict[str, Any], why: str) -> Answer:
        """Refuse a call that cannot even be judged, as one whose arguments are no JSON."""
        self.calls += 1
        return self._spanned(name, lambda notes: self._refused(name, args, why, notes))

    def tools(self) -> Answer:
        """Which tools there are; to ask is no call of one, but one cannot ask without end."""
        self.listings += 1
        if self.listings > LISTINGS:
            return Answer(word="refused", value=f"the tools were listed {LISTINGS} times already")
        return Answer(word="answer", value=listed(self.checks.contract))

    def _spanned(self, name: str, step: Callable[[dict[str, Any]], Answer]) -> Answer:
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

    def _judged(self, name: str, args: dict[str, Any], key: str, notes: dict[str, Any]) -> Answer:
        if self.calls > self.calls_most:
            return self._refused(name, args, f"more than {self.calls_most} calls in one case", notes)
        if name == ESCALATE:
            return self._escalate(Asked(tool=ESCALATE, args=args, key=key), notes)
        tool = self.checks.tools.get(name)
        if tool is None:
            return self._refused(name, args, "the contract lists no such tool", notes)
        wrong = misfit(self.checks, name, args) or self._stop(tool, args)
        if wrong:
            return self._refused(name, args, wrong, notes)
        binding = self.bindings[name]
        if isinstance(binding, Template):
            return self._write(tool, Asked(tool=name, args=args, key=key, names=tool.idempotent_by), binding, notes)
        return self._read(tool, args, binding, notes)

    def _stop(self, tool: Tool, args: dict[str, Any]) -> str:
        if tool.effect == "read":
            return ""
        stop = stopped(self.checks, "input", self.case.input) or stopped(self.checks, tool.name, args)
        return f"stop: {stop.name}" if stop else ""

    def _refused(self, name: str, args: Mapping[str, Any], why: str, notes: dict[str, Any]) -> Answer:
        self.refusals.append(Refusal(tool=one_line(name, 100), args=args, why=why))
        notes["error.type"] = "ToolRefused"
        notes["shadow.refused"] = why
        return Answer(word="refused", value=why)

    def _escalate(self, asked: Asked, notes: dict[str, Any]) -> Answer:
        wrong = "" if isinstance(asked.args.get("reason"), str) else "args.reason is no text"
        wrong = wrong or unfit(asked.args, "args") or refused_text(asked.args, "args")
        if wrong:
            return self._refused(ESCALATE, asked.args, wrong, notes)
        return self._again(asked, notes) or self._hold(asked, self._next_id(), None, None, notes)

    def _write(self, tool: Tool, asked: Asked, binding: Template, notes: dict[str, Any]) -> Answer:
        early = self._again(asked, notes) or self._unmet(asked, binding, notes)
        if early is not None:
            return early
        held = self._next_id()
        value, changes = binding.fill(asked.args, held)
        laid = self.overlay.lay(tool, asked.args, changes, self.checks.keys.get(tool.entity, ()))
        return self._hold(asked, held, value, how_true(binding, laid=laid), notes)

    def _again(self, asked: Asked, notes: dict[str, Any]) -> Answer | None:
        """The first one's answer, where the same call was held under the same key; a refusal, where another was."""
        first, wrong = self.once.find(asked)
        if wrong:
            return self._refused(asked.tool, asked.args, wrong, notes)
        if first is None:
            return None
        effect = self.effects[first.number]
        self.effects[first.number] = replace(effect, repeated=effect.repeated + 1)
        notes["shadow.repeats"] = effect.held
        return Answer(word="answer", value=first.value, repeated=True)

    def _next_id(self) -> str:
        return f"{self.experiment[:8]}-{self.case.id}-{len(self.effects) + 1}"

    def _hold(self, asked: Asked, held: str, value: Any, answered: Answered | None, notes: dict[str, Any]) -> Answer:
        self.once.note(asked, len(self.effects), value)
        self.effects.append(
            Effect(
                tool=asked.tool, args=asked.args, at=self.case.began_at, held=held, answered=answered, key=asked.said
            )
        )  # fmt: skip
        notes["shadow.held"] = held
        return Answer(word="answer", value=value)

    def _unmet(self, asked: Asked, binding: Template, notes: dict[str, Any]) -> Answer | None:
        """What the write fails with where something that it requires does not hold, or cannot be asked."""
        for one in binding.requires:
            args = one.filled(asked.args)
            wrong = misfit(self.checks, one.read, args)
            if wrong:
                return self._failed(ToolFailed(f"the check by {one.read}: {wrong}"), notes, whose="binding")
            answer = self._asked_for(asked.tool, one, args)
            if answer.word != "answer":
                return self._failed(ToolFailed(f"the check by {one.read}: {answer.value}"), notes, whose="binding")
            if not holds(one.when, answer.value):
                self._failed(ToolFailed(one.otherwise), notes, whose="world")
                notes.update({"shadow.required": one.read, "shadow.asked": dict(asked.args)})
                return Answer(word="failed", value=one.otherwise, unmet=True)
        return None

    def _asked_for(self, write: str, one: Requires, args: dict[str, Any]) -> Answer:
        """A read of the door's own, on behalf of a write: written down like any, but no call of the candidate's."""
        tool, binding = self.checks.tools[one.read], self.bindings[one.read]
        if not isinstance(binding, Serves):
            return Answer(word="failed", value="it is no read")
        return self._spanned(one.read, lambda notes: self._read(tool, args, binding, notes, by=write))

    def _read(
        self, tool: Tool, args: dict[str, Any], binding: Serves, notes: dict[str, Any], *, by: str = ""
    ) -> Answer:
        moment = AsOf(case_id=self.case.id, as_of=self.case.began_at)
        try:
            world = plain(binding.answer(copy.deepcopy(args), moment), "answer")
        except ToolFailed as error:
            return self._failed(error, notes, whose="binding" if by else "call")
        except Exception as error:  # the one place where a binding, which a user wrote, may raise
            return self._failed(error, notes, whose="binding")
        seen = self.overlay.over(tool, args, world, binding, self.checks.keys.get(tool.entity, ()))
        size = len(dumps(seen.value).encode())
        if size > self.bytes_most:
            too_long = ToolFailed(f"the answer is {size} bytes long", allowed=f"{self.bytes_most} bytes")
            return self._failed(too_long, notes, whose="binding")
        self._note_read(Read(tool=tool.name, args=args, kind=binding.kind, at=self.clock(), by=by), seen, notes)
        return Answer(word="answer", value=seen.value)

    def _note_read(self, read: Read, seen: Seen, notes: dict[str, Any]) -> None:
        self.reads.append(replace(read, own=seen.own, partial=seen.partial))
        notes.update({"shadow.answer_kind": str(read.kind), "shadow.own": seen.own, "shadow.partial": seen.partial})
        if read.by:
            notes["shadow.by"] = read.by

    def _failed(self, error: Exception, notes: dict[str, Any], *, whose: str) -> Answer:
        why = one_line(str(error) if isinstance(error, ToolFailed) else f"{type(error).__name__}: {error}")
        notes.update({"error.type": type(error).__name__, "shadow.failed": why, "shadow.whose": whose})
        return Answer(word="failed", value=why)


def how_true(binding: Template, *, laid: bool) -> Answered:
    """The strongest that holds of a held write's answer, once what it requires was found to hold."""
    if binding.requires:
        return Answered.CHECKED
    if laid:
        return Answered.OVERLAY
    return Answered.ECHO if binding.echoes else Answered.TEMPLATE


def unanswered(observation: Observation) -> tuple[str, ...]:
    """Tools that could not answer through no fault of the call: a database away, a callable that raised.

    What a candidate did after such a failure says nothing about it; the tools' names, each once, in order.
    """
    failed = [s.attributes for s in observation.spans if s.attributes.get("shadow.whose") == "binding"]
    return tuple(dict.fromkeys(str(notes["gen_ai.tool.name"]) for notes in failed))
