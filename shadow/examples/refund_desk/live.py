"""The desk goes on working: new tickets, decisions, closings, corrections of older orders, until it is told to stop.

    python -m shadow.examples.refund_desk.live --world PATH [--pieces N] [--stop-file PATH] [--parent PID]

It works after the generated weeks, so that nothing of an earlier window changes. It says on a line of
its own that it is at work, and ends on SIGTERM or SIGINT, when its parent is gone, when the stop file
(the world's name with `.stop`, unless told otherwise) is there, or after so many pieces of work.
"""

from __future__ import annotations

import argparse
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from shadow.examples.refund_desk import arrivals, control, looking, schedule, work, world
from shadow.examples.refund_desk.arrivals import Incoming, Person
from shadow.examples.refund_desk.generate import AFTER_DAYS
from shadow.examples.refund_desk.world import moment, text

WRITER = "live desk"
PAUSE_S = 0.2  # between two pieces of work of up to about ten writes each
_STEP = timedelta(seconds=97)  # how far the desk's own clock goes on with each piece


def work_on(path: Path, *, pause: Callable[[], bool], most: int | None = None) -> int:
    """Do one piece of work after the other; how many were done.

    Args:
        pause: called between two pieces; True ends the work.
        most: pieces at most; None for no limit.
    """
    connection = world.connect(path, writer=WRITER)
    try:
        now, number = _where(connection)
        persons = _persons(connection)
        done = 0
        while most is None or done < most:
            now, number, done = now + _STEP, number + 1, done + 1
            _one(connection, persons, now, number)
            if pause():
                break
        return done
    finally:
        connection.close()


def begins_at(about: dict[str, str]) -> datetime:
    """When the live desk's own time begins: after everything that was generated."""
    return moment(about["start"]) + timedelta(days=int(about["days"]) + AFTER_DAYS)


def _where(connection: sqlite3.Connection) -> tuple[datetime, int]:
    """The desk's clock and last ticket number; a worker that is started again goes on where the last one was."""
    found = connection.execute(
        "select max(arrived_at), coalesce(max(cast(substr(ticket_id, 2, 5) as integer)), 0) "
        "from intake where ticket_id like 'L%'"
    ).fetchone()
    first = begins_at(world.about(connection))
    # the last ticket's own effects lie up to an hour after it
    return (moment(found[0]) + timedelta(hours=1) if found[0] else first), int(found[1])


def _persons(connection: sqlite3.Connection) -> list[Person]:
    rows = connection.execute("select * from customers order by customer_id limit 500").fetchall()
    return [Person(customer_id=r[0], name=r[1], email=r[2], country=r[3]) for r in rows]


def _one(connection: sqlite3.Connection, persons: Sequence[Person], now: datetime, number: int) -> None:
    rng = Random(f"live:{number}")
    if number % 3 == 0:
        with world.transaction(connection):
            _correct(connection, rng, now)
        return
    ticket = arrivals.draw(rng, at=now, person=rng.choice(persons), number=number, prefix="L")
    with world.transaction(connection):
        work.add_order(connection, ticket.order, at=text(now))
        work.take_in(connection, ticket, at=text(now))
    with world.transaction(connection):
        _decide(connection, ticket, now + timedelta(seconds=30), rng)


def _decide(connection: sqlite3.Connection, ticket: Incoming, began: datetime, rng: Random) -> None:
    work.begin(connection, ticket.ticket_id, at=text(began))
    facts = looking.look(control.case_of(ticket), control.live(connection, began), now=began)
    decided = control.judge(facts, channel=ticket.channel, rng=rng)
    for write in schedule.effects(ticket, decided.plan):
        write(connection, at=text(began + timedelta(seconds=30)))
    work.settle(connection, ticket, plan=decided.plan, at=text(began + timedelta(seconds=40)))


def _correct(connection: sqlite3.Connection, rng: Random, now: datetime) -> None:
    """Somebody tidies up an order of the earlier weeks: its status changes today, not then."""
    count = connection.execute("select count(*) from orders").fetchone()[0]
    connection.execute(
        "update orders set status = 'archived', changed_at = ? "
        "where order_id = (select order_id from orders limit 1 offset ?)",
        (text(now), rng.randrange(count)),
    )


def _pause(stop: threading.Event, stop_file: Path, parent: int) -> bool:
    return stop.wait(PAUSE_S) or stop_file.exists() or os.getppid() != parent


def main(arguments: Sequence[str]) -> int:
    """The command line; 0 when it was told to stop."""
    parser = argparse.ArgumentParser(prog="refund_desk.live", description="Let the desk go on working.")
    parser.add_argument("--world", type=Path, required=True)
    parser.add_argument("--pieces", type=int, default=None, help="pieces of work at most")
    parser.add_argument("--stop-file", type=Path, default=None, help="end when this file is there")
    parser.add_argument("--parent", type=int, default=os.getppid(), help="end when this is no longer its parent")
    given = parser.parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    sys.stdout.write(f"{os.getpid()} is at work\n")
    sys.stdout.flush()
    stop_file = given.stop_file or given.world.with_suffix(".stop")
    done = work_on(given.world, pause=lambda: _pause(stop, stop_file, given.parent), most=given.pieces)
    sys.stdout.write(f"{done} pieces of work\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
