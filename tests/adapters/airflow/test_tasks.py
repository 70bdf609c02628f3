"""Whole runs on a real Airflow, without a server: what is done, what is stored, and which colour it gets."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from shadow.store.registry import run_notes
from shadow.store.tables import observations, runs, verdicts
from tests.adapters.airflow import trial as small
from tests.adapters.airflow.trial import MONDAY, Trial, form

RunDag = Callable[..., Any]
States = Callable[[Any], dict[str, list[str]]]


def count(trial: Trial, table: Any) -> int:
    """How many rows of a table the store holds."""
    with trial.store().read() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def words(trial: Trial) -> list[str]:
    """The stored verdicts' words, in the order of their looks."""
    with trial.store().read() as connection:
        return list(connection.execute(select(verdicts.c.word).order_by(verdicts.c.look)).scalars())


def test_a_sound_day(run_dag: RunDag, trial_desk: Trial, states: States, shadow_home: Path) -> None:
    """Two shards are replayed and compared, a verdict is stored with its report, and the run is green."""
    trial_desk.arrive(0, range(15))
    run = run_dag(trial_desk.dag, form(0, candidate="v1"))
    seen = states(run)
    assert run.state == "success" and seen["replay"] == ["success"] * 2 and seen["stopped"] == ["skipped"]
    assert seen["notify"] == ["success"]  # without a token: said in the log, and no failure
    assert count(trial_desk, observations) == 15 and words(trial_desk) == ["inconclusive"]
    assert len(list(shadow_home.glob("reports/*/*.html"))) == 1


def test_a_dag_run_leads_to_its_run(run_dag: RunDag, trial_desk: Trial) -> None:
    """Airflow's page of a DAG run finds our run, and the other way round."""
    from shadow.store.dag_runs import dag_run_of, run_of

    trial_desk.arrive(0, range(2))
    ran = run_dag(trial_desk.dag, form(0))
    found = run_of(trial_desk.store(), dag_id=ran.dag_id, run_id=ran.run_id)
    with trial_desk.store().read() as connection:
        assert found == connection.execute(select(runs.c.id)).scalar_one()
    assert dag_run_of(trial_desk.store(), str(found)) == (ran.dag_id, ran.run_id)


def test_the_asset_carries_the_verdict(run_dag: RunDag, trial_desk: Trial) -> None:
    """A DAG that waits for the verdict finds it, and what it is bound to, in the event."""
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session

    trial_desk.arrive(0, range(3))
    run_dag(trial_desk.dag, form(0))
    with create_session() as session:
        (event,) = session.scalars(select(AssetEvent)).all()
    assert event.extra["verdict"] == "inconclusive" and len(event.extra["decision_digest"]) == 64
    assert set(event.extra) == {"verdict", "experiment", "run", "look", "decision_digest"}


