"""A process that takes a desk through the steps, to be killed or paused by a test.

    python -m tests.whole.worker days ROOT LABEL DAYS [--events DESCRIPTOR]
    python -m tests.whole.worker shard ROOT RUN SHARD [--pause-after N]

`days` takes one daily window after the other to its verdict, people's labels in between; called again, it goes
through all of them once more. Each database statement is told, as one byte, just before it is carried out.
`shard` replays one shard; after N commits it stops itself until it is told to go on.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Engine, event

from benchmarks.trial import Trial, take, trial
from shadow import steps
from shadow.errors import LeaseLost
from shadow.examples.refund_desk import reviewer
from shadow.examples.refund_desk.fx import CALLS
from shadow.review.labels import export_rows, import_rows
from tests.whole.desk import REVIEWED_AFTER, SMALL, window

LOST = 75  # exit code: the lease was lost


def day_by_day(one: Trial, label: str, *, days: int) -> None:
    """All windows, each followed by the labels that people give on the next morning."""
    for day in range(days):
        start, end = window(day)
        experiment, _ = take(one, label, start, end)
        rows = export_rows(one.store, experiment, look=end)
        import_rows(one.store, reviewer.review(rows, one.home.world, end + REVIEWED_AFTER))


def shard(one: Trial, run: str, number: int, *, pause_after: int) -> int:
    """Replay one shard; 0, or LOST. What was done is on the output's last line."""

    paused: list[int] = []

    def progress(done: int, of: int) -> None:
        if done == pause_after and not paused:
            paused.append(done)
            os.kill(os.getpid(), signal.SIGSTOP)  # between two commits: no lock is held

    try:
        steps.replay(one.store, one.setup, run, number, holder=f"process {os.getpid()}", progress=progress)
    except LeaseLost as error:
        sys.stdout.write(f"{error}\n")
        return LOST
    return 0


def main(arguments: Sequence[str]) -> int:
    """The command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["days", "shard"])
    parser.add_argument("root", type=Path)
    parser.add_argument("name")
    parser.add_argument("number", type=int)
    parser.add_argument("--events", type=int, default=-1)
    parser.add_argument("--pause-after", type=int, default=-1)
    given = parser.parse_args(arguments)
    os.environ[CALLS] = str(given.root / "desk" / "calls.log")
    if given.events >= 0:
        os.set_inheritable(given.events, False)
        event.listen(Engine, "before_cursor_execute", lambda *_: os.write(given.events, b"."))
    one = trial(given.root, SMALL)
    if given.what == "days":
        day_by_day(one, given.name, days=given.number)
        return 0
    return shard(one, given.name, given.number, pause_after=given.pause_after)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
