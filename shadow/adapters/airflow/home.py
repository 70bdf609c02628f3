"""An Airflow home of our own for runs without a server: a folder, a migrated SQLite database, quiet logs.

Airflow reads its settings when it is first imported, so `prepare` comes before every other call.
"""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from shadow.errors import UsageError


def environment(home: Path, dags: Path, *, plugins: Path | None = None) -> dict[str, str]:
    """The variables under which Airflow lives in `home` and finds the DAG files of `dags`.

    Tasks' logs go to files under `home`; SQLite waits up to 60 s for another writer.

    Args:
        plugins: the folder with plugin files; one under `home`, with none in it, where it is not given.
    """
    home, dags = home.resolve(), dags.resolve()
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(plugins.resolve() if plugins else home / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}?timeout=60",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }


def adopt(variables: Mapping[str, str]) -> None:
    """Take these variables and drop every other setting of Airflow's own; connections are kept.

    Raises:
        UsageError: Airflow was imported before, and lives in another home.
    """
    if "airflow" in sys.modules and os.environ.get("AIRFLOW_HOME") != variables["AIRFLOW_HOME"]:
        raise UsageError(
            "Airflow was imported before its home was chosen",
            where="AIRFLOW_HOME",
            seen=os.environ.get("AIRFLOW_HOME", "unset"),
            allowed=variables["AIRFLOW_HOME"],
            todo="call prepare() before the first import of airflow, or start a new process",
        )
    for name in [name for name in os.environ if name.startswith("AIRFLOW__")]:
        del os.environ[name]
    os.environ.update(variables)


def prepare(home: Path, dags: Path) -> Path:
    """Make `home` ready to run DAGs of the folder `dags` in this process, and give it back.

    Its database is made or migrated once for each version of Airflow; two processes that come at
    once wait for each other.
    """
    home = home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    adopt(environment(home, dags))
    ready = home / f"ready-{version('apache-airflow')}"
    with alone(home / "prepare.lock"):
        if not (ready.exists() and (home / "airflow.db").exists()):
            _migrate()
            ready.touch()
    return home


def _migrate() -> None:
    from airflow.utils.db import initdb

    initdb()


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the lock of this file; who comes meanwhile, from whichever process, waits."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":  # a process of its own for who must not import Airflow: HOME DAGS
    prepare(Path(sys.argv[1]), Path(sys.argv[2]))
