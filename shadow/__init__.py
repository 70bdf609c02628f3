"""Shadow-mode deployment harness for AI agents: what would it do, what must it not do, is it ready?

The names below are loaded when they are first used, so that `import shadow` costs next to nothing. None of them is
the name of a module of ours: `shadow.contract` is the room, `shadow.contract.contract` the function.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "shadow.case": ("Arrival", "Case", "Settlement"),
    "shadow.observation": ("AnswerKind", "Effect", "Ending", "Observation", "Read", "Refusal", "Span"),
    "shadow.contract": (
        "Approval",
        "Contract",
        "Severity",
        "cosmetic",
        "critical",
        "effect",
        "from_json",
        "from_yaml",
        "major",
        "minor",
        "plain_words",
        "read",
        "stop",
        "to_json",
        "to_yaml",
        "write",
    ),
    "shadow.setup": ("Setup",),
    "shadow.store": ("open_store",),
    "shadow.reports.frames": ("frames",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = ["__version__", *sorted(_HOME_OF)]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'shadow' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
