"""A replay that runs on beside its own retry: the older one stops at its next commit, and nothing is doubled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.trial import SOUND, Trial, take, trial
from shadow import steps
from shadow.store.registry import save_validation
from tests.whole import worker
from tests.whole.desk import ROOT, SMALL, Place, copied, environment, window

LABEL = "version 1"
PAUSED_AFTER = 5  # commits of the older one
AT_ONCE = 2  # cases that it has in flight, as `trial` sets it

pytestmark = pytest.mark.kill


def _planned(one: Trial) -> tuple[str, int]:
    """A run over all days, collected and planned as one shard: its id and the shard."""
    start, end = window(0, SMALL.days)
    experiment = steps.preflight(one.store, one.setup, candidate=LABEL)
    run = steps.begin(one.store, one.setup, experiment=experiment, start=start, end=end)
    steps.collect(one.store, one.setup, run)
    save_validation(one.store, run, SOUND)
    (shard,) = steps.plan(one.store, one.setup, run)
    return run, shard


@contextmanager
def _replaying(place: Place, run: str, shard: int, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A process that replays the shard; killed where the test leaves it behind, paused perhaps."""
    command = [sys.executable, "-m", "tests.whole.worker", "shard", str(place.store.parent), run, str(shard), *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment()) as process:
        try:
            yield process
        finally:
            process.kill()


def test_the_older_of_two_replays_loses_its_lease(place: Place, _small: Path, tmp_path: Path) -> None:
    """Paused after five cases, overtaken, continued: LeaseLost at once, each case once, an undisturbed run's digest."""
    one = trial(tmp_path, SMALL)
    run, shard = _planned(one)
    with _replaying(place, run, shard, "--pause-after", str(PAUSED_AFTER)) as older:
        _, status = os.waitpid(older.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        assert place.committed().total() == PAUSED_AFTER
        with _replaying(place, run, shard) as younger:
            assert younger.wait() == 0
        stored = _stored(place)
        older.send_signal(signal.SIGCONT)
        assert older.stdout is not None
        said = older.stdout.read()
        older.wait()
    assert older.returncode == worker.LOST
    assert f"replay:{run}:{shard}" in said and "seen: epoch 1, now 2" in said
    assert _stored(place) == stored  # not one row more, not one changed
    assert set(place.committed().values()) == {1} and steps.plan(one.store, one.setup, run) == []

    calls = Counter(place.calls())
    assert sum(n - 1 for n in calls.values()) <= AT_ONCE  # what it had in flight, and nothing that it began afterwards
    calm = trial(copied(_small, tmp_path / "calm").store.parent, SMALL)
    assert _verdict(one) == _verdict(calm)


def _stored(place: Place) -> list[tuple[object, ...]]:
    return sorted(place.ask("select case_id, run, ending, body, finished_at from shadow_observation"))


def _verdict(one: Trial) -> tuple[str, str]:
    """The word and the decision digest over all days; what is done already is not done again."""
    _, found = take(one, LABEL, *window(0, SMALL.days))
    return found["verdict"], found["decision_digest"]
