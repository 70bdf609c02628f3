"""What a replay's requests add to its observation: calls of models as spans, tokens, cost, and what went unanswered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shadow.doors.listed import Kind
from shadow.doors.network.traffic import Decision, Passage
from shadow.observation import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What the calls of models of one replay have used, those read back from its record included.

    Attributes:
        tokens: in and out together; None where an answer did not say, 0 without any call.
        cost_usd: United States dollars; None where an answer's tokens or price are not known.
    """

    tokens: int | None
    cost_usd: Decimal | None


def used_by(passages: Iterable[Passage]) -> Used:
    """The tokens and the cost of one replay, from what `NetworkDoor.finish` gave."""
    known = [one.usage for one in passages if one.usage is not None]
    tokens = [
        one.tokens_in + one.tokens_out for one in known if one.tokens_in is not None and one.tokens_out is not None
    ]
    costs = [one.cost_usd for one in known if one.cost_usd is not None]
    return Used(
        tokens=sum(tokens) if len(tokens) == len(known) else None,
        cost_usd=sum(costs, Decimal(0)) if len(costs) == len(known) else None,
    )


def spans_of(passages: Iterable[Passage], began_s: float) -> tuple[Span, ...]:
    """Spans for calls of models, and for tools whose upstream did not answer; the tools door wrote the others.

    Args:
        passages: what `NetworkDoor.finish` gave.
        began_s: monotonic seconds at which the observation began.
    """
    return tuple(
        Span(
            name=_name(one), start_s=max(0.0, one.asked_s - began_s), duration_s=one.duration_s,
            attributes=_attributes(one),
        )
        for one in passages
        if one.kind == Kind.LLM or (one.tool and one.decision is Decision.FAILED and not one.told)
    )  # fmt: skip


def _name(one: Passage) -> str:
    if one.kind != Kind.LLM:
        return f"execute_tool {one.tool}"
    return f"{_operation(one)} {one.usage.model}".strip() if one.usage else _operation(one)


def _operation(one: Passage) -> str:
    return "embeddings" if one.route.endswith("/embeddings") else "chat"


def _attributes(one: Passage) -> dict[str, Any]:
    notes: dict[str, Any] = {
        "http.request.method": one.method,
        "http.response.status_code": one.status,
        "shadow.decision": str(one.decision),
    }
    if one.why:
        notes["shadow.refused" if one.decision is Decision.REFUSED else "shadow.failed"] = one.why
        notes["error.type"] = "ToolRefused" if one.decision is Decision.REFUSED else "ToolFailed"
    if one.kind != Kind.LLM:  # the world did not answer: what the candidate did then says nothing about it
        return {
            **notes, "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": one.tool, "shadow.whose": "binding",
        }  # fmt: skip
    notes["gen_ai.operation.name"] = _operation(one)
    if one.usage:
        notes["gen_ai.response.model"] = one.usage.model
        notes["gen_ai.usage.input_tokens"] = one.usage.tokens_in
        notes["gen_ai.usage.output_tokens"] = one.usage.tokens_out
    return notes
