"""What Airflow's parts are told: where they live, that they listen on this machine alone, who may log in."""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from shadow.adapters.airflow.home import environment
from shadow.adapters.airflow.server.logins import COURIER, Logins, keys
from shadow.adapters.airflow.server.processes import KEY, listener, marked
from shadow.errors import UsageError

HOST = "127.0.0.1"
MANAGER = "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager"
AT_ONCE = 4  # tasks at a time


def settings(folder: Path, *, dags: Path, plugins: Path | None, port: int, known: Logins) -> dict[str, str]:
    """Airflow's variables for a server in `folder` on `port`; no secret is among them, only where each is."""
    url = f"http://{HOST}:{port}"
    return (
        environment(folder, dags, plugins=plugins)
        | keys(folder)
        | {
            "AIRFLOW__API__HOST": HOST,
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__BASE_URL": url,
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__CORE__AUTH_MANAGER": MANAGER,
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": str(AT_ONCE),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": known.setting,
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(known.file.resolve()),
            "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "10",
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",  # a task's progress is in its log
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",  # a run is ten short tasks, one after the other
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
            "AIRFLOW__WORKERS__SOCKET_CLEANUP_TIMEOUT": "5",
            "SHADOW_AIRFLOW_URL": url,
            "SHADOW_AIRFLOW_USER": COURIER,
            "SHADOW_AIRFLOW_PASSWORD_FILE": str(known.courier_file.resolve()),
        }
    )


def inherited(folder: Path, more: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without its own Airflow, marked as the folder's, with `more` laid over it.

    Connections (`AIRFLOW_CONN_…`) and variables (`AIRFLOW_VAR_…`) stay. The programs beside this Python come first
    on the path, and no proxy is asked for this machine.
    """
    ours = {n: v for n, v in os.environ.items() if not n.startswith("AIRFLOW__") and n not in ("AIRFLOW_HOME", KEY)}
    near = ",".join(filter(None, [os.environ.get("NO_PROXY", os.environ.get("no_proxy", "")), HOST, "localhost"]))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {**ours, "PATH": path, "NO_PROXY": near, "no_proxy": near, **more, **marked(folder)}


def free_port(wanted: int) -> int:
    """The port, if nobody listens there; for 0 one that is free.

    Raises:
        UsageError: it is taken, or cannot be taken from here; says by whom where that can be seen.
    """
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what lingers from an earlier server is no listener
        try:
            one.bind((HOST, wanted))
        except (OSError, OverflowError) as error:
            taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
            raise UsageError(
                "the port is taken" if taken else "the port cannot be used",
                where=f"{HOST}:{wanted}",
                seen=(listener(wanted) or "a process that cannot be seen from here") if taken else str(error),
                todo="end that process, or choose another port with --port" if taken else "choose another with --port",
            ) from error
        return int(one.getsockname()[1])
