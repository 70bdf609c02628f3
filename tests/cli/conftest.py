"""A store in which two candidates were tried on two days of a small desk; made once, copied for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from shadow.store import open_store
from tests.steps.desk import Desk, run_day


@pytest.fixture(scope="session")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with its store."""
    home = tmp_path_factory.mktemp("cli")
    desk = Desk(folder=home)
    for day in (0, 1):
        desk.case(f"a{day}", day)
        desk.case(f"big{day}", day, claim=500)
    store = open_store(f"sqlite:///{home / 'store.db'}")
    for label, limit in (("v1", 100), ("v2", 1000)):
        for day in (0, 1):
            run_day(store, desk.setup(label=label, limit=limit), day)
    store.close()
    return home


@pytest.fixture
def home(tried: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, as SHADOW_HOME."""
    for name in ("store.db", "redaction.key"):
        shutil.copy(tried / name, tmp_path / name)
    monkeypatch.setenv("SHADOW_HOME", str(tmp_path))
    return tmp_path
