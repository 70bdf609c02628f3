"""What a model's answer has used, as the answer itself says; nothing is estimated."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shadow.doors.listed import Model
from shadow.doors.plain import loads

_INPUT = ("prompt_tokens", "input_tokens")
_OUTPUT = ("completion_tokens", "output_tokens")
_MORE_INPUT = ("cache_creation_input_tokens", "cache_read_input_tokens")  # Anthropic counts them apart
_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one answer has used.

    Attributes:
        model: the model's id as the answer gives it; empty where it does not.
        tokens_in, tokens_out: ≥ 0; None where the answer does not say.
        cost_usd: at the listed price; None where tokens or price are not known.
    """

    model: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost_usd: Decimal | None = None


def usage_of(model: Model, asked: str, media: str, body: bytes) -> Usage:
    """The usage that an answer reports, JSON or a stream of events.

    Args:
        model: the route's, with its prices.
        asked: the model id of the request, whose price holds where the answer's own id has none.
        media: the answer's media type.
        body: the whole answer.
    """
    said = _events(body) if media == "text/event-stream" else [_object(body)]
    name, tokens_in, tokens_out = "", None, None
    for part in said:
        for data in (part, part.get("response"), part.get("message")):
            if not isinstance(data, dict):
                continue
            name = data["model"] if isinstance(data.get("model"), str) else name
            used = data.get("usage")
            if isinstance(used, dict):  # a later word is the fuller one: counts in a stream are running totals
                tokens_in = _later(_sum(used, _INPUT, _MORE_INPUT), tokens_in)
                tokens_out = _later(_sum(used, _OUTPUT, ()), tokens_out)
    if tokens_in is not None and tokens_out is None and model.call == "embeddings":
        tokens_out = 0
    price = model.prices.get(name) or model.prices.get(asked)
    cost = None
    if price and tokens_in is not None and tokens_out is not None:
        cost = (price[0] * tokens_in + price[1] * tokens_out) / _MILLION
    return Usage(model=name[:200], tokens_in=tokens_in, tokens_out=tokens_out, cost_usd=cost)


def _later(new: int | None, old: int | None) -> int | None:
    return old if new is None else max(new, old or 0)


def _sum(used: dict[str, Any], first: tuple[str, ...], more: tuple[str, ...]) -> int | None:
    found = next((used[name] for name in first if _whole(used.get(name))), None)
    if found is None:
        return None
    return int(found) + sum(int(used[name]) for name in more if _whole(used.get(name)))


def _whole(number: Any) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and number >= 0


def _object(body: bytes) -> dict[str, Any]:
    try:
        data = loads(body)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _events(body: bytes) -> list[dict[str, Any]]:
    lines = (line[5:].strip() for line in body.splitlines() if line.startswith(b"data:"))
    return [_object(line) for line in lines if b'"usage"' in line or b'"model"' in line]
