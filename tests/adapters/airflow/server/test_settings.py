"""What a server's parts are told: this machine alone, a login for everybody, no secret."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from shadow.adapters.airflow.server.logins import logins
from shadow.adapters.airflow.server.processes import KEY, MARK
from shadow.adapters.airflow.server.settings import HOST, free_port, inherited, settings
from shadow.errors import UsageError


def told(folder: Path) -> dict[str, str]:
    known = logins(folder, {"admin": "admin", "vic": "viewer"})
    return settings(folder, dags=folder, plugins=None, port=4711, known=known)


def test_on_this_machine_alone(tmp_path: Path) -> None:
    """Every address and every URL is 127.0.0.1's."""
    said = told(tmp_path)
    assert said["AIRFLOW__API__HOST"] == HOST == "127.0.0.1"
    urls = [value for value in said.values() if value.startswith("http")]
    assert len(urls) == 3 and all(url.startswith("http://127.0.0.1:4711") for url in urls)


def test_nobody_is_let_in_without_a_password(tmp_path: Path) -> None:
    """With all-admins a call without a token would be an administrator's."""
    said = told(tmp_path)
    assert said["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS"] == "False"
    assert said["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"] == "admin:admin,shadow-courier:user,vic:viewer"
    assert said["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"] == str(tmp_path / "passwords.json")


def test_no_secret_is_in_the_environment(tmp_path: Path) -> None:
    """Every task and every child of one inherits it: it says where keys and passwords are, not what they are."""
    values = " ".join(told(tmp_path).values())
    secrets = [file.read_text().strip() for file in tmp_path.glob("*.key")]
    assert len(secrets) == 3
    assert not [one for one in (*secrets, *logins(tmp_path).passwords.values()) if one in values]


def test_what_is_inherited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections stay, somebody's own Airflow does not, and no proxy stands between the parts."""
    monkeypatch.setenv("AIRFLOW_CONN_DESK", "sqlite:////desk.db")
    monkeypatch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS", "True")
    monkeypatch.setenv("NO_PROXY", "example.org")
    monkeypatch.setenv(KEY, "another server's")
    found = inherited(tmp_path, {"SHADOW_HOME": "here"})
    assert found["AIRFLOW_CONN_DESK"] == "sqlite:////desk.db" and found["SHADOW_HOME"] == "here"
    assert not [name for name in found if name.startswith("AIRFLOW__")] and KEY not in found
    assert found["no_proxy"] == found["NO_PROXY"] == "example.org,127.0.0.1,localhost"
    assert found["PATH"].split(os.pathsep)[0] == str(Path(sys.executable).parent)
    assert found[MARK] == str(tmp_path)


def test_a_taken_port_names_who_has_it() -> None:
    """Who listens there, and what to do."""
    with socket.create_server((HOST, 0)) as one:
        port = one.getsockname()[1]
        with pytest.raises(UsageError, match=rf"taken.*\(process {os.getpid()}\).*--port"):
            free_port(port)
    assert free_port(port) == port


def test_any_free_port() -> None:
    """Zero means one that nobody has."""
    assert free_port(0) > 1023


def test_a_port_that_cannot_be() -> None:
    """It is refused with a sentence, not with a traceback."""
    with pytest.raises(UsageError, match="cannot be used"):
        free_port(70_000)
