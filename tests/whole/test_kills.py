"""Killed at any moment, everything of it, a run goes on where it was: the same decision, and no finished case again."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from shadow.examples.refund_desk.home import Home
from tests.whole import pen
from tests.whole.desk import ROOT, SMALL, Place, copied, environment
from tests.whole.watch import watching

LABELS = ("version 1", "version 2")
STEPS, DEMO = 17, 3  # kills of a run by its steps alone, and of the demonstration on Airflow
AT_ONCE = 4  # cases in flight, at most
SHADOW = [sys.executable, "-c", "from shadow.cli import main; raise SystemExit(main())"]

pytestmark = pytest.mark.kill


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One process until it ended or was killed: how it ended, and how many events it told of."""

    code: int
    events: int

    @property
    def killed(self) -> bool:
        return self.code == pen.KILLED


def worker(place: Place, label: str, *, kill_at: int | None = None, word: str = "all") -> Attempt:
    """Take all days through the steps in a process; kill it at its database statement number `kill_at`."""
    told, tell = os.pipe()
    words = ["tests.whole.worker", "days", str(place.store.parent), label, str(SMALL.days), "--events", str(tell)]
    command = [sys.executable, "-m", "tests.whole.pen", "--descriptor", str(tell), sys.executable, "-m", *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=(tell,), cwd=ROOT, env=environment()) as process:
        os.close(tell)
        events = _count(told, kill_at)
        if kill_at is not None and events >= kill_at:
            _say(process, word)
    os.close(told)
    return Attempt(code=process.returncode, events=events)


def _count(told: int, most: int | None) -> int:
    """How many bytes have come, once there are `most` of them or no more will come."""
    count = 0
    while most is None or count < most:
        assert select.select([told], [], [], 120)[0], "nothing was told for two minutes"
        part = os.read(told, 65_536 if most is None else most - count)
        if not part:
            break
        count += len(part)
    return count


def _say(process: subprocess.Popen[bytes], word: str) -> None:
    assert process.stdin is not None
    process.stdin.write(word.encode())
    process.stdin.close()


@dataclass(slots=True)
class Ledger:
    """What was committed, and how often the rate service was called, when the last process was killed."""

    place: Place
    versions: int
    committed: Counter[str]
    calls: int = 0
    mid_replay: int = 0

    def check(self) -> None:
        """Since then no case was called for by more versions than had not committed it."""
        since = Counter(self.place.calls()[self.calls :])
        again = {case: n for case, n in since.items() if n > self.versions - self.committed[case]}
        assert not again, f"finished cases were taken through a candidate again: {again}"
        self.committed, self.calls = self.place.committed(), len(self.place.calls())
        taken = self.place.ask("select count(*) from shadow_taken")
        self.mid_replay += bool(taken) and 0 < self.committed.total() < taken[0][0]


def _ledger(place: Place, *, versions: int) -> Ledger:
    return Ledger(place=place, versions=versions, committed=Counter())


@pytest.fixture(scope="module")
def undisturbed(_small: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, int]:
    """Both versions day by day, by their steps, without a kill; and how many statements version 1 took."""
    place = copied(_small, tmp_path_factory.mktemp("undisturbed"))
    first, second = (worker(place, label) for label in LABELS)
    assert (first.code, second.code) == (0, 0)
    assert place.looks("version 1") != place.looks("version 2")
    return place, first.events


def test_killed_at_seventeen_random_moments(undisturbed: tuple[Place, int], _small: Path, tmp_path: Path) -> None:
    """At any database statement, all processes or the first alone: equal digests at every look, no case twice."""
    calm, total = undisturbed
    rng, kills, mid_replay, rounds = Random(20260907), 0, 0, 0
    while kills < STEPS:
        rounds += 1
        place = copied(_small, tmp_path / str(rounds))
        ledger = _ledger(place, versions=1)
        here = 0
        while worker(place, "version 1", kill_at=rng.randint(1, total), word=rng.choice(["all", "one"])).killed:
            here += 1
            ledger.check()
        ledger.check()
        assert place.looks("version 1") == calm.looks("version 1")
        calls = place.calls()
        assert set(calls) == set(calm.calls()) and len(calls) - len(set(calls)) <= here * AT_ONCE
        kills, mid_replay = kills + here, mid_replay + ledger.mid_replay
    print(f"{kills} kills in {rounds} runs of {total} statements, {mid_replay} of them in the midst of replays")
    assert mid_replay


@pytest.fixture
def demo(_small: Path, airflow_home: Path, tmp_path: Path) -> Place:
    """The home of a demonstration whose desk and whose two Airflow databases are made already."""
    home = tmp_path / "home"
    shutil.copytree(_small, home / "refund_desk")
    for label in LABELS:
        airflow = home / "airflow" / label.replace(" ", "-")
        airflow.mkdir(parents=True)
        shutil.copy(airflow_home / "clean.db", airflow / "airflow.db")
        from airflow import __version__

        (airflow / f"ready-{__version__}").touch()
    return Place(store=home / "store.db", files=Home(root=home / "refund_desk"))


def _demo(place: Place, *, rows: int | None = None, word: str = "all") -> Attempt:
    """`shadow demo` in a process; killed once the store holds so many rows."""
    home = place.store.parent
    recipe = [f"--{name}={getattr(SMALL, name)}" for name in ("seed", "faults", "days", "scale")]
    command = [sys.executable, "-m", "tests.whole.pen", *SHADOW, "demo", *recipe, f"--home={home}"]
    with (
        (home / "demo.log").open("ab") as log,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=ROOT, env=environment()
        ) as process,
        watching(home, place.files.root, ended=process.pid) as until,
    ):
        if rows is not None and until(lambda: place.progress() >= rows):
            _say(process, word)
        seen = place.progress()
        process.wait()
    return Attempt(code=process.returncode, events=seen)


def test_the_demonstration_killed_on_airflow(undisturbed: tuple[Place, int], demo: Place) -> None:
    """At three random sizes of the store; the fourth call ends well, with an undisturbed run's digests."""
    calm, _ = undisturbed
    moments = sorted(Random(12).sample(range(1, calm.progress()), DEMO))
    ledger = _ledger(demo, versions=len(LABELS))
    for rows, word in zip(moments, ["all", "one"] * DEMO, strict=False):
        assert _demo(demo, rows=rows, word=word).killed
        ledger.check()
    log = demo.store.parent / "demo.log"
    assert _demo(demo).code == 0, log.read_text()[-3000:]
    ledger.check()
    for label in LABELS:
        assert demo.looks(label) == calm.looks(label), label
    assert set(demo.calls()) == set(calm.calls())
    calls = len(demo.calls())
    assert _demo(demo).code == 0 and len(demo.calls()) == calls  # once more: nothing is left to do
    print(f"killed at {moments} of {calm.progress()} rows, {ledger.mid_replay} times in the midst of replays")
