"""Stages, and the route that production asks for: who gets a real key, and how everything goes back to the control.

The names below are loaded when they are first used: a production process that imports this room and asks for routes
loads no database until its refresher does, in a thread of its own.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shadow.rollout.promoting import promote
    from shadow.rollout.refreshing import refresh
    from shadow.rollout.returning import roll_back
    from shadow.rollout.routing import explain, route

_HOME_OF = {
    "explain": "shadow.rollout.routing",
    "promote": "shadow.rollout.promoting",
    "refresh": "shadow.rollout.refreshing",
    "roll_back": "shadow.rollout.returning",
    "route": "shadow.rollout.routing",
}

__all__ = ["explain", "promote", "refresh", "roll_back", "route"]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'shadow.rollout' has no attribute {name!r}")
    found = getattr(importlib.import_module(_HOME_OF[name]), name)
    globals()[name] = found  # `route` is asked for at every decision: the second time costs nothing
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
