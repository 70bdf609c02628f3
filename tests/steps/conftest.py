"""A desk of the test's own, and stores to take it through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shadow.store import Store, open_store
from tests.steps.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """An empty desk."""
    return Desk(folder=tmp_path)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Makes stores that know nothing yet, with the key of the first: to compute again from nothing."""
    made: list[Store] = []

    def make() -> Store:
        made.append(open_store(f"sqlite:///{tmp_path / f'fresh{len(made)}.db'}"))
        return made[-1]

    yield make
    for store in made:
        store.close()
