"""The store that a task opens, and what it makes of a live system that does not answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from shadow.errors import SourceError, UsageError
from shadow.sources.jsonl import jsonl
from shadow.store import open_store
from tests.adapters.airflow.trial import Trial, bindings, form, trial


@pytest.fixture
def served(airflow_home: Path, trial_desk: Trial) -> Any:
    """The small workflow as the tasks see it."""
    from shadow.adapters.airflow.served import Served
    from shadow.replay.limits import Limits
    from shadow.setup import setup

    made = setup(
        trial(),
        bindings=bindings(),
        source=jsonl(trial_desk.cases),
        candidates=[trial_desk.candidate()],
        limits=Limits(seconds=30, at_once=4),
    )
    return Served(
        setup=made, shard_size=200, shards_at_once=2, store_connection=None, slack_connection="slack_api_default"
    )


def failing(cause: Exception | None) -> SourceError:
    """A source's error as a task meets it."""
    error = SourceError("reading failed", where="connection desk")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize("said", ["unable to open database file", "database is locked", "server closed the connection"])
def test_a_database_that_is_away_may_be_back(served: Any, said: str) -> None:
    """It becomes an error that Airflow's retries are for."""
    from airflow.sdk.exceptions import AirflowException

    from shadow.adapters.airflow.served import opened

    with pytest.raises(AirflowException, match="connection desk"), opened(served):
        raise failing(OperationalError("select 1", {}, Exception(said)))


@pytest.mark.parametrize(
    "cause", [None, OperationalError("select x", {}, Exception("no such column: x")), ValueError("no moment")]
)
def test_a_wrong_declaration_stays_one(served: Any, cause: Exception | None) -> None:
    """A column that is missing is missing on the third try too."""
    from shadow.adapters.airflow.served import opened

    with pytest.raises(SourceError), opened(served):
        raise failing(cause)


def test_a_shard_has_time_for_the_worst(served: Any) -> None:
    """Twice what it takes if every case runs into its limit: 200 cases of 30 s, four at once, and ten minutes."""
    assert served.replay_timeout.total_seconds() == 2 * 200 * 30 / 4 + 600


def test_the_store_may_be_a_connection(
    run_dag: Callable[..., Any], trial_desk: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An Airflow connection leads to our store; the default one stays untouched."""
    monkeypatch.setenv("AIRFLOW_CONN_OUR_STORE", f"sqlite:///{tmp_path / 'elsewhere.db'}")
    trial_desk.options = {"store_connection": "our_store"}
    trial_desk.arrive(0, range(2))
    assert run_dag(trial_desk.dag, form(0)).state == "success"
    assert (tmp_path / "elsewhere.db").exists() and not (tmp_path / "home" / "store.db").exists()
    open_store(f"sqlite:///{tmp_path / 'elsewhere.db'}").close()


def test_a_store_connection_that_is_not_there(served: Any) -> None:
    """Named with the variable that would give it."""
    from shadow.adapters.airflow.served import opened

    elsewhere = opened(replace(served, store_connection="nobody_has_it"))
    with pytest.raises(UsageError, match="AIRFLOW_CONN_NOBODY_HAS_IT"):
        elsewhere.__enter__()
