"""`shadow demo`: a small live system, shadowed with two candidates on a real Airflow, day by day.

Whatever was finished stays finished: a run whose verdict is in the store is not run again, and people's words
are in the store before the next day begins. So a demonstration that was killed goes on where it was.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from shadow.cli.terminal import progress, say
from shadow.errors import StoreError, UsageError

if TYPE_CHECKING:
    from shadow.adapters.airflow import Ran
    from shadow.examples.refund_desk.home import Home
    from shadow.store import Store
    from shadow.store.registry import Experiment

WORKFLOW = "refund-desk"
VERSIONS = ("version 1", "version 2")
ORDINARY = {"seed": 1, "faults": 3, "days": 28, "scale": 1.0}
REVIEWED_AFTER = timedelta(hours=10)  # after a day's end: people label the next morning

Window = tuple[datetime, datetime]
Carry = Callable[[Mapping[str, Any]], "Ran"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One demonstration: its files, its store, its days."""

    home: Path
    files: Home
    store: Store
    windows: tuple[Window, ...]


def demo(given: Namespace) -> int:
    """Run the demonstration, or what is left of it, and say what came out; 0 when it came to its end."""
    began = time.monotonic()
    home = home_of(given)
    lacking = _hold_as_well_as_possible()
    desk = _open(home, given)
    try:
        _shadow_all(desk)
        for label in VERSIONS:
            _tell(desk, label)
    finally:
        desk.store.close()
    minutes, seconds = divmod(round(time.monotonic() - began), 60)
    say(f"\nIt took {minutes} min {seconds} s. Everything is in {home}; call it again and nothing is repeated.")
    if home.name != ".shadow":
        say(f"To look into it: export SHADOW_HOME={home}")
    if lacking:
        say(f"Nothing held the candidates: the kernel here lacks {lacking}. Real work needs a machine that can.")
    return 0


def _hold_as_well_as_possible() -> str:
    """A demonstration may run where nothing can be enforced; what this machine lacks, empty where nothing or told."""
    from shadow.replay.isolation import best, why_not

    if os.environ.get("SHADOW_ISOLATION"):
        return ""
    os.environ["SHADOW_ISOLATION"] = best()
    return why_not()


def home_of(given: Namespace) -> Path:
    """Where this demonstration lives: `--home`, else `SHADOW_HOME` or `.shadow`; other recipes beside it, by name."""
    if given.home is not None:
        return Path(given.home).resolve()
    base = Path(os.environ.get("SHADOW_HOME", ".shadow")).resolve()
    recipe = {name: getattr(given, name) for name in ORDINARY}
    if recipe == ORDINARY:
        return base
    return base / "-".join(f"{name}-{value}" for name, value in recipe.items() if value != ORDINARY[name])


def _open(home: Path, given: Namespace) -> Desk:
    """Build the live system where there is none yet, and open the store beside it."""
    from shadow.examples.refund_desk.arrivals import START
    from shadow.examples.refund_desk.home import Recipe, prepare
    from shadow.store import open_store

    folder = home / "refund_desk"
    if not (folder / "planted.json").exists():
        say(f"Building a refund desk with {given.days} days of work in {folder} …")
    recipe = Recipe(seed=given.seed, faults=given.faults, days=given.days, scale=given.scale)
    files = prepare(folder, recipe)
    os.environ |= {"SHADOW_HOME": str(home), **variables_of(files)}
    days = [START + timedelta(days=day) for day in range(given.days + 1)]
    return Desk(home=home, files=files, store=open_store(), windows=tuple(pairwise(days)))


def variables_of(files: Home) -> dict[str, str]:
    """What a process has to be told to find the desk."""
    from shadow.connections import variable
    from shadow.examples.refund_desk.bindings import CONNECTION
    from shadow.examples.refund_desk.fx import CALLS

    return {"REFUND_DESK_HOME": str(files.root), variable(CONNECTION): files.url(), CALLS: str(files.calls)}


def desk_of(home: Path) -> dict[str, str]:
    """The same for the desk that a demonstration left in `home`; nothing where there is none."""
    from shadow.examples.refund_desk.home import Home

    files = Home(root=home / "refund_desk")
    return variables_of(files) if files.world.exists() else {}


def people_of_the_desk() -> dict[str, str]:
    """Who may log in to an Airflow that shows the desk: the approvers of its contract and the candidate's owner."""
    from shadow.examples.refund_desk.contract import REFUNDS

    asked = REFUNDS.approval
    return dict.fromkeys((*asked.approvers, asked.candidate_owner), "user") if asked else {}


def _dag_file() -> Path:
    """The DAG file of the repository: here, or where this package is imported from."""
    places = [Path("dags/refund_desk.py"), Path(__file__).parents[2] / "dags" / "refund_desk.py"]
    for place in places:
        if place.is_file():
            return place.resolve()
    raise UsageError(
        "the demonstration's DAG file is not here",
        seen=", ".join(map(str, places)),
        todo="call it in a clone of the repository; the package alone does not carry it",
    )


