"""Desks that are made once a session and copied by whoever writes to one."""

from __future__ import annotations

from pathlib import Path

import pytest

from shadow.connections import variable
from shadow.examples.refund_desk.bindings import CONNECTION
from shadow.examples.refund_desk.fx import CALLS
from shadow.examples.refund_desk.home import prepare
from tests.whole.desk import SMALL, Place, copied


@pytest.fixture(scope="session")
def _small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three days, about 60 cases; nobody writes to it."""
    return prepare(tmp_path_factory.mktemp("small") / "desk", SMALL).root


@pytest.fixture
def place(_small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A small desk of the test's own, which this process may take through the steps; its calls are counted."""
    made = copied(_small, tmp_path)
    monkeypatch.setenv(CALLS, str(made.files.calls))
    monkeypatch.setenv(variable(CONNECTION), made.files.url())  # `trial` sets it too; this takes it back afterwards
    return made
