"""The live system goes on working while it is shadowed, and an audit knows who wrote: never the harness."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from shadow.connections import engine
from shadow.examples.refund_desk import world
from shadow.examples.refund_desk.bindings import CONNECTION
from shadow.examples.refund_desk.live import WRITER
from tests.whole.desk import ROOT, SMALL, Place, environment
from tests.whole.watch import watching

GENERATOR = "generator"
BESIDE = {"world.db-wal", "world.db-shm"}  # SQLite's own, while somebody has the world open


def writes(place: Place) -> Counter[str]:
    """How many writes each writer has made so far."""
    found: Counter[str] = Counter()
    with world.reading(place.files.world) as connection:
        for (writer, _), count in world.audit(connection).items():
            found[writer] += count
    return found


def strangers(place: Place, before: Counter[str]) -> dict[str, int]:
    """Writes since then by anybody but the live desk."""
    since = writes(place)
    return {writer: n - before[writer] for writer, n in since.items() if n != before[writer] and writer != WRITER}


@contextmanager
def live_desk(place: Place) -> Iterator[subprocess.Popen[bytes]]:
    """The desk at work in a process of its own; told to stop, and gone, at the end."""
    command = [sys.executable, "-u", "-m", "shadow.examples.refund_desk.live", "--world", str(place.files.world)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env=environment()) as process:
        try:
            assert process.stdout is not None and b"is at work" in process.stdout.readline()
            yield process
        finally:
            process.terminate()
            process.communicate()


@pytest.mark.kill
def test_every_write_is_the_desks_own(place: Place) -> None:
    """Three days are shadowed while the desk writes: only it has written, and no file is left beside its world."""
    made, before = set(place.files.root.iterdir()), writes(place)
    with live_desk(place) as desk, watching(place.files.root, ended=desk.pid) as until:
        assert until(lambda: writes(place)[WRITER] > 0)
        already = writes(place)[WRITER]
        shadowed = [sys.executable, "-m", "tests.whole.worker", "days", str(place.store.parent), "version 1"]
        subprocess.run([*shadowed, str(SMALL.days)], check=True, cwd=ROOT, env=environment())
        during = writes(place)[WRITER] - already
        beside = {path.name for path in place.files.root.iterdir()} - {path.name for path in made}
    print(f"{during} writes of the live desk during the runs, {strangers(place, before) or 'none'} of anybody else")
    assert during > 0 and len(place.looks("version 1")) == SMALL.days
    assert strangers(place, before) == {} and set(writes(place)) == {GENERATOR, WRITER}
    assert beside <= BESIDE | {place.files.calls.name}
    assert set(place.files.root.iterdir()) - made == {place.files.calls}  # the test's own, as `CALLS` asks for it


def test_a_harness_that_wrote_would_be_counted(place: Place) -> None:
    """The positive control: one update under another name is told, by name and number."""
    before = writes(place)
    harness = world.connect(place.files.world, writer="harness")
    harness.execute("update customers set flagged = 1 where customer_id = (select min(customer_id) from customers)")
    harness.close()
    assert strangers(place, before) == {"harness": 1}


@pytest.mark.parametrize("statement", ["delete from mails", "drop trigger mails_insert_audit", "create table mine (x)"])
def test_our_own_connection_cannot_write(place: Place, statement: str) -> None:
    """The connection that bindings and sources share refuses a write before any trigger is asked."""
    before = writes(place)
    with engine(CONNECTION).connect() as connection, pytest.raises(OperationalError, match="readonly"):
        connection.execute(text(statement))
    engine(CONNECTION).dispose()
    assert strangers(place, before) == {} and writes(place) == before


@pytest.mark.kill
def test_nothing_stays_beside_a_desk_that_rests(place: Place, tmp_path: Path) -> None:
    """Shadowed while nobody writes: what SQLite leaves beside the world holds nothing, and the next opening ends it."""
    before, content = writes(place), place.files.world.read_bytes()
    shadowed = [sys.executable, "-m", "tests.whole.worker", "days", str(tmp_path), "version 1", "1"]
    subprocess.run(shadowed, check=True, cwd=ROOT, env=environment())
    left = {path.name: path.stat().st_size for path in place.files.root.iterdir() if path.name in BESIDE}
    assert left.get("world.db-wal", 0) == 0 and place.files.world.read_bytes() == content
    assert writes(place) == before
    assert not BESIDE & {path.name for path in place.files.root.iterdir()}
