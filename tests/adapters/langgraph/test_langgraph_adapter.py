"""LangGraph: the contract's tools in a ToolNode; nothing that a model gives is lost, and a refusal is an answer."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode

from shadow.adapters.langgraph import langchain_tools
from shadow.adapters.openai import openai_tools
from shadow.candidates.tools import Tools
from shadow.contract.parts import read
from tests.agents import desk
from tests.agents.line import opened

REFUND = {"order_id": "o1", "amount": "20.00", "currency": "EUR"}
WAYS = ["invoke", "ainvoke"]


def answers(tools: Tools, way: str, *calls: tuple[str, dict[str, Any]]) -> list[ToolMessage]:
    """What a graph of one ToolNode says to one message with these calls."""
    graph = StateGraph(MessagesState)
    graph.add_node("tools", ToolNode(langchain_tools(tools)))
    graph.add_edge(START, "tools")
    made = [{"name": name, "args": args, "id": f"call_{number}"} for number, (name, args) in enumerate(calls)]
    state = {"messages": [AIMessage(content="", tool_calls=made)]}
    ready = graph.compile()
    ended = ready.invoke(state) if way == "invoke" else asyncio.run(ready.ainvoke(state))
    return [one for one in ended["messages"] if isinstance(one, ToolMessage)]


def test_what_the_model_is_offered() -> None:
    """`bind_tools` gives the model the same functions as the OpenAI adapter does."""
    tools, _ = opened()
    assert [convert_to_openai_tool(one) for one in langchain_tools(tools)] == openai_tools(tools)


@pytest.mark.parametrize("way", WAYS)
def test_calls_of_one_message(way: str) -> None:
    """A read is answered and writes are held, also where the node makes them in threads of its own."""
    tools, door = opened()
    mail = {"to": "ann@example.com", "template": "refunded"}
    said = answers(tools, way, ("orders_get", {"order_id": "o1"}), ("refund_issue", REFUND), ("email_send", mail))
    assert [one.status for one in said] == ["success"] * 3
    assert json.loads(str(said[0].content))["order_id"] == "o1"
    assert sorted((one.tool, dict(one.args)) for one in door.effects) == [
        ("email.send", mail),
        ("refund.issue", REFUND),
    ]


@pytest.mark.parametrize("way", WAYS)
def test_a_refusal_is_an_answer(way: str) -> None:
    """Rule: what the contract refuses goes back to the model with the status "error"; the graph goes on."""
    tools, door = opened()
    (said,) = answers(tools, way, ("refund_issue", {**REFUND, "amount": "900.00"}))
    assert said.status == "error" and "three figures" in str(said.content)
    assert [one.why for one in door.refusals] == ["stop: three figures"] and door.effects == []


@pytest.mark.parametrize("name", ["config", "run_manager", "callbacks", "self", "given", "tool_input", "name"])
def test_every_argument_arrives(name: str) -> None:
    """Rule: `_to_args_and_kwargs` gives the arguments as one object; by name, LangChain's own would replace some."""
    tools, door = opened(replace(desk.CONTRACT, tools=(read("orders.get"),)))
    answers(tools, "invoke", ("orders_get", {"order_id": "o1", name: "the model's"}))
    assert [dict(one.args) for one in door.reads] == [{"order_id": "o1", name: "the model's"}]


def test_an_argument_too_many_is_refused_by_the_door() -> None:
    """LangChain drops nothing before the contract has seen it."""
    tools, door = opened()
    (said,) = answers(tools, "invoke", ("orders_get", {"order_id": "o1", "config": "x"}))
    assert said.status == "error" and len(door.refusals) == 1 and not door.reads


def test_a_call_without_arguments() -> None:
    """An empty object is an object."""
    tools, door = opened(replace(desk.CONTRACT, tools=(read("orders.get"),)))
    answers(tools, "invoke", ("orders_get", {}))
    assert door.calls == 1 and not door.refusals
