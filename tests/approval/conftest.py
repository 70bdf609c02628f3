"""The same stores as in tests/store: SQLite, and PostgreSQL where it can be had."""

from __future__ import annotations

from tests.store.conftest import *  # noqa: F403
