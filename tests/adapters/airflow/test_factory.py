"""The DAG that a contract becomes: its graph, its form, its page; nothing is run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from shadow.errors import BindingError, UsageError
from tests.adapters.airflow.trial import MONDAY, Trial, trial

DAY = timedelta(days=1)
WAY = ["preflight", "collect", "validate", "plan", "replay", "plan_compare", "compare", "assess", "report", "notify"]


@pytest.fixture
def dag(airflow_home: Path, trial_desk: Trial) -> Any:
    """The small workflow's DAG."""
    return trial_desk.dag()


def test_each_step_waits_for_the_one_before(dag: Any) -> None:
    """The chain is whole, so nothing is replayed before it was collected and found sound."""
    for before, after in pairwise(WAY):
        assert after in {task.task_id for task in dag.get_task(before).get_flat_relatives(upstream=False)}
    assert dag.get_task("stopped").upstream_task_ids >= {"validate"}
    assert {task.task_id for task in dag.tasks} == {*WAY, "stopped"}


def test_what_decides_the_colour(dag: Any) -> None:
    """Where nothing is mapped the chain goes on; `notify` is a teardown and decides nothing."""
    rules = {name: dag.get_task(name).trigger_rule.value for name in ("plan_compare", "assess", "report")}
    assert set(rules.values()) == {"none_failed"}
    assert dag.get_task("notify").is_teardown and not dag.get_task("notify").on_failure_fail_dagrun


def test_the_form(dag: Any) -> None:
    """Candidates by label, a window, at most so many cases; the first candidate is the default."""
    schemas = {name: dag.params.get_param(name) for name in dag.params}
    assert set(schemas) == {"candidate", "window_start", "window_end", "at_most"}
    assert schemas["candidate"].schema["enum"] == ["v1", "v2"] and schemas["candidate"].value == "v1"
    assert schemas["at_most"].schema["minimum"] == 1


@pytest.mark.parametrize("wrong", [{"candidate": "v3"}, {"at_most": 0}, {"at_most": 1.5}], ids=str)
def test_the_form_refuses(dag: Any, wrong: dict[str, Any]) -> None:
    """What cannot be is refused before a run begins."""
    from airflow.sdk.exceptions import ParamValidationError

    name, value = next(iter(wrong.items()))
    with pytest.raises(ParamValidationError):
        dag.params.get_param(name).resolve(value)


def test_the_page_is_the_contract(dag: Any) -> None:
    """An owner reads the contract's plain words; tags and owner are the contract's."""
    assert "trial" in dag.doc_md and "mail.send" in dag.doc_md
    assert set(dag.tags) == {"shadow", "trial", "demonstration"}
    assert {task.owner for task in dag.tasks} == {"trial-ops"}


def test_every_task_says_what_it_does(dag: Any) -> None:
    """A reader of the graph gets a sentence for each box."""
    assert all(task.doc_md for task in dag.tasks)


def test_the_scheduler_sees_the_same(dag: Any) -> None:
    """The DAG survives Airflow's serialisation, retry policy and asset included."""
    from airflow.serialization.serialized_objects import DagSerialization

    back = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))
    assert set(back.task_dict) == set(dag.task_dict)
    assert not back.catchup and back.max_active_runs == 1


def test_a_cron_string_gives_whole_days(airflow_home: Path, trial_desk: Trial) -> None:
    """`@daily` means yesterday's whole day, not a window of length zero."""
    from airflow.sdk import CronDataIntervalTimetable

    trial_desk.options = {"schedule": "@daily", "start": MONDAY}
    dag = trial_desk.dag()
    assert isinstance(dag.timetable, CronDataIntervalTimetable) and dag.start_date == MONDAY


@pytest.mark.parametrize("catchup", [True, False])
def test_no_window_begins_at_the_end(airflow_home: Path, trial_desk: Trial, catchup: bool) -> None:
    """Where the data ended long ago a schedule has nothing left to run, not even yesterday; its last day it has."""
    from airflow.serialization.serialized_objects import DagSerialization
    from airflow.timetables.base import DagRunInfo

    start = datetime(2020, 1, 1, tzinfo=UTC)
    first, last = (DagRunInfo.interval(start=start + n * DAY, end=start + (n + 1) * DAY) for n in (0, 1))
    for ends, then in (({"end": start + 2 * DAY}, None), ({}, start + 2 * DAY)):
        trial_desk.options = {"schedule": "@daily", "start": start, **ends}
        dag = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(trial_desk.dag()))
        dag.catchup = catchup
        after = dag.next_dagrun_info(last_automated_run_info=last)
        assert (after is None) is (then is None)
        if catchup:
            second = dag.next_dagrun_info(last_automated_run_info=first)
            assert second is not None and second.data_interval == last.data_interval


def test_not_every_shard_at_once(dag: Any) -> None:
    """Airflow would start sixteen, each with several cases in flight."""
    assert dag.get_task("replay").max_active_tis_per_dagrun == 2


def test_a_tool_without_a_binding_is_refused_here(airflow_home: Path, trial_desk: Trial) -> None:
    """Not in the night, when the first case asks for it."""
    from shadow.adapters.airflow import shadow_dag
    from shadow.sources.jsonl import jsonl

    with pytest.raises(BindingError, match=r"price\.get|mail\.send"):
        shadow_dag(trial(), bindings={}, source=jsonl(trial_desk.cases), candidate=trial_desk.candidate())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"shard_sise": 5}, "did you mean 'shard_size'"),
        ({"shards_at_once": 0}, "at least one"),
        ({"end": datetime(2026, 1, 1)}, "offset from UTC"),
    ],
)
def test_unknown_options_are_refused(airflow_home: Path, trial_desk: Trial, wrong: dict[str, Any], said: str) -> None:
    """A misspelt option would otherwise silently do nothing."""
    trial_desk.options = wrong
    with pytest.raises(UsageError, match=said):
        trial_desk.dag()


def test_every_dag_file_parses(dagbag: Any) -> None:
    """The repository's DAG files have no import error, and mention what Airflow looks for."""
    assert dagbag.import_errors == {}
    assert "shadow-refund-desk" in dagbag.dags
