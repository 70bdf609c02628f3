"""Runs in a process of their own: the caller stays free of Airflow, keeps its signals, and can kill a run.

While `dag.test()` carries a task, Airflow swallows SIGTERM and takes Ctrl-C for a failure of the task. So a
command line starts one such process, hands it one run after the other, and kills it when it is told to stop:
a run that was killed at any moment is taken up again by the next one.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from shadow.adapters.airflow.runs import Ran, run_window
from shadow.errors import ShadowError, StoreError, UsageError

Run = Callable[..., Ran]
PR_SET_PDEATHSIG = 1
GRACE_S = 1  # seconds between asking the process to end and killing it


@contextmanager
def running(home: Path, dags: Path, *, log: Path) -> Iterator[Run]:
    """A function like `run_window`, which carries out its runs in a process started here.

    The process dies with this one (on Linux), and with the end of the block; whatever its tasks say
    is appended to the file `log`.

    Args:
        home: the folder of Airflow's own files; made when it is missing.
        dags: the DAGs folder, which holds every file that is to be run.
        log: where the process's output goes.

    Raises:
        UsageError: (by the function) the DAG file cannot be imported, or holds no such DAG.
        StoreError: (by the function) the process ended; its log says why.

    Example:
        >>> with running(home, Path("dags"), log=home / "runs.log") as run:
        ...     run(Path("dags/refund_desk.py"), {"candidate": "version-2", ...}).state
        'success'
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    ask, answer = os.pipe(), os.pipe()
    with log.open("ab") as out:
        child = subprocess.Popen(
            [sys.executable, "-m", __name__, str(home), str(dags), str(os.getpid()), str(ask[0]), str(answer[1])],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            pass_fds=(ask[0], answer[1]),
            start_new_session=True,
        )
    os.close(ask[0])
    os.close(answer[1])
    with os.fdopen(ask[1], "w") as requests, os.fdopen(answer[0]) as answers:
        try:
            yield _asking(requests, answers, log)
        finally:
            _end(child)  # before the pipes are closed: another thread may be waiting for an answer


def _asking(requests: IO[str], answers: IO[str], log: Path) -> Run:
    def run(dag_file: Path, conf: Mapping[str, Any], *, dag_id: str | None = None) -> Ran:
        line = ""
        with contextlib.suppress(BrokenPipeError):
            request = {"dag_file": str(dag_file), "conf": dict(conf), "dag_id": dag_id}
            requests.write(json.dumps(request) + "\n")
            requests.flush()
            line = answers.readline()
        if not line:
            raise StoreError("Airflow's process has ended", where=str(dag_file), todo=f"read the last lines of {log}")
        told = json.loads(line)
        if "refused" in told:
            raise UsageError(**told["refused"])
        return Ran(**{**told, "failures": tuple(told["failures"])})

    return run


def _end(child: subprocess.Popen[bytes]) -> None:
    """Ask the whole group to end, then make it; in a task only a replay hears the asking."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=GRACE_S)
    child.wait()


def main(arguments: list[str]) -> None:
    """The process's own side: one request a line, one answer a line, until there are no more."""
    home, dags, parent, ask, answer = arguments
    _die_with(int(parent))
    os.set_inheritable(int(ask), False)
    os.set_inheritable(int(answer), False)
    from shadow.adapters.airflow.home import prepare

    prepare(Path(home), Path(dags))
    with os.fdopen(int(ask)) as requests, os.fdopen(int(answer), "w") as answers:
        for line in requests:
            answers.write(json.dumps(_answer(json.loads(line))) + "\n")
            answers.flush()


def _answer(request: Mapping[str, Any]) -> dict[str, Any]:
    try:
        ran = run_window(Path(request["dag_file"]), request["conf"], dag_id=request["dag_id"])
    except ShadowError as error:
        words = ("what", "where", "seen", "allowed", "todo")
        return {"refused": {word: getattr(error, word) for word in words}}
    return asdict(ran)


def _die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent dies, however it dies; elsewhere it reads the end of input."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the kernel was told
        os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
