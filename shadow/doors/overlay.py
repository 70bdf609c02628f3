"""The candidate's own held effects, laid over the world that it reads.

A write's template says what it would change (`changes`); a later read of the same entity and key gets
those fields over its answer. What a template does not declare is not guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shadow.contract.model import Tool

Key = tuple[str, tuple[str, ...]]


@dataclass(slots=True, kw_only=True, eq=False)
class Overlay:
    """One case's changes: (entity, key) to the fields that its held effects have set."""

    fields: dict[Key, dict[str, Any]] = field(default_factory=dict)

    def lay(self, tool: Tool, args: Mapping[str, Any], changes: Mapping[str, Any]) -> None:
        """Remember what a held write of `tool` would have changed; later writes win."""
        key = entity_key(tool, args)
        if key is not None and changes:
            self.fields.setdefault(key, {}).update(changes)

    def over(self, tool: Tool, args: Mapping[str, Any], answer: Any) -> tuple[Any, bool]:
        """The answer with own changes over it, and whether there were any; only objects are changed."""
        key = entity_key(tool, args)
        changes = self.fields.get(key) if key is not None else None
        if not changes or not isinstance(answer, dict):
            return answer, False
        return {**answer, **changes}, True


def entity_key(tool: Tool, args: Mapping[str, Any]) -> Key | None:
    """Which instance of which entity a call is about; None where the tool or the call does not tell.

    Key values are compared as text and by position, so that a read's `id` meets a write's `order_id`.
    """
    if not tool.entity or not tool.key or any(args.get(name) is None for name in tool.key):
        return None
    return tool.entity, tuple(str(args[name]) for name in tool.key)
