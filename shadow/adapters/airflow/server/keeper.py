"""The one process above a server's parts: starts them in a session of its own, keeps them going, ends them together.

Airflow's own `standalone` leaves its parts behind when it is told to end. This process imports nothing of Airflow. It
ends when it is told to (SIGTERM), when the lifeline that it may be given is let go by whoever holds the other end, or
when a part that is needed fails as soon as it is started. When it ends, nothing of the server is left.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shadow.adapters.airflow.server.processes import KEY, clear, members

GRACE_S = 5.0  # seconds between asking the parts to end and killing them
YOUNG_S = 20.0  # a needed part that ends within so many seconds of its start will not do better the next time
PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0  # seconds before a part that ended is started again; twice as long each time
FAILED = "failed"  # the file with the name of the part that ended all
FULL = 10_000_000  # bytes of a log that is set aside when its part is started


@dataclass(slots=True, kw_only=True)
class Part:
    """One program of the server.

    Attributes:
        needed: whether the server is nothing without it.
        due: when it is to be started (again), by the monotonic clock.
        pause: seconds before it is started again.
    """

    name: str
    command: Sequence[str]
    needed: bool = True
    running: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    due: float = 0.0
    pause: float = PAUSE_S


@dataclass(slots=True, kw_only=True)
class Keeper:
    """All parts, and what wakes their keeper.

    Attributes:
        first: comes to its end before the others are started.
        bell: a pipe's end; a byte for each signal.
        lifeline: a pipe's end, or -1; its other end is closed when whoever holds it is gone.
        told: signals that have come.
    """

    folder: Path
    first: Part
    parts: Sequence[Part]
    bell: int
    lifeline: int
    told: list[int] = field(default_factory=list)

    def keep(self) -> int:
        """Start what is due and wait for something to happen, until it is time to end; gives the exit code."""
        self._start(self.first)
        while self.first.running is not None and self.first.running.poll() is None and not self.told:
            self._wait()
        if self.told:
            return 0
        if self.first.running is None or self.first.running.poll() != 0:
            return self._fail(self.first)
        while not self.told:
            for part in self.parts:
                if part.running is None and part.due <= time.monotonic():
                    self._start(part)
            self._wait()
            for part in self.parts:
                if self._ended(part):
                    return self._fail(part)
        return 0

    def end(self) -> None:
        """Ask the parts to end, wait a little, then kill whatever carries the server's mark."""
        every = members(self.folder)  # before any of them leaves its children behind
        live = [part.running for part in (self.first, *self.parts) if part.running is not None]
        for one in live:
            one.terminate()
        end = time.monotonic() + GRACE_S
        for one in live:
            with suppress(subprocess.TimeoutExpired):
                one.wait(timeout=max(end - time.monotonic(), 0.01))
        clear(self.folder, also=every)

    def _fail(self, part: Part) -> int:
        """Leave word whose end it was, for whoever waits for the server."""
        (self.folder / FAILED).write_text(part.name, encoding="utf-8")
        return 1

    def _start(self, part: Part) -> None:
        log = self.folder / "parts" / f"{part.name}.log"
        log.parent.mkdir(exist_ok=True)
        if log.exists() and log.stat().st_size > FULL:
            log.replace(log.with_suffix(".before.log"))
        environ = {name: value for name, value in os.environ.items() if name != KEY}
        with log.open("ab") as out:
            part.running = subprocess.Popen(
                part.command, env=environ, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        part.began = time.monotonic()

    def _ended(self, part: Part) -> bool:
        """Whether this part's end is the end of all; another that has ended is started again after a pause."""
        if part.running is None or part.running.poll() is None:
            return False
        young, part.running = time.monotonic() - part.began < YOUNG_S, None
        part.due = time.monotonic() + part.pause
        part.pause = min(2 * part.pause, LONGEST_PAUSE_S) if young else PAUSE_S
        return part.needed and young

    def _wait(self) -> None:
        due = [part.due - time.monotonic() for part in self.parts if part.running is None and part.due]
        ends = [end for end in (self.bell, self.lifeline) if end >= 0]
        ready, _, _ = select.select(ends, [], [], max(min(due), 0.0) if due else None)
        if self.bell in ready:
            os.read(self.bell, 4096)
        if self.lifeline in ready:
            self.told.append(signal.SIGHUP)


def main(arguments: Sequence[str]) -> int:
    """The process: the server's folder, the lifeline's number (-1: none), what is run first and the parts, as JSON."""
    folder, lifeline, plan = Path(arguments[0]), int(arguments[1]), json.loads(arguments[2])
    if lifeline >= 0:
        os.set_inheritable(lifeline, False)
    keeper = Keeper(
        folder=folder,
        first=Part(name="first", command=plan["first"]),
        parts=[Part(**part) for part in plan["parts"]],
        bell=_bell(),
        lifeline=lifeline,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda seen, _frame: keeper.told.append(seen))
    try:
        return keeper.keep()
    finally:
        keeper.end()


def _bell() -> int:
    """A pipe that gets a byte with each signal, the end of a child included; the end to read from."""
    bell, clapper = os.pipe()
    os.set_blocking(clapper, False)
    signal.set_wakeup_fd(clapper)
    signal.signal(signal.SIGCHLD, _noted)
    return bell


def _noted(_number: int, _frame: Any) -> None:
    """A child has ended; the byte in the bell is what counts."""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
