"""One DAG run in this process, without scheduler or server: what the demo, `shadow run` and the tests use."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from shadow.errors import UsageError
from shadow.plug import nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a DAG run ended.

    Attributes:
        state: "success" or "failed".
        run: id of our run; empty where it never began.
        verdict: what `assess` gave back, or the task that stands in for it where the data was
            stopped; None where no verdict was reached.
        failures: what each failed task raised, as `validate: …`, in the order in which they failed.
    """

    state: str
    run: str = ""
    verdict: Mapping[str, Any] | None = None
    failures: tuple[str, ...] = ()


def run_window(dag_file: Path, conf: Mapping[str, Any], *, dag_id: str | None = None) -> Ran:
    """Carry out one run of a DAG file, as if its form had been filled in with `conf`.

    The file is parsed anew each time: Airflow writes a run's form into the DAG object, and a second
    run of the same object would see the first one's window. `prepare` comes first.

    Args:
        dag_file: a file of the DAGs folder that `prepare` was given.
        conf: the form, as `{"candidate": …, "window_start": …, "window_end": …}`.
        dag_id: which DAG of the file; needed where it holds several.

    Raises:
        UsageError: the file cannot be imported, or holds no such DAG.
    """
    dag = _parse(dag_file, dag_id)
    with _listening() as failures, _own_signals():
        ran = dag.test(run_conf=dict(conf), logical_date=None)
    return _told(ran, failures)


def _parse(dag_file: Path, dag_id: str | None) -> Any:
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=str(dag_file.resolve()))
    where = str(dag_file)
    if bag.import_errors:
        raise UsageError(
            "the DAG file cannot be imported",
            where=where,
            seen=next(iter(bag.import_errors.values())).strip(),
        )
    known = sorted(bag.dags)
    if dag_id is None and len(known) == 1:
        return bag.dags[known[0]]
    if dag_id not in bag.dags:
        raise UsageError(
            "the file has no such DAG" if dag_id else "which DAG of the file is meant?",
            where=where,
            seen=dag_id or "",
            allowed=", ".join(known) or "(none: a DAG file has to mention both airflow and dag)",
            todo=nearest(dag_id, known) if dag_id else "",
        )
    return bag.dags[dag_id]


def _told(ran: Any, failures: Mapping[str, str]) -> Ran:
    begun = _xcom(ran, "preflight") or {}
    return Ran(
        state=str(ran.state),
        run=begun.get("run", ""),
        verdict=_xcom(ran, "assess") or _xcom(ran, "stopped"),
        failures=tuple(f"{task}: {text}" for task, text in failures.items()),
    )


def _xcom(ran: Any, task_id: str) -> Any:
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    with create_session() as session:
        wanted = XComModel.get_many(run_id=ran.run_id, dag_ids=ran.dag_id, task_ids=task_id)
        found = session.scalars(wanted).first()
        return None if found is None else XComModel.deserialize_value(found)


@contextmanager
def _listening() -> Iterator[Mapping[str, str]]:
    """What each task that failed for good raised, by task: dag.test() itself does not tell."""
    from airflow.listeners import hookimpl
    from airflow.sdk.listener import get_listener_manager

    raised: dict[str, str] = {}

    def failed(task_instance: Any, error: Any) -> None:
        raised[_name(task_instance)] = str(error).strip() or type(error).__name__

    def succeeded(task_instance: Any) -> None:
        raised.pop(_name(task_instance), None)  # an earlier try of it had failed

    listener = ModuleType("shadow_run_listener")
    listener.__dict__["on_task_instance_failed"] = hookimpl(failed)
    listener.__dict__["on_task_instance_success"] = hookimpl(succeeded)
    plugins = get_listener_manager().pm
    plugins.register(listener)
    try:
        yield raised
    finally:
        plugins.unregister(listener)


def _name(task_instance: Any) -> str:
    shard = task_instance.map_index
    return str(task_instance.task_id) if shard in (None, -1) else f"{task_instance.task_id}[{shard}]"


@contextmanager
def _own_signals() -> Iterator[None]:
    """Put back the handlers of SIGTERM and SIGINT: dag.test() leaves one behind that ignores SIGTERM."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