def test_a_second_run_repeats_nothing(
    run_dag: RunDag, trial_desk: Trial, states: States, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is left to map over: replay is skipped, the verdict is reached all the same, the run is green."""
    trial_desk.arrive(0, range(12))
    run_dag(trial_desk.dag, form(0))
    monkeypatch.setattr(small, "price", _never)
    run = run_dag(trial_desk.dag, form(0))
    seen = states(run)
    assert run.state == "success" and seen["replay"] == ["skipped"] and seen["assess"] == ["success"]
    assert count(trial_desk, observations) == 12 and count(trial_desk, runs) == 1


def _never(args: Mapping[str, Any], moment: Any) -> int:
    raise AssertionError("a finished case was replayed again")


def test_bad_data_is_stopped(run_dag: RunDag, trial_desk: Trial, states: States) -> None:
    """Red and not retried, with column and count; nothing is replayed, and the verdict says why."""
    trial_desk.arrive(0, range(12))
    trial_desk.rows += [dict(row) for row in trial_desk.rows]
    trial_desk.write()
    run = run_dag(trial_desk.dag, form(0))
    seen = states(run)
    tries = {ti.task_id: ti.try_number for ti in run.get_task_instances()}
    assert run.state == "failed" and seen["validate"] == ["failed"] and tries["validate"] == 1
    assert seen["replay"] == ["upstream_failed"] and count(trial_desk, observations) == 0
    assert seen["stopped"] == ["success"] and words(trial_desk) == ["inconclusive"]
    with trial_desk.store().read() as connection:
        key = connection.execute(select(runs.c.id)).scalar_one()
    problems = run_notes(trial_desk.store(), key)["validation"]["problems"]
    assert [(one["column"], one["count"]) for one in problems] == [("id", 24)], problems


def test_a_stopped_day_goes_on_once_it_is_mended(run_dag: RunDag, trial_desk: Trial, states: States) -> None:
    """The same window again, with sound data: replayed, green, and one verdict, the new one."""
    run_dag(trial_desk.dag, form(0))  # nothing arrived: an empty window is not sound
    assert words(trial_desk) == ["inconclusive"] and count(trial_desk, observations) == 0
    trial_desk.arrive(0, range(4))
    run = run_dag(trial_desk.dag, form(0))
    assert run.state == "success" and count(trial_desk, observations) == 4 and count(trial_desk, verdicts) == 1


def test_a_candidate_that_cannot_be_loaded(run_dag: RunDag, trial_desk: Trial, states: States) -> None:
    """Replay fails at once, nothing behind it runs, no verdict is stored, the run is red."""
    (trial_desk.root / "code" / "trial_agent.py").write_text("import a_module_that_is_not_there\n")
    trial_desk.arrive(0, range(3))
    run = run_dag(trial_desk.dag, form(0))
    seen = states(run)
    assert run.state == "failed" and seen["replay"] == ["failed"]
    assert seen["assess"] == seen["report"] == ["upstream_failed"] and seen["stopped"] == ["skipped"]
    assert words(trial_desk) == []


def test_a_candidate_that_raises_is_evidence(run_dag: RunDag, trial_desk: Trial) -> None:
    """What the candidate does wrong is a discrepancy, not a failure of the run."""
    trial_desk.arrive(0, range(6))
    run = run_dag(trial_desk.dag, form(0, candidate="v2"))
    assert run.state == "success" and count(trial_desk, observations) == 6


def test_without_a_window_nothing_begins(run_dag: RunDag, trial_desk: Trial, states: States) -> None:
    """Started by hand with an empty form: preflight fails once, and says what to fill in."""
    run = run_dag(trial_desk.dag)
    tries = {ti.task_id: ti.try_number for ti in run.get_task_instances()}
    seen = states(run)
    assert run.state == "failed" and seen["preflight"] == ["failed"] and tries["preflight"] == 1
    assert seen["notify"] == ["success"] and count(trial_desk, runs) == 0


def test_bars_that_nobody_can_pass_are_said_on_the_first_day(
    run_dag: RunDag, trial_desk: Trial, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """At one case a day no candidate shows that it is harmless: the log says so, and the run goes on."""
    written = small.trial
    monkeypatch.setattr(small, "trial", lambda: replace(written(), cases_per_day=1))
    trial_desk.arrive(0, range(2))
    with caplog.at_level(logging.WARNING, logger="shadow.adapters.airflow.tasks"):
        run = run_dag(trial_desk.dag, form(0))
    said = [record.getMessage() for record in caplog.records if "no candidate can be ready" in record.getMessage()]
    assert run.state == "success" and len(said) == 1 and "harmful_rate" in said[0]


def test_a_scheduled_run_takes_its_interval(run_dag: RunDag, trial_desk: Trial) -> None:
    """Without a form, the day that ended when the run was due."""
    trial_desk.arrive(0, range(3))
    trial_desk.options = {"schedule": "@daily", "start": MONDAY}
    run = run_dag(trial_desk.dag, logical_date=MONDAY + timedelta(days=1))
    with trial_desk.store().read() as connection:
        window = connection.execute(select(runs.c.start, runs.c.end)).one()
    assert run.state == "success"
    assert tuple(window) == (MONDAY, MONDAY + timedelta(days=1))


def test_no_verdict_is_never_green(run_dag: RunDag, trial_desk: Trial, states: States) -> None:
    """Somebody marks assess as done without its having run: report fails, the run is red."""
    trial_desk.arrive(0, range(3))
    run = run_dag(trial_desk.dag, form(0), mark_success_pattern="assess")
    assert run.state == "failed" and states(run)["report"] == ["failed"]


def test_at_most_so_many_cases(run_dag: RunDag, trial_desk: Trial) -> None:
    """A trial takes so many cases and no more."""
    trial_desk.arrive(0, range(9))
    run = run_dag(trial_desk.dag, form(0, at_most=3))
    assert run.state == "success" and count(trial_desk, observations) == 3


def test_more_shards_than_airflow_maps_over(
    run_dag: RunDag, trial_desk: Trial, states: States, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused with what to change, instead of failing a task that is not to blame."""
    from shadow.adapters.airflow import tasks

    monkeypatch.setattr(tasks, "MOST_SHARDS", 1)
    trial_desk.arrive(0, range(15))
    run = run_dag(trial_desk.dag, form(0))
    assert run.state == "failed" and states(run)["plan"] == ["failed"]


@pytest.mark.kill
def test_sigterm_keeps_what_is_finished(
    run_dag: RunDag, trial_desk: Trial, states: States, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told to stop in the middle of a shard: the retry takes the rest, and no finished case again."""
    asked: list[str] = []

    def price(args: Mapping[str, Any], moment: Any) -> int:
        asked.append(moment.case_id)
        if len(asked) == 5:
            os.kill(os.getpid(), signal.SIGTERM)
        return 4

    monkeypatch.setattr(small, "price", price)
    trial_desk.options = {"shard_size": 100}
    trial_desk.arrive(0, range(15))
    before = signal.getsignal(signal.SIGTERM)
    run = run_dag(trial_desk.dag, form(0))
    tries = [ti.try_number for ti in run.get_task_instances() if ti.task_id == "replay"]
    assert run.state == "success" and tries == [2] and count(trial_desk, observations) == 15
    twice = {case for case in asked if asked.count(case) > 1}
    assert len(twice) <= 2  # those in flight when it was told to stop: two at once
    signal.signal(signal.SIGTERM, before)
