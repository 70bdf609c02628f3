"""Worlds to try things on: a short one of eight days, and one of full size, made once a session."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.examples.refund_desk.worlds import Made, make


@pytest.fixture(scope="session")
def short(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Eight days at a quarter of the volume, about 750 cases; nobody writes to it."""
    return make(tmp_path_factory.mktemp("short") / "world.db", seed=7, days=8, scale=0.25)


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Four weeks at full volume; nobody writes to it."""
    return make(tmp_path_factory.mktemp("full") / "world.db", seed=11)


@pytest.fixture
def own(tmp_path: Path) -> Made:
    """Two days of the test's own, about 80 cases, to write to."""
    return make(tmp_path / "world.db", seed=3, days=2, scale=0.1)
