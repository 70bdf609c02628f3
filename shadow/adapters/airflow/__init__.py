"""Airflow as the harness's clock, form, page and retry loop; truth and leases stay in our own store.

    from shadow.adapters.airflow import shadow_dag

The names below are loaded when they are first used: who only wants `running` does not import Airflow.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shadow.adapters.airflow.approval import approval_dag
    from shadow.adapters.airflow.driver import running
    from shadow.adapters.airflow.factory import Options, shadow_dag
    from shadow.adapters.airflow.home import prepare
    from shadow.adapters.airflow.runs import Ran, run_window

_HOME_OF = {
    "Options": "factory",
    "Ran": "runs",
    "approval_dag": "approval",
    "prepare": "home",
    "run_window": "runs",
    "running": "driver",
    "shadow_dag": "factory",
}

__all__ = ["Options", "Ran", "approval_dag", "prepare", "run_window", "running", "shadow_dag"]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)
