"""An Airflow home of our own: chosen before Airflow is imported, or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shadow.adapters.airflow.home import adopt, environment
from shadow.errors import UsageError


def test_paths_are_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow refuses a relative SQLite path, and a task may run elsewhere."""
    monkeypatch.chdir(tmp_path)
    given = environment(Path("home"), Path("dags"))
    assert given["AIRFLOW__CORE__DAGS_FOLDER"] == str(tmp_path / "dags")
    assert given["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].startswith(f"sqlite:///{tmp_path / 'home'}")


def test_another_home_is_refused_once_airflow_is_there(airflow_home: Path, tmp_path: Path) -> None:
    """Airflow has read its settings by then: the new ones would be half believed."""
    with pytest.raises(UsageError, match="before its home was chosen"):
        adopt(environment(tmp_path, tmp_path))


def test_a_developers_settings_do_not_leak_in(airflow_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only our settings hold; connections, which a workflow may name, are kept."""
    before = dict(os.environ)
    monkeypatch.setenv("AIRFLOW__CORE__PARALLELISM", "1")
    monkeypatch.setenv("AIRFLOW_CONN_DESK", "sqlite:////x.db")
    try:
        adopt({"AIRFLOW_HOME": before["AIRFLOW_HOME"]})
        assert "AIRFLOW__CORE__PARALLELISM" not in os.environ and "AIRFLOW_CONN_DESK" in os.environ
    finally:
        os.environ.clear()
        os.environ.update(before)
