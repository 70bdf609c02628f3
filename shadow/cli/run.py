"""`shadow run`: one window of a workflow's DAG, in a process started here, without a server."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from shadow.cli.show import CODES
from shadow.cli.store import moment
from shadow.cli.terminal import say
from shadow.errors import UsageError

FAILED = 1


def run(given: Namespace) -> int:
    """Carry out one DAG run; the exit code is that of its verdict, 1 where the run failed."""
    from shadow.adapters.airflow import running
    from shadow.store import home

    dags = Path(given.dags).resolve()
    form = {
        "candidate": given.candidate or None,
        "window_start": moment(given.start, name="--from").isoformat(),
        "window_end": moment(given.end, name="--to").isoformat(),
        "at_most": given.at_most,
    }
    conf = {name: value for name, value in form.items() if value is not None}
    log = home() / "airflow" / "runs.log"
    with running(home() / "airflow", dags, log=log) as carry_out:
        ran = carry_out(_file(dags, given.workflow), conf, dag_id=f"shadow-{given.workflow}")
    for failure in ran.failures:
        say(f"failed: {failure}")
    if ran.verdict is None:
        say(f"{given.workflow}: {ran.state}, no verdict; its log is {log}")
        return FAILED
    say(f"{given.workflow}: {ran.verdict['verdict']} (run {ran.run})")
    for reason in ran.verdict.get("reasons", ()):
        say(f"  {reason}")
    return CODES[ran.verdict["verdict"]] if ran.state == "success" else FAILED


def _file(dags: Path, workflow: str) -> Path:
    """The workflow's DAG file: one a workflow, named after it."""
    path = dags / f"{workflow.replace('-', '_')}.py"
    if not path.is_file():
        known = sorted(found.stem.replace("_", "-") for found in dags.glob("*.py"))
        raise UsageError(
            "no DAG file for this workflow",
            where=str(path),
            allowed=", ".join(known) or "(none)",
            todo="name the folder with --dags; a workflow's file is named after it",
        )
    return path
