"""OpenAI SDK: its own objects go in, messages that it takes come out, and a refusal is a message."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import Any

import pytest
from openai.types.chat import ChatCompletionFunctionToolParam, ChatCompletionMessage, ChatCompletionToolMessageParam
from openai.types.responses import FunctionToolParam, ResponseFunctionToolCall
from openai.types.responses.response_input_param import FunctionCallOutput
from pydantic import TypeAdapter

from shadow.adapters.openai import (
    openai_call,
    openai_call_async,
    openai_tools,
    response_call,
    response_call_async,
    response_tools,
)
from tests.agents import desk
from tests.agents.line import opened

LOOK = {"name": "orders_get", "arguments": '{"order_id": "o1"}'}


def call(name: str, arguments: str) -> Any:
    """A call as the SDK gives it."""
    one = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments}}
    said = ChatCompletionMessage.model_validate({"role": "assistant", "content": None, "tool_calls": [one]})
    assert said.tool_calls
    return said.tool_calls[0]


def test_what_the_model_is_offered() -> None:
    """Each tool of the contract, in the SDK's own types."""
    tools, _ = opened()
    offered = TypeAdapter(list[ChatCompletionFunctionToolParam]).validate_python(openai_tools(tools))
    assert [one["function"]["name"] for one in offered][:3] == ["orders_get", "refund_issue", "email_send"]
    assert offered[0]["function"]["parameters"] == desk.CONTRACT.tools[0].args
    told = TypeAdapter(list[FunctionToolParam]).validate_python(response_tools(tools))
    assert [one["name"] for one in told] == [one["function"]["name"] for one in offered]


@pytest.mark.parametrize("form", ["object", "dictionary"])
def test_a_call_is_answered(form: str) -> None:
    """The SDK's object and the dictionary that a streaming agent gathers are one call."""
    tools, door = opened()
    given = call(**LOOK)
    message = openai_call(tools, given if form == "object" else given.model_dump())
    assert message == TypeAdapter(ChatCompletionToolMessageParam).validate_python(message)
    assert (message["role"], message["tool_call_id"]) == ("tool", "call_1")
    assert json.loads(str(message["content"])) == desk.ORDERS["o1"]
    assert [one.tool for one in door.reads] == ["orders.get"]


def test_a_write_is_held() -> None:
    """The model is told what the binding's template says; the effect is held with its arguments."""
    tools, door = opened()
    refund = {"order_id": "o1", "amount": "20.00", "currency": "EUR"}
    message = openai_call(tools, call("refund_issue", json.dumps(refund)))
    assert json.loads(str(message["content"]))["paid"] == "20.00"
    assert [(one.tool, dict(one.args)) for one in door.effects] == [("refund.issue", refund)]


def test_a_refusal_is_a_message() -> None:
    """Rule: what the contract refuses is told to the model, never raised in the agent; it is written down before."""
    tools, door = opened()
    refund = {"order_id": "o1", "amount": "900.00", "currency": "EUR"}
    message = openai_call(tools, call("refund_issue", json.dumps(refund)))
    assert json.loads(str(message["content"])) == {"error": {"type": "refused", "message": "stop: three figures"}}
    assert [one.why for one in door.refusals] == ["stop: three figures"] and door.effects == []


def test_a_failure_is_a_message() -> None:
    """A tool that cannot answer is told in words too."""
    tools, _ = opened()
    message = openai_call(tools, call("orders_get", '{"order_id": "o77"}'))
    assert json.loads(str(message["content"]))["error"]["type"] == "failed"


def test_a_custom_call_is_a_refusal() -> None:
    """A kind of call that was never offered does not end the agent."""
    tools, door = opened()
    message = openai_call(tools, {"id": "call_1", "type": "custom", "custom": {"name": "shell", "input": "rm"}})
    assert "refused" in str(message["content"]) and [one.tool for one in door.refusals] == ["shell"]


def test_the_responses_api() -> None:
    """An item of the type function_call is answered by one of the type function_call_output."""
    tools, door = opened()
    item = ResponseFunctionToolCall(type="function_call", call_id="call_1", **LOOK)
    output = TypeAdapter(FunctionCallOutput).validate_python(response_call(tools, item))
    assert (output["type"], output["call_id"]) == ("function_call_output", "call_1")
    assert json.loads(str(output["output"])) == desk.ORDERS["o1"]
    assert asyncio.run(response_call_async(tools, item)) == output
    assert len(door.reads) == 2


def test_the_sdk_is_the_agents_to_import() -> None:
    """The adapter gives dictionaries: an agent that has another client of the protocol does not pay for the SDK."""
    asked = "import sys, shadow.adapters.openai; sys.exit('openai' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0


def test_calls_side_by_side() -> None:
    """Several calls of one message, awaited together, are all made and each gets its own answer."""

    async def all_of_them() -> list[Any]:
        calls = [call("orders_get", json.dumps({"order_id": name})) for name in desk.ORDERS]
        return await asyncio.gather(*(openai_call_async(tools, one) for one in calls))

    tools, door = opened()
    contents = [json.loads(str(one["content"]))["order_id"] for one in asyncio.run(all_of_them())]
    assert contents == list(desk.ORDERS) and len(door.reads) == 3
