"""What was denied, kept by process as the kernel names it, and handed over by case once that is known for sure."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field

IMPORT = 0  # the case number of what the process did that cases are forked from; cases begin at 1
DISTINCT_MOST = 64  # different denied calls of one process that are told one by one
WORD_S = 5.0  # how long the word about a case may take that has ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """A call that was denied, told once with how often it was.

    Attributes:
        call: its name, as `connect`.
        why: in words.
        about: what it aimed at, as a path or `127.0.0.1:80`; empty where that says nothing.
        noise: whether a library does this by itself and nothing could come of it.
        times: how often, at least 1.
    """

    call: str
    why: str
    about: str = ""
    noise: bool = False
    times: int = 1


@dataclass(slots=True, eq=False)
class Notes:
    """Denied calls of the process that cases are forked from, and of its cases; for several threads.

    Attributes:
        parent: the process that cases are forked from.
        changed: notified when a word about a case is in.
        running: process to case, as said by the parent; `ended`: what is known of cases that have ended.
    """

    parent: int
    changed: threading.Condition = field(default_factory=threading.Condition)
    running: dict[int, int] = field(default_factory=dict)
    ended: dict[int, Counter[Blocked]] = field(default_factory=dict)
    _seen: dict[int, Counter[Blocked]] = field(default_factory=dict)

    def note(self, pid: int, blocked: Blocked) -> int:
        """Write it down; how many calls of this process were denied by now."""
        with self.changed:
            kept = self._seen.setdefault(pid, Counter())
            if blocked not in kept and len(kept) >= DISTINCT_MOST:
                blocked = Blocked(call="other calls", why="more kinds of denied calls than are told one by one")
            kept[blocked] += 1
            return kept.total()

    def begun(self, pid: int, case: int) -> None:
        """The parent has forked this process for this case."""
        with self.changed:
            self.running[pid] = case
            self.changed.notify_all()

    def over(self, pid: int, case: int) -> None:
        """The parent has seen this case's process end: whoever gets its number now is another."""
        with self.changed:
            if self.running.pop(pid, None) == case:
                self.ended[case] = self._seen.pop(pid, Counter())
            self.changed.notify_all()

    def whose(self, pid: int) -> int | None:
        """The case of a process; None where the parent has not said it yet."""
        with self.changed:
            return IMPORT if pid == self.parent else self.running.get(pid)

    def process_of(self, case: int) -> int | None:
        """The process of a running case."""
        with self.changed:
            return next((pid for pid, one in self.running.items() if one == case), None)

    def take(self, case: int, *, wait: bool = True) -> tuple[Blocked, ...]:
        """What a case that has ended was denied; waits for the word about it, and never guesses."""
        with self.changed:
            if wait:
                self.changed.wait_for(lambda: case in self.ended, WORD_S)
            pids = [pid for pid, one in self.running.items() if one == case]
            found = self.ended.pop(case, None)
            if found is None:
                found = Counter()
                for pid in pids:
                    found += self._seen.pop(pid, Counter())
            return _told(found)

    def take_import(self) -> tuple[Blocked, ...]:
        """What the parent itself was denied since this was last asked."""
        with self.changed:
            return _told(self._seen.pop(self.parent, Counter()))

    def rest(self) -> tuple[Blocked, ...]:
        """What belongs to no case that anybody has spoken of."""
        with self.changed:
            known = {self.parent, *self.running}
            left: Counter[Blocked] = Counter()
            for pid in [pid for pid in self._seen if pid not in known]:
                left += self._seen.pop(pid)
            return _told(left)


def _told(found: Counter[Blocked]) -> tuple[Blocked, ...]:
    return tuple(
        Blocked(call=one.call, why=one.why, about=one.about, noise=one.noise, times=times)
        for one, times in found.items()
    )
