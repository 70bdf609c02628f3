"""Decides a refund claim with a model and three functions: the loop that OpenAI's guide shows."""

from __future__ import annotations

import json
from typing import Any

from openai import OpenAI

from shadow.adapters.openai import openai_call, openai_tools
from shadow.candidates.tools import Tools

POLICY = "You decide refund claims. Look at the order first. Answer with JSON: decision, amount."
client = OpenAI()


def handle(claim: dict[str, Any], tools: Tools) -> dict[str, Any]:
    """What is done about one claim."""
    messages: list[Any] = [{"role": "system", "content": POLICY}, {"role": "user", "content": json.dumps(claim)}]
    while True:
        answer = client.chat.completions.create(model="desk-1", messages=messages, tools=openai_tools(tools))
        said = answer.choices[0].message
        messages.append(said)
        if not said.tool_calls:
            return json.loads(said.content)
        for call in said.tool_calls:
            messages.append(openai_call(tools, call))
