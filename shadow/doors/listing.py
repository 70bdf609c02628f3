"""A contract's tools as a framework describes them to a model."""

from __future__ import annotations

from typing import Any

from shadow.contract.model import ESCALATE, Contract, Tool

_ANY = {"type": "object"}
_REASON = {
    "type": "object",
    "properties": {"reason": {"type": "string", "description": "one sentence for the people who take over"}},
    "required": ["reason"],
}


def listed(contract: Contract) -> list[dict[str, Any]]:
    """One object a tool: name, about, args (JSON Schema), effect; the last is `escalate`."""
    ours = {"name": ESCALATE, "about": "Hand the case to a person.", "args": _REASON, "effect": "write"}
    return [*(_listed(tool) for tool in contract.tools), ours]


def _listed(tool: Tool) -> dict[str, Any]:
    args = dict(tool.args) or _ANY
    return {"name": tool.name, "about": _about(tool), "args": args, "effect": tool.effect}


def _about(tool: Tool) -> str:
    """The schema's own description, else what the declaration says."""
    said = tool.args.get("description") or tool.args.get("title")
    if isinstance(said, str) and said.strip():
        return said
    what = f" of {tool.entity}" if tool.entity else ""
    return f"{'Read' if tool.effect == 'read' else 'Write'}{what}: {tool.name}"
