"""Decides a refund claim with a LangGraph graph: a model and a ToolNode, until the model asks for nothing more."""

from __future__ import annotations

import json
from typing import Any

from langchain_openai import ChatOpenAI
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition

from shadow.adapters.langgraph import langchain_tools
from shadow.candidates.tools import Tools

POLICY = "You decide refund claims. Look at the order first. Answer with JSON: decision, amount."
MODEL = ChatOpenAI(model="desk-1")


def build(tools: Tools) -> Any:
    """The graph."""
    model = MODEL.bind_tools(langchain_tools(tools))
    graph = StateGraph(MessagesState)
    graph.add_node("model", lambda state: {"messages": [model.invoke(state["messages"])]})
    graph.add_node("tools", ToolNode(langchain_tools(tools)))
    graph.add_edge(START, "model")
    graph.add_conditional_edges("model", tools_condition)
    graph.add_edge("tools", "model")
    return graph.compile()


def handle(claim: dict[str, Any], tools: Tools) -> dict[str, Any]:
    """What is done about one claim."""
    ended = build(tools).invoke({"messages": [("system", POLICY), ("user", json.dumps(claim))]})
    return json.loads(ended["messages"][-1].content)
