"""OpenAI SDK: a contract's tools for `chat.completions` and `responses`, and the answer to each call.

Example:
    answer = client.chat.completions.create(model=MODEL, messages=messages, tools=openai_tools(tools))
    messages += [openai_call(tools, call) for call in answer.choices[0].message.tool_calls or []]
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shadow.adapters.functions import Offering, carry_out, functions

if TYPE_CHECKING:  # dictionaries at run time: the SDK is the agent's to import
    from openai.types.chat import ChatCompletionFunctionToolParam, ChatCompletionToolMessageParam
    from openai.types.responses import FunctionToolParam
    from openai.types.responses.response_input_param import FunctionCallOutput

__all__ = ["openai_call", "openai_call_async", "openai_tools", "response_call", "response_call_async", "response_tools"]


def openai_tools(tools: Offering) -> list[ChatCompletionFunctionToolParam]:
    """The contract's tools, as `chat.completions` takes them; `orders.get` is called `orders_get` there.

    Raises:
        UsageError: two tools have one name in the letters that a model may use.
    """
    return [
        {"type": "function", "function": {"name": one.name, "description": one.about, "parameters": dict(one.schema)}}
        for one in functions(tools)
    ]


def openai_call(tools: Offering, call: Any) -> ChatCompletionToolMessageParam:
    """The message that answers a call; a refusal is a message too, which the model can read.

    Args:
        call: one of a message's `tool_calls`, as the SDK gives it or as a dictionary with the same fields.
    """
    said = _fields(call)
    asked = said.get("function") or {"name": said["custom"]["name"], "arguments": said["custom"]["input"]}
    _, text = carry_out(tools, asked["name"], asked["arguments"])
    return {"role": "tool", "tool_call_id": said["id"], "content": text}


async def openai_call_async(tools: Offering, call: Any) -> ChatCompletionToolMessageParam:
    """`openai_call` that lets other tasks of the agent go on meanwhile."""
    return await asyncio.to_thread(openai_call, tools, call)


def response_tools(tools: Offering) -> list[FunctionToolParam]:
    """The contract's tools, as `responses` takes them.

    Raises:
        UsageError: two tools have one name in the letters that a model may use.
    """
    return [
        {"type": "function", "name": one.name, "description": one.about, "parameters": dict(one.schema), "strict": None}
        for one in functions(tools)
    ]


def response_call(tools: Offering, call: Any) -> FunctionCallOutput:
    """The item that answers an item of the type `function_call`; a refusal is an item too.

    Args:
        call: the item, as the SDK gives it or as a dictionary with the same fields.
    """
    said = _fields(call)
    _, text = carry_out(tools, said["name"], said["arguments"])
    return {"type": "function_call_output", "call_id": said["call_id"], "output": text}


async def response_call_async(tools: Offering, call: Any) -> FunctionCallOutput:
    """`response_call` that lets other tasks of the agent go on meanwhile."""
    return await asyncio.to_thread(response_call, tools, call)


def _fields(call: Any) -> Mapping[str, Any]:
    return call if isinstance(call, Mapping) else call.model_dump()
