"""Decides a refund claim with a LangGraph graph: a model and a ToolNode, until the model asks for nothing more."""

from __future__ import annotations

import json
from typing import Any

import shop
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition

POLICY = "You decide refund claims. Look at the order first. Answer with JSON: decision, amount."
MODEL = ChatOpenAI(model="desk-1")
TOOLS = [tool(name)(function) for name, function in shop.FUNCTIONS.items()]


def build() -> Any:
    """The graph."""
    model = MODEL.bind_tools(TOOLS)
    graph = StateGraph(MessagesState)
    graph.add_node("model", lambda state: {"messages": [model.invoke(state["messages"])]})
    graph.add_node("tools", ToolNode(TOOLS))
    graph.add_edge(START, "model")
    graph.add_conditional_edges("model", tools_condition)
    graph.add_edge("tools", "model")
    return graph.compile()


def handle(claim: dict[str, Any]) -> dict[str, Any]:
    """What is done about one claim."""
    ended = build().invoke({"messages": [("system", POLICY), ("user", json.dumps(claim))]})
    return json.loads(ended["messages"][-1].content)
