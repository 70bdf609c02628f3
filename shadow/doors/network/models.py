"""What may be asked of a model's provider: text in, text and function calls out; nothing that reaches further.

An allow-list throughout: a field, a kind of content or a kind of tool that is not named here is refused,
for it may make the provider fetch an address, run code, store something or call a connector.

Source: OpenAI API reference, "Create chat completion", "Create a model response", "Create embeddings";
Anthropic API reference, "Create a Message".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shadow.doors.listed import Model
from shadow.errors import ToolRefused

_SHARED = ("model", "temperature", "top_p", "stream", "user", "service_tier", "tools", "tool_choice")
_OPENAI = ("store", "background", "parallel_tool_calls", "prompt_cache_key", "prompt_cache_retention", "metadata",
           "safety_identifier", "top_logprobs", "stream_options", "verbosity")  # fmt: skip
FIELDS: Mapping[str, frozenset[str]] = {
    "chat": frozenset(
        (*_SHARED, *_OPENAI, "messages", "frequency_penalty", "presence_penalty", "logit_bias", "logprobs",
         "max_tokens", "max_completion_tokens", "n", "seed", "stop", "response_format", "reasoning_effort",
         "functions", "function_call", "modalities")
    ),
    "responses": frozenset(
        (*_SHARED, *_OPENAI, "input", "instructions", "max_output_tokens", "max_tool_calls", "reasoning", "text",
         "truncation", "include")
    ),
    "embeddings": frozenset(("model", "input", "dimensions", "encoding_format", "user")),
    "messages": frozenset(
        (*_SHARED, "messages", "system", "max_tokens", "stop_sequences", "top_k", "thinking", "metadata")
    ),
}  # fmt: skip
TOOLS: Mapping[str, frozenset[str]] = {  # kinds of tools that the candidate itself carries out
    "openai": frozenset({"function", "custom"}),
    "anthropic": frozenset({"", "custom"}),
}
CONTENT: Mapping[str, frozenset[str]] = {
    "openai": frozenset(
        {"text", "input_text", "output_text", "refusal", "image_url", "input_image", "input_audio", "message",
         "function", "custom", "function_call", "function_call_output", "custom_tool_call",
         "custom_tool_call_output", "reasoning", "reasoning_text", "summary_text"}
    ),
    "anthropic": frozenset({"text", "image", "document", "tool_use", "tool_result", "thinking", "redacted_thinking"}),
}  # fmt: skip
_NEVER = frozenset({"file_id", "file_url", "file", "mcp_servers", "container", "server_url", "connector_id"})
_OPAQUE = frozenset({"arguments", "annotations", "logprobs", "cache_control"})  # what the provider itself had said
_SPOKEN = ("messages", "input", "system", "instructions")


def check_asked(model: Model, body: Mapping[str, Any]) -> None:
    """Refuse a request to a model that could reach further than its answer.

    Raises:
        ToolRefused: what is not allowed, by its place in the body.
    """
    over = sorted(set(body) - FIELDS[model.call])
    if over:
        raise ToolRefused(f"the field {over[0][:60]!r} is not allowed in a call of a model")
    asked = body.get("model")
    if not isinstance(asked, str) or (model.models and asked not in model.models):
        raise ToolRefused(f"the model {str(asked)[:60]!r} is not among those that may be asked")
    for name in ("store", "background"):
        if body.get(name):
            raise ToolRefused(f"{name} would keep something at the provider")
    _check_tools(model.speaks, body)
    for name in _SPOKEN:
        _walk(model.speaks, body.get(name), name)


def must_not_store(model: Model, body: dict[str, Any]) -> bool:
    """Whether `store` has to be said: the Responses API keeps what it is asked unless told not to."""
    return model.call == "responses" and body.get("store") is not False


def _check_tools(speaks: str, body: Mapping[str, Any]) -> None:
    tools = body.get("tools")
    for tool in tools if isinstance(tools, list) else [] if tools is None else [None]:
        kind = tool.get("type", "") if isinstance(tool, Mapping) else None
        if kind not in TOOLS[speaks]:
            raise ToolRefused(f"a tool of the kind {str(kind)[:60]!r} is carried out by the provider, or is unknown")
    choice = body.get("tool_choice")
    kind = choice.get("type") if isinstance(choice, Mapping) else "function"
    if kind not in ("function", "custom", "tool", "auto", "any", "none", "allowed_tools"):
        raise ToolRefused(f"tool_choice chooses {str(kind)[:60]!r}, which is not allowed")
    if set(body.get("modalities") or ["text"]) - {"text"}:
        raise ToolRefused("modalities other than text are not allowed")


def _walk(speaks: str, data: Any, place: str) -> None:
    """Look at each part of what is said to the model; a function's arguments and results are its own."""
    if isinstance(data, list):
        for index, part in enumerate(data):
            _walk(speaks, part, f"{place}[{index}]")
    if not isinstance(data, Mapping):
        return
    _check_part(speaks, data, place)
    kind = data.get("type")
    for name, part in data.items():
        if name in _OPAQUE or (kind == "tool_use" and name == "input") or name in ("image_url", "source"):
            continue
        _walk(speaks, part, f"{place}.{name}")


def _check_part(speaks: str, data: Mapping[str, Any], place: str) -> None:
    never = sorted(name for name in _NEVER.intersection(data) if data[name] is not None)
    if never:
        raise ToolRefused(f"{place}.{never[0]} makes the provider fetch something")
    kind = data.get("type")
    if "type" in data and kind not in CONTENT[speaks]:
        raise ToolRefused(f"{place} is content of the kind {str(kind)[:60]!r}, which is not allowed")
    if data.get("image_url") is not None:
        _inline(data["image_url"], f"{place}.image_url")
    if "source" in data:
        _check_source(speaks, data["source"], f"{place}.source")
    for name in ("url", "uri"):
        if data.get(name) is not None:
            raise ToolRefused(f"{place}.{name} makes the provider fetch something")


def _inline(image: Any, place: str) -> None:
    address = image.get("url") if isinstance(image, Mapping) else image
    if not isinstance(address, str) or not address.lower().startswith("data:"):
        raise ToolRefused(f"{place} makes the provider fetch an address; only data: is allowed")


def _check_source(speaks: str, source: Any, place: str) -> None:
    kind = source.get("type") if isinstance(source, Mapping) else None
    if kind == "content" and isinstance(source, Mapping):
        _walk(speaks, source.get("content"), f"{place}.content")
    elif kind not in ("base64", "text"):
        raise ToolRefused(f"{place} of the kind {str(kind)[:60]!r} makes the provider fetch something")
