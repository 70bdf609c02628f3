"""Runs in a process of their own, one after the other, until it is told to stop or dies."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from shadow.adapters.airflow.driver import Run, running
from shadow.errors import StoreError, UsageError
from tests.adapters.airflow.trial import Trial, form

ROOT = Path(__file__).resolve().parents[3]
DAG_FILE = """
import os
from pathlib import Path
from shadow.adapters.airflow import shadow_dag  # Airflow looks for both words: airflow and dag
from tests.adapters.airflow.trial import Trial

dag = Trial(root=Path(os.environ["TRIAL_ROOT"])).dag()
"""


@dataclass(frozen=True, slots=True)
class Driven:
    """A process that is running, and what it was started with."""

    run: Run
    trial: Trial
    dag_file: Path
    log: Path


@pytest.fixture
def driven(trial_desk: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Driven]:
    """The small workflow in a DAG file of its own, and a process for its runs."""
    dags = tmp_path / "dags"
    dags.mkdir()
    (dags / "trial_dag.py").write_text(DAG_FILE)
    (dags / "broken_dag.py").write_text("import airflow, no_such_dag_library\n")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("TRIAL_ROOT", str(tmp_path))
    with running(tmp_path / "airflow", dags, log=tmp_path / "runs.log") as run:
        yield Driven(run, trial_desk, dags / "trial_dag.py", tmp_path / "runs.log")


def test_one_run_after_the_other(driven: Driven) -> None:
    """Each run sees its own form; what failed tasks raised comes back in their words."""
    driven.trial.arrive(0, range(4))
    first = driven.run(driven.dag_file, form(0))
    assert (first.state, first.failures) == ("success", ())
    assert first.verdict is not None and first.verdict["run"] == first.run

    empty = driven.run(driven.dag_file, form(3))
    assert empty.state == "failed" and empty.run != first.run
    assert any(text.startswith("validate: trial:") for text in empty.failures)
    assert empty.verdict is not None and empty.verdict["verdict"] == "inconclusive"

    unbegun = driven.run(driven.dag_file, {})
    assert unbegun.verdict is None and unbegun.run == ""
    assert any(text.startswith("preflight:") and "no window" in text for text in unbegun.failures)

    again = driven.run(driven.dag_file, form(0), dag_id="shadow-trial")
    assert again.run == first.run

    with pytest.raises(UsageError, match="did you mean 'shadow-trial'"):
        driven.run(driven.dag_file, form(0), dag_id="shadow-trail")
    with pytest.raises(UsageError, match="no_such_dag_library"):
        driven.run(driven.dag_file.with_name("broken_dag.py"), form(0))


@pytest.mark.kill
def test_a_process_that_dies_is_told(driven: Driven) -> None:
    """Killed from outside, it answers nothing more; the error names its log."""
    driven.trial.arrive(0, range(2))
    assert driven.run(driven.dag_file, form(0)).state == "success"
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    (child,) = [pid for pid in children if "adapters.airflow.driver" in Path(f"/proc/{pid}/cmdline").read_text()]
    os.kill(int(child), signal.SIGKILL)
    with pytest.raises(StoreError, match=r"runs\.log"):
        driven.run(driven.dag_file, form(1))
