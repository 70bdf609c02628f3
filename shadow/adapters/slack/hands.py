"""A few threads that take what is to be done in order, and never keep a process from ending."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

Job = Callable[[], None]


class Hands:
    """`most` daemon threads over one queue, started with the first job.

    They are no executor of the standard library: those are waited for when the interpreter ends, for as long as Slack
    takes not to answer.
    """

    def __init__(self, most: int = 4) -> None:
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._most, self._lock = most, threading.Lock()
        self._threads: list[threading.Thread] = []

    def take(self, job: Job) -> None:
        """Do this when a thread is free."""
        with self._lock:
            if len(self._threads) < self._most:
                self._threads.append(threading.Thread(target=self._work, name="shadow-slack-hand", daemon=True))
                self._threads[-1].start()
        self._jobs.put(job)

    def close(self, *, within: float = 0.0) -> None:
        """Take nothing more; wait so many seconds for each thread to finish what it has in hand."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join(within)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except Exception:  # a job that fails must not take the thread from those after it
                log.exception("Slack: something that was to be done after an answer failed")
