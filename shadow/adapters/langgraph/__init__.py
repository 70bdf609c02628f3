"""LangGraph and LangChain: a contract's tools for `ToolNode`, `bind_tools` and `create_agent`.

Example:
    graph.add_node("tools", ToolNode(langchain_tools(tools)))
"""

from __future__ import annotations

from typing import Any

from langchain_core.tools import BaseTool, ToolException
from pydantic import ConfigDict, SkipValidation

from shadow.adapters.functions import Offering, carry_out, functions

__all__ = ["langchain_tools"]


class _ContractTool(BaseTool):
    """One tool of the contract; a refusal is an answer with the status "error", which the model can read."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    offering: SkipValidation[Any]
    handle_tool_error: bool = True

    def _to_args_and_kwargs(self, tool_input: str | dict[str, Any], tool_call_id: str | None) -> tuple[Any, Any]:
        return (tool_input,), {}  # not by name: LangChain would put its own over an argument called `config`

    def _run(self, given: str | dict[str, Any]) -> str:
        answered, text = carry_out(self.offering, self.name, given)
        if not answered:
            raise ToolException(text)
        return text


def langchain_tools(tools: Offering) -> list[BaseTool]:
    """The contract's tools; `orders.get` is called `orders_get` there. They may be called from several threads.

    Raises:
        UsageError: two tools have one name in the letters that a model may use.
    """
    return [
        _ContractTool(name=one.name, description=one.about, args_schema=dict(one.schema), offering=tools)
        for one in functions(tools)
    ]
