"""A server that speaks OpenAI's protocol on this machine: chat completions, whole and as a stream, and responses.

What it says is decided by a function of the conversation, so that every run of an agent can be told in advance. It
counts what it was asked and what that would have cost.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.doors.network.upstream import Upstream, running

KEY = "the real key"  # that only the door knows
PRICES = {"desk-1": ("1", "4")}  # dollars for a million tokens in and out


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the model says: text, or calls of functions."""

    text: str = ""
    calls: tuple[tuple[str, Mapping[str, Any] | str], ...] = ()


Decide = Callable[[list[dict[str, Any]]], Said]  # the conversation so far


@dataclass(slots=True, kw_only=True)
class Provider:
    """A running provider.

    Attributes:
        url: its base address.
        asked: the body of each request, in order; `keys`: the credential of each.
        tokens_in, tokens_out: what all answers have used.
    """

    decide: Decide
    upstream: Upstream
    asked: list[dict[str, Any]] = field(default_factory=list)
    tokens_in: int = 0
    tokens_out: int = 0

    @property
    def url(self) -> str:
        return f"{self.upstream.url}/v1"

    @property
    def keys(self) -> set[str]:
        return {one["headers"].get("authorization", "") for one in self.upstream.asked}

    def answer(self, handler: Any) -> None:
        """Answer one request for a chat completion."""
        body = json.loads(self.upstream.asked[-1]["body"])
        said, used = self._decided(body, body["messages"])
        usage = {"prompt_tokens": used[0], "completion_tokens": used[1], "total_tokens": sum(used)}
        if body.get("stream"):
            self.upstream.go_on.set()
            wants_usage = (body.get("stream_options") or {}).get("include_usage")
            handler.stream(*_chunks(body["model"], said, usage if wants_usage else None))
        else:
            handler.say(200, json.dumps(_completion(body["model"], said, usage)).encode())

    def respond(self, handler: Any) -> None:
        """Answer one request for a response."""
        body = json.loads(self.upstream.asked[-1]["body"])
        said, used = self._decided(body, _messages(body["input"]))
        handler.say(200, json.dumps(_response(body["model"], said, used)).encode())

    def _decided(self, body: dict[str, Any], messages: list[dict[str, Any]]) -> tuple[Said, tuple[int, int]]:
        """What is said, and the tokens in and out that it is counted with."""
        said = self.decide(messages)
        used = (len(json.dumps(messages)) // 4, 5 + len(said.text) // 4)
        self.asked.append(body)
        self.tokens_in += used[0]
        self.tokens_out += used[1]
        return said, used


@contextmanager
def provider(decide: Decide, *, secure: Path | None = None) -> Iterator[Provider]:
    """A provider on 127.0.0.1; over TLS, with an authority of its own, where a folder is given."""
    with running(secure=secure) as upstream:
        one = Provider(decide=decide, upstream=upstream)
        upstream.answers["POST", "/v1/chat/completions"] = one.answer
        upstream.answers["POST", "/v1/responses"] = one.respond
        yield one


def desk(messages: list[dict[str, Any]]) -> Said:
    """A model that decides refund claims: it looks at the order, pays back what is paid, and writes to the customer."""
    claim = json.loads(_text(next(one for one in messages if one["role"] == "user")))
    results = [json.loads(_text(one)) for one in messages if one["role"] == "tool"]
    if not results:
        return Said(calls=(("orders_get", {"order_id": claim["order_id"]}),))
    if results[0].get("status") != "paid":
        return Said(text=json.dumps({"decision": "refuse", "amount": "0.00"}))
    if len(results) == 1:
        refund = {"order_id": claim["order_id"], "amount": results[0]["total"], "currency": "EUR"}
        mail = {"to": claim["customer"], "template": "refunded"}
        return Said(calls=(("refund_issue", refund), ("email_send", mail)))
    if "error" in results[1]:
        return Said(text=json.dumps({"decision": "escalate", "amount": "0.00"}))
    return Said(text=json.dumps({"decision": "approve", "amount": results[0]["total"]}))


def moody(seed: int) -> Decide:
    """The same model with a temperature: it refuses every third paid order or so, each time it is asked anew."""
    mood = random.Random(seed)

    def decide(messages: list[dict[str, Any]]) -> Said:
        said = desk(messages)
        if said.calls and said.calls[0][0] == "refund_issue" and mood.random() < 1 / 3:
            return Said(text=json.dumps({"decision": "refuse", "amount": "0.00"}))
        return said

    return decide


def _text(message: Mapping[str, Any]) -> str:
    content = message["content"]
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def _calls(said: Said) -> list[dict[str, Any]]:
    return [
        {"id": f"call_{number}_{name}", "type": "function", "function": {"name": name, "arguments": _arguments(given)}}
        for number, (name, given) in enumerate(said.calls)
    ]


def _arguments(given: Mapping[str, Any] | str) -> str:
    return given if isinstance(given, str) else json.dumps(given)


def _completion(model: str, said: Said, usage: dict[str, int]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": said.text or None, "refusal": None, "annotations": []}
    if said.calls:
        message["tool_calls"] = _calls(said)
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if said.calls else "stop", "logprobs": None}
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model, "choices": [choice],
        "usage": usage, "service_tier": "default", "system_fingerprint": "fp_1",
    }  # fmt: skip


def _messages(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The items of a conversation, as messages of the other protocol."""
    results = {"function_call": None, "function_call_output": "tool"}
    found = []
    for item in items:
        role = item.get("role") or results[item["type"]]
        if role:
            found.append({"role": role, "content": item["output"] if role == "tool" else item["content"]})
    return found


def _response(model: str, said: Said, used: tuple[int, int]) -> dict[str, Any]:
    output: list[dict[str, Any]] = [
        {
            "type": "function_call",
            "id": f"fc_{one['id']}",
            "call_id": one["id"],
            "status": "completed",
            **one["function"],
        }
        for one in _calls(said)
    ]
    if said.text:
        text = {"type": "output_text", "text": said.text, "annotations": [], "logprobs": []}
        output.append({"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [text]})
    usage = {
        "input_tokens": used[0], "output_tokens": used[1], "total_tokens": sum(used),
        "input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0},
    }  # fmt: skip
    return {
        "id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "model": model, "output": output,
        "usage": usage, "error": None, "incomplete_details": None, "instructions": None, "metadata": {}, "tools": [],
        "parallel_tool_calls": True, "tool_choice": "auto", "temperature": 1, "top_p": 1,
    }  # fmt: skip


def _chunks(model: str, said: Said, usage: dict[str, int] | None) -> Iterator[bytes]:
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": "" if said.text else None}]
    deltas += [{"content": word} for word in _pieces(said.text)]
    for index, call in enumerate(_calls(said)):
        function = {"name": call["function"]["name"], "arguments": ""}
        deltas.append({"tool_calls": [{**call, "index": index, "function": function}]})
        for piece in _pieces(call["function"]["arguments"]):
            deltas.append({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model}
    for delta in deltas:
        yield _event({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
    reason = "tool_calls" if said.calls else "stop"
    yield _event({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
    if usage is not None:
        yield _event({**head, "choices": [], "usage": usage})
    yield b"data: [DONE]\n\n"


def _pieces(text: str) -> list[str]:
    return [text[start : start + 7] for start in range(0, len(text), 7)]


def _event(data: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(data)}\n\n".encode()
