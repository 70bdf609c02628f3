"""For tests on both databases: the fixtures of the store's own tests, under a name of their own."""

from __future__ import annotations

from tests.store.conftest import postgres, postgres_ready
from tests.store.conftest import store as both

__all__ = ["both", "postgres", "postgres_ready"]