@contextmanager
def _live(files: Home) -> Iterator[None]:
    """The desk goes on working meanwhile, in a process of its own that ends with this one."""
    command = [sys.executable, "-m", "shadow.examples.refund_desk.live", "--world", str(files.world)]
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        child.terminate()
        child.wait()


def _shadow_all(desk: Desk) -> None:
    """Both versions side by side, each on an Airflow of its own, while the desk goes on working.

    An Airflow each, since a run in process takes the place of the DAG's run before it.
    """
    finished = {label: _finished(desk.store, label) for label in VERSIONS}
    left = [label for label in VERSIONS if not finished[label].issuperset(desk.windows)]
    bar = _Bar(of=len(VERSIONS) * len(desk.windows))
    with ThreadPoolExecutor(len(VERSIONS)) as pool, ExitStack() as processes:
        if left:
            processes.enter_context(_live(desk.files))
        else:
            say("Every window was run before; nothing is repeated.")
        runs = {label: processes.enter_context(_airflow(desk, label)) for label in left}
        tracks = [
            pool.submit(_shadow, desk, label, runs.get(label, _refuse), finished[label], bar.step) for label in VERSIONS
        ]
        for track in as_completed(tracks):
            track.result()


@contextmanager
def _airflow(desk: Desk, label: str) -> Iterator[Carry]:
    """A process that carries out one version's windows."""
    from shadow.adapters.airflow import running

    dag_file, home = _dag_file(), desk.home / "airflow" / label.replace(" ", "-")
    with running(home, dag_file.parent, log=home / "runs.log") as run:
        yield partial(run, dag_file, dag_id=f"shadow-{WORKFLOW}")


def _refuse(conf: Mapping[str, Any]) -> Ran:
    """Stands where no process was started, since all windows are finished."""
    raise StoreError("nothing was left to run", seen=str(conf))


@dataclass(slots=True)
class _Bar:
    """How many windows are done, of both versions together."""

    of: int
    done: int = 0
    lock: Lock = field(default_factory=Lock)

    def step(self, label: str, day: int) -> None:
        """One more window is done: the bar moves, or where there is no terminal, now and then a line."""
        with self.lock:
            self.done += 1
            progress(self.done, self.of, "shadowing, window")
            if day % 7 == 0 and not sys.stderr.isatty():
                say(f"{label}: day {day} is done")


def _shadow(desk: Desk, label: str, run: Carry, finished: set[Window], step: Callable[[str, int], None]) -> None:
    """All windows of one version, each followed by a day's labels; what is finished is passed over."""
    for day, window in enumerate(desk.windows, start=1):
        if window not in finished:
            _carry_out(run, label, window)
        if not finished.intersection(desk.windows[day:]):  # where a later day was run, its labels are in
            _review(desk, label, window)
        step(label, day)


def _finished(store: Store, label: str) -> set[Window]:
    """The windows of this version that have their verdict."""
    from shadow.store.registry import run
    from shadow.store.verdicts import verdicts_of

    held = _experiment(store, label)
    runs = [run(store, verdict.run) for verdict in verdicts_of(store, held.id)] if held else []
    return {(one.start, one.end) for one in runs if one.at_most is None}


def _experiment(store: Store, label: str) -> Experiment | None:
    from shadow.store.registry import find_experiment

    try:
        return find_experiment(store, WORKFLOW, label=label)
    except UsageError:  # nothing was run for it yet
        return None


def _carry_out(run: Carry, label: str, window: Window) -> None:
    start, end = (moment.isoformat() for moment in window)
    ran = run({"candidate": label, "window_start": start, "window_end": end})
    if ran.verdict is None:
        raise StoreError(
            "a run ended without a verdict",
            where=f"{WORKFLOW} {label}, {start[:10]}",
            seen="; ".join(ran.failures) or ran.state,
            todo="mend what it names and call it again: what was finished stays",
        )


def _review(desk: Desk, label: str, window: Window) -> None:
    """What people do the next morning: take out what is open, look it up, say which side was right."""
    from shadow.examples.refund_desk.reviewer import review
    from shadow.review.labels import export_rows, import_rows

    held = _experiment(desk.store, label)
    if held is None:
        return
    rows = export_rows(desk.store, held.id, look=window[1])
    import_rows(desk.store, review(rows, desk.files.world, window[1] + REVIEWED_AFTER))


def _tell(desk: Desk, label: str) -> None:
    from shadow.cli.outcome import tell

    held = _experiment(desk.store, label)
    if held is None:
        raise StoreError("there is no verdict to tell", where=f"{WORKFLOW} {label}", todo="call it again")
    tell(desk.store, held, desk.home)
