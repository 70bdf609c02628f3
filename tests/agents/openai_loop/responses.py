"""The same loop over the Responses API, whose conversation the agent keeps itself."""

from __future__ import annotations

import json
from typing import Any

from openai import OpenAI

from shadow.adapters.openai import response_call, response_tools
from shadow.candidates.tools import Tools

POLICY = "You decide refund claims. Look at the order first. Answer with JSON: decision, amount."
client = OpenAI()


def handle(claim: dict[str, Any], tools: Tools) -> dict[str, Any]:
    """What is done about one claim."""
    said: list[Any] = [{"role": "user", "content": json.dumps(claim)}]
    while True:
        answer = client.responses.create(model="desk-1", instructions=POLICY, input=said, tools=response_tools(tools))
        said += answer.output
        calls = [item for item in answer.output if item.type == "function_call"]
        if not calls:
            value: dict[str, Any] = json.loads(answer.output_text)
            return value
        said += [response_call(tools, call) for call in calls]
