"""The same loop on asyncio, with the model's words as they come and its calls carried out side by side."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from openai import AsyncOpenAI

from shadow.adapters.openai import openai_call_async, openai_tools
from shadow.candidates.tools import Tools

POLICY = "You decide refund claims. Look at the order first. Answer with JSON: decision, amount."


async def handle(claim: dict[str, Any], tools: Tools) -> dict[str, Any]:
    """What is done about one claim."""
    messages: list[Any] = [{"role": "system", "content": POLICY}, {"role": "user", "content": json.dumps(claim)}]
    async with AsyncOpenAI() as client:
        while True:
            chunks = await client.chat.completions.create(
                model="desk-1", messages=messages, tools=openai_tools(tools), stream=True,
                stream_options={"include_usage": True},
            )  # fmt: skip
            said = await _whole(chunks)
            messages.append(said)
            if not said["tool_calls"]:
                value: dict[str, Any] = json.loads(said["content"])
                return value
            messages += await asyncio.gather(*(openai_call_async(tools, call) for call in said["tool_calls"]))


async def _whole(chunks: AsyncIterator[Any]) -> dict[str, Any]:
    """The message that the chunks are parts of."""
    text, calls = "", dict[int, dict[str, Any]]()
    async for chunk in chunks:
        for delta in (choice.delta for choice in chunk.choices):
            text += delta.content or ""
            for part in delta.tool_calls or []:
                call = calls.setdefault(part.index, {"type": "function", "function": {"name": "", "arguments": ""}})
                call["id"] = part.id or call["id"]
                call["function"]["name"] += part.function.name or ""
                call["function"]["arguments"] += part.function.arguments or ""
    return {"role": "assistant", "content": text, "tool_calls": list(calls.values())}
