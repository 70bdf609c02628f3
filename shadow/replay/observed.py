"""What a case's flight came to, as its observation."""

from __future__ import annotations

import signal
from typing import Any

from shadow.candidates import Candidate
from shadow.doors.plain import safe_text
from shadow.observation import Ending, Observation, Span
from shadow.replay.denied import refusals, violations
from shadow.replay.flight import TAIL_BYTES, Final, Flight


def observed(flight: Flight, candidate: Candidate) -> Observation:
    """What the candidate did with a case that has ended."""
    final = flight.final or Final(ending=Ending.ERROR, error=_died(flight.status))
    door = flight.door
    finished = final.ending is Ending.FINISHED
    return Observation(
        ending=final.ending,
        value=final.value,
        error=final.error,
        detail="" if finished else _detail(final.detail, flight.tail),
        effects=tuple(door.effects),
        reads=tuple(door.reads),
        refusals=(*door.refusals, *refusals(flight.denied), *violations(flight.passages)),
        spans=_spans(flight),
        duration_s=_duration(flight),
        **_used(flight, candidate),
    )


def _spans(flight: Flight) -> tuple[Span, ...]:
    if not flight.passages:
        return tuple(flight.door.spans)
    from shadow.doors.network.observed import spans_of

    began = flight.door.began
    return tuple(sorted((*flight.door.spans, *spans_of(flight.passages, began)), key=lambda span: span.start_s))


def _used(flight: Flight, candidate: Candidate) -> dict[str, Any]:
    """Tokens and cost: what the door has metered, where it has; else what the candidate reports."""
    cost = candidate.usd_per_call * flight.door.calls
    metered = [one for one in flight.passages if one.usage is not None]
    if not metered:
        return {"tokens": flight.tokens, "cost_usd": float(cost)}
    from shadow.doors.network.observed import used_by

    used = used_by(metered)
    return {"tokens": used.tokens, "cost_usd": None if used.cost_usd is None else float(cost + used.cost_usd)}


def _duration(flight: Flight) -> float | None:
    if flight.began is None or flight.gone is None:
        return None
    # what a model had answered an earlier try took its time then: it is not faster for being read back
    again = sum(one.duration_s for one in flight.passages if one.decision == "recorded")
    return max(0.0, flight.gone - flight.began) + again


def _died(status: int | None) -> str:
    if status is None:
        return "its process ended before it answered"
    if status < 0:
        name = next((known.name for known in signal.Signals if known == -status), f"signal {-status}")
        return f"its process was killed by {name} before it answered"
    return f"its process exited with status {status} before it answered"


def _detail(detail: str, tail: bytearray) -> str:
    printed = safe_text(bytes(tail).decode("utf-8", "replace"), TAIL_BYTES)
    return "\n".join(part for part in (safe_text(detail, 2 * TAIL_BYTES), printed and f"printed:\n{printed}") if part)
