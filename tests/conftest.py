"""What every test may use: a fresh store, and an Airflow that costs nothing until it is asked for.

Airflow reads its settings when it is first imported, so the variables are set here, before any test module
is collected; its database is made only when a test asks for `airflow_home` or what builds on it.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from shadow.adapters.airflow.home import adopt, environment
from shadow.replay.isolation import KERNEL, best

if TYPE_CHECKING:
    from shadow.store import Store

ROOT = Path(__file__).resolve().parent.parent
HOME = Path(tempfile.mkdtemp(prefix="shadow-airflow-"))
LIVE, CLEAN = HOME / "airflow.db", HOME / "clean.db"

for name in [name for name in os.environ if name.startswith(("AIRFLOW", "SHADOW_")) and name != "SHADOW_SCREENS"]:
    del os.environ[name]  # a developer's own Airflow or store must not leak into the tests
adopt(
    environment(HOME, ROOT / "dags")
    | {
        "AIRFLOW__API_AUTH__JWT_SECRET": "for-tests-only-" + "x" * 64,
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "ann:admin,vic:viewer",
        "SHADOW_CACHE": str(HOME / "cache"),  # the battery is run once a session, and leaves nothing behind
    }
)
if best() != KERNEL:
    os.environ["SHADOW_ISOLATION"] = best()  # a machine without the floor: what needs it skips, with its reason


def pytest_unconfigure() -> None:
    """Leave nothing behind."""
    shutil.rmtree(HOME, ignore_errors=True)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty SQLite store of the test's own."""
    from shadow.store import open_store

    opened = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    yield opened
    opened.close()


@pytest.fixture
def shadow_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own, where the embedded store and the reports go."""
    monkeypatch.setenv("SHADOW_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(scope="session")
def _migrated() -> None:
    """Airflow's tables, made once a session."""
    from airflow.utils.db import initdb

    initdb()
    _copy(LIVE, CLEAN)


@pytest.fixture
def airflow_home(_migrated: None) -> Iterator[Path]:
    """Airflow with a database as if just migrated; SIGTERM works again afterwards."""
    from airflow import settings as airflow_settings

    settings: Any = airflow_settings
    settings.Session.remove()
    settings.engine.dispose()
    _copy(CLEAN, LIVE)
    before = signal.getsignal(signal.SIGTERM)
    yield HOME
    signal.signal(signal.SIGTERM, before)  # dag.test() leaves a handler behind that ignores SIGTERM


@pytest.fixture
def dagbag(airflow_home: Path) -> Any:
    """The repository's DAG files, parsed anew: Airflow writes a run's form into the DAG object."""
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(dag_folder=str(ROOT / "dags"))


@pytest.fixture
def run_dag(airflow_home: Path) -> Callable[..., Any]:
    """`run_dag(make, conf)` runs the DAG that `make()` builds, in no file of the folder; gives its DagRun."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db

    def run(make: Callable[[], Any], conf: Mapping[str, Any] | None = None, **arguments: Any) -> Any:
        dag = make()
        manager: Any = DagBundlesManager
        manager().sync_bundles_to_db()
        bag = DagBag(dag_folder=os.devnull)
        bag.bag_dag(dag)
        sync_bag_to_db(bag, "dags-folder", None)
        return dag.test(run_conf=dict(conf or {}), **{"logical_date": None, **arguments})

    return run


def _copy(source: Path, target: Path) -> None:
    """Through SQLite's backup API: right even while connections are open in WAL mode."""
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)
