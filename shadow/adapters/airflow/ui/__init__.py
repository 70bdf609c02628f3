"""Our pages inside Airflow's web server: behind its login, with its permissions, and with the checks that it lacks.

The application is made at the first request: plugins are loaded by every task and every component of Airflow, and all
but one of them never answer a browser.
"""

from __future__ import annotations

from typing import Any

PREFIX = "/shadow"


class Pages:
    """The ASGI application, made when it is first asked."""

    def __init__(self) -> None:
        self._app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if self._app is None:
            from shadow.adapters.airflow.ui.app import create
            from shadow.adapters.airflow.ui.security import Headers

            self._app = Headers(create())
        await self._app(scope, receive, send)
