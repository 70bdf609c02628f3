"""The same stores as in tests/store; each test has a home of its own, and leaves no thread behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shadow.rollout import routing
from tests.store.conftest import *  # noqa: F403


@pytest.fixture(autouse=True)
def _no_thread_stays() -> Iterator[None]:
    """The process's router is forgotten, its thread ended."""
    yield
    held, routing._mine = routing._mine, None
    if held is not None:
        routing.close(held[1])
        if held[1].thread is not None:
            held[1].thread.join(30)
