"""The steps of a run, in order; each is idempotent by itself and takes the store, the setup and ids.

    preflight → begin → collect → (validate) → plan → replay* → plan_compare → compare* → assess → report

They are the one room that knows all others; Airflow's tasks and the command line only call them. Each is loaded
when it is first used, so that a task pays only for its own.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "shadow.steps.beginning": ("begin", "preflight"),
    "shadow.steps.collecting": ("collect",),
    "shadow.steps.planning": ("plan",),
    "shadow.steps.replaying": ("replay",),
    "shadow.steps.comparing": ("compare", "plan_compare"),
    "shadow.steps.assessing": ("assess", "assess_at"),
    "shadow.steps.reporting": ("build_report", "report"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME_OF[name]), name)
