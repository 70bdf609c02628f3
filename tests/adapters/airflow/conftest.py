"""Fixtures of the tests on a real Airflow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.airflow.trial import AGENT, Trial


@pytest.fixture
def trial_desk(tmp_path: Path, shadow_home: Path) -> Trial:
    """An empty workflow in a folder of its own, with a store of its own."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "trial_agent.py").write_text(AGENT)
    made = Trial(root=tmp_path)
    made.write()
    return made


@pytest.fixture
def states() -> Callable[[Any], dict[str, list[str]]]:
    """`states(run)`: each task's states, one a mapped shard."""

    def told(run: Any) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for ti in sorted(run.get_task_instances(), key=lambda ti: ti.map_index):
            found.setdefault(ti.task_id, []).append(str(ti.state))
        return found

    return told
