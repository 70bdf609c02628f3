"""A whole Airflow of a home's own on this machine: scheduler, DAG processor and API server on 127.0.0.1.

    from shadow.adapters.airflow.server import serving

`shadow up` and `shadow down` start and end one; `serving` is one for as long as a `with` block runs. Airflow itself
is imported by the processes that are started, never here.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shadow.adapters.airflow.server.client import Answer, Server, Session
    from shadow.adapters.airflow.server.control import More, down, serving, up

_HOME_OF = {
    "Answer": "client",
    "More": "control",
    "Server": "client",
    "Session": "client",
    "down": "control",
    "serving": "control",
    "up": "control",
}

__all__ = ["Answer", "More", "Server", "Session", "down", "serving", "up"]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)
