"""Airflow's connections as URLs that SQLAlchemy takes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import make_url

from shadow import connections
from shadow.errors import SourceError

URLS = [
    ("sqlite:////abs/path/x.db", "sqlite:////abs/path/x.db"),
    ("sqlite:///rel/x.db", "sqlite:///rel/x.db"),
    ('{"conn_type": "sqlite", "host": "/abs/x.db"}', "sqlite:////abs/x.db"),
    ("postgresql+psycopg://u:p%40ss@h:5433/db", "postgresql+psycopg://u:p%40ss@h:5433/db"),
    (
        '{"conn_type": "postgres", "host": "h", "login": "u", "password": "p@ss", "schema": "db", "port": 5433}',
        "postgresql+psycopg://u:p%40ss@h:5433/db",
    ),
]


@pytest.fixture
def asked(airflow_home: object, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], str | None]:
    """`asked(id, value)`: the URL of a connection that Airflow was given as this value."""
    from shadow.adapters.airflow import connections as ours

    monkeypatch.setattr(ours, "_found", {})

    def ask(connection_id: str, value: str) -> str | None:
        monkeypatch.setenv(f"AIRFLOW_CONN_{connection_id.upper()}", value)
        return ours.url_of(connection_id)

    return ask


@pytest.mark.parametrize(("given", "url"), URLS, ids=["uri", "relative", "form", "driver", "typed"])
def test_every_form_of_connection(asked: Callable[[str, str], str | None], given: str, url: str) -> None:
    """A URI keeps its driver; a connection filled in by form gets one; SQLite's path survives both ways."""
    found = asked("trial_db", given)
    assert found is not None and make_url(found) == make_url(url)


def test_an_unknown_connection_is_none(airflow_home: object) -> None:
    """Airflow not having it is no error: the next resolver may."""
    from shadow.adapters.airflow.connections import url_of

    assert url_of("nobody_has_this") is None


def test_connection_ids_reach_airflow(
    asked: Callable[[str, str], str | None], tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Added as a resolver, it serves an id that no variable names."""
    from shadow.adapters.airflow.connections import url_of

    monkeypatch.setattr(connections, "_resolvers", [])
    connections.add_resolver(url_of)
    asked("desk_live", f"sqlite:///{tmp_path}/none.db")
    with pytest.raises(SourceError, match="no such SQLite database"):
        connections.engine("desk_live")
