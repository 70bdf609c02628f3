"""Replay: cases taken through a candidate, contained, several at once."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shadow.replay.isolation import ISOLATION
    from shadow.replay.limits import Limits
    from shadow.replay.supervisor import Replay, replay

_HOMES = {
    "ISOLATION": "shadow.replay.isolation",
    "Limits": "shadow.replay.limits",
    "Replay": "shadow.replay.supervisor",
    "replay": "shadow.replay.supervisor",
}

__all__ = ["ISOLATION", "Limits", "Replay", "replay"]


def __getattr__(name: str) -> Any:
    # loaded on first use: a candidate's process imports this package and needs none of them
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
