"""Which run of ours an Airflow DAG run carries out; sometimes one run twice."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from shadow.store.decision_tables import dag_runs
from shadow.store.engine import Store, replace


def note_dag_run(store: Store, *, dag_id: str, run_id: str, run: str, now: datetime) -> None:
    """Write down that this DAG run carries out that run; cleared and started again, it may come to be another."""
    with store.write() as connection:
        replace(connection, dag_runs, [{"dag_id": dag_id, "run_id": run_id, "run": run, "at": now}])


def run_of(store: Store, *, dag_id: str, run_id: str) -> str | None:
    """The run that a DAG run carries out; None where it has not come so far."""
    wanted = select(dag_runs.c.run).where(dag_runs.c.dag_id == dag_id, dag_runs.c.run_id == run_id)
    with store.read() as connection:
        found: str | None = connection.execute(wanted).scalar()
        return found


def dag_run_of(store: Store, run: str) -> tuple[str, str] | None:
    """(dag id, run id) of the DAG run that carried this run out last; None where none did."""
    wanted = select(dag_runs.c.dag_id, dag_runs.c.run_id).where(dag_runs.c.run == run).order_by(dag_runs.c.at.desc())
    with store.read() as connection:
        row = connection.execute(wanted).first()
    return (row.dag_id, row.run_id) if row else None
