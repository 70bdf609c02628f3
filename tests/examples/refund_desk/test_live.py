"""The live desk keeps writing, and no window of the generated weeks notices."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from typing import Any

import pytest

from shadow.examples.refund_desk import live, reads, world
from tests.examples.refund_desk.desk_tools import cases
from tests.examples.refund_desk.worlds import Made

WORKER = [sys.executable, "-u", "-m", "shadow.examples.refund_desk.live", "--world"]


def _seen(connection: sqlite3.Connection) -> dict[str, Any]:
    """All that a run over the generated weeks reads, and what any candidate could read as of then."""
    end = {"start": "2026-09-07", "end": world.text(live.begins_at(world.about(connection)))}
    found: dict[str, Any] = {name: world.many(connection, text, end) for name, text in
                             (("cases", reads.CASES), ("settled", reads.SETTLED))}  # fmt: skip
    ids = ", ".join(f"'{row['id']}'" for row in found["cases"])
    for tool, text in reads.EFFECTS.items():
        found[tool] = world.many(connection, text.replace(":ids", f"({ids})"), {})
    for case in cases(connection):
        if case.id.startswith("L"):
            continue
        keys = {"order_id": case.input["order_id"], "customer_id": case.unit, "ticket_id": case.id}
        asked = {tool: world.many(connection, text, {**keys, "as_of": world.text(case.began_at)})
                 for tool, text in reads.AS_OF.items()}  # fmt: skip
        found[f"case {case.id}"] = asked
    return found


def test_past_windows_and_reads_as_of_stay_as_they_were_while_today_changes(own: Made) -> None:
    """After 90 pieces of work the generated weeks read the same; today's orders do not."""
    with world.reading(own.path) as connection:
        before, today = _seen(connection), _orders(connection)
    assert live.work_on(own.path, pause=lambda: False, most=90) == 90
    with world.reading(own.path) as connection:
        assert _seen(connection) == before
        assert len(before["cases"]) > 40 and before["refund.issue"]
        after = _orders(connection)
        writes = world.audit(connection)
    assert {order for order in today if after[order] != today[order]}
    written = {table for writer, table in writes if writer == live.WRITER}
    assert written >= {"orders", "tickets", "intake", "refunds", "marks", "mails", "closings", "outcomes"}


def _orders(connection: sqlite3.Connection) -> dict[str, str]:
    return {row[0]: row[1] for row in connection.execute("select order_id, status from orders")}


def test_a_worker_that_is_started_again_goes_on(own: Made) -> None:
    """A second worker takes new numbers and later moments."""
    for _ in range(3):
        live.work_on(own.path, pause=lambda: False, most=10)
    with world.reading(own.path) as connection:
        rows = connection.execute(
            "select ticket_id, arrived_at from intake where ticket_id like 'L%' order by intake_id"
        ).fetchall()
    assert len(rows) == len({row[0] for row in rows}) >= 18
    assert [row[1] for row in rows] == sorted(row[1] for row in rows)


def test_a_pause_that_says_so_ends_the_work(own: Made) -> None:
    """The first True ends it after the piece in hand."""
    assert live.work_on(own.path, pause=lambda: True) == 1


def test_a_stop_file_ends_the_process(own: Made) -> None:
    """With the file there, it ends by itself and cleanly."""
    own.path.with_suffix(".stop").touch()
    done = subprocess.run([*WORKER, str(own.path)], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.endswith("1 pieces of work\n")


@pytest.mark.kill
def test_sigterm_ends_the_process_and_leaves_a_sound_world(own: Made) -> None:
    """On the signal it finishes the piece in hand, exits with 0, and the database is whole."""
    with subprocess.Popen([*WORKER, str(own.path)], stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == f"{worker.pid} is at work\n"
        worker.send_signal(signal.SIGTERM)
        assert "pieces of work" in worker.stdout.read()
    assert worker.returncode == 0
    with world.reading(own.path) as connection:
        assert connection.execute("pragma integrity_check").fetchone()[0] == "ok"
    assert [path.name for path in own.path.parent.iterdir()] == ["world.db"]


@pytest.mark.kill
def test_it_ends_when_its_parent_is_gone(own: Made) -> None:
    """The parent dies at once; the worker's output then comes to its end, which is the worker's end."""
    start = f"import os, subprocess; subprocess.Popen([*{[*WORKER, str(own.path)]!r}, '--parent', str(os.getpid())])"
    done = subprocess.run([sys.executable, "-c", start], capture_output=True, text=True, timeout=60, check=True)
    assert "pieces of work" in done.stdout
