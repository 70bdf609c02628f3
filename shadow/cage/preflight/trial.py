"""One attempt in a process of its own, judged from outside."""

from __future__ import annotations

import os
import resource
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from shadow.cage.preflight.bench import Page, below, field_of, proc_number, rest, wait_for
from shadow.cage.preflight.calls import PR_SET_PDEATHSIG, prctl
from shadow.cage.preflight.model import Look, Scene, Seen

Entering = Callable[[], object]
ATTEMPT_S = 5.0  # how long an attempt may take; one that takes longer proves nothing
EXIT_S = 1.0
HUNG = "did not end in time"
KILLED = "killed by the filter"
_SAID_BY_ANOTHER = 128  # what a launcher adds to the signal that ended its program
REFUSED = 7  # what a program that the attempt becomes ends with where the kernel refuses its attack


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What one attempt showed."""

    seen: Seen
    how: str


Begin = Callable[[Scene, Page, Path], Entering | None]  # (attack, page, room of all targets)


def _nothing(_: Path) -> None:
    """Nothing to make sure of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How attempts are made, without and within what is to hold them.

    Attributes:
        outside, inside: what the forked process does before its attempt; None: nothing. It may become another
            program, which makes the attempt in its place.
        page: made for each attempt.
        ready: called once with the room of all targets; raises where nothing could be shown.
        attempt_s: how long an attempt may take, seconds.
    """

    outside: Begin
    inside: Begin
    page: Callable[[], Page] = Page
    ready: Callable[[Path], object] = _nothing
    attempt_s: float = ATTEMPT_S


def try_it(scene: Scene, page: Page, entering: Entering | None, *, attempt_s: float = ATTEMPT_S) -> Shown:
    """Make the attempt in a fork, look at its target, then kill whatever it has left.

    Args:
        scene: the attack, its target in place.
        page: shared by both.
        entering: cages the process that calls it; None leaves it outside.
        attempt_s: how long it may take.
    """
    known = below(proc_number())
    page.look = scene.known
    page.remember(proc_number())  # what is forked from here begins as we are
    here = os.getpid()
    pid = os.fork()
    if pid == 0:
        if scene.orphan:
            _stand_between(scene, page, entering, parent=here)
        _attempt(scene, page, entering, parent=here)
    status: list[int] = []
    try:
        return _judge(scene, page, pid, status, attempt_s)
    finally:
        if not status:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        sweep(set(known))


def _stand_between(scene: Scene, page: Page, entering: Entering | None, *, parent: int) -> NoReturn:
    """A parent of its own for the attempt, which does nothing but be there."""
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    here = os.getpid()
    if os.getppid() == parent and os.fork() == 0:
        _attempt(scene, page, entering, parent=here)
    rest()


def _attempt(scene: Scene, page: Page, entering: Entering | None, *, parent: int) -> NoReturn:
    """All that the attempting process does; nothing of the harness's own code runs on in it."""
    try:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        page.proc = proc_number()
        if scene.before is not None:
            scene.before()
        if entering is not None:
            entering()
        page.stage = 1
        scene.attempt()
        page.how = "returned"
    except OSError as error:
        page.how = f"refused: {error.strerror or error}" if page.stage else f"not caged: {error}"
    except BaseException as error:  # whatever it is, the process must not go on as a second harness
        page.how = f"{'failed' if page.stage else 'not caged'}: {type(error).__name__}: {error}"
    if page.stage:
        page.stage = 2
    else:
        os._exit(1)
    rest()


def _judge(scene: Scene, page: Page, pid: int, status: list[int], attempt_s: float) -> Shown:
    """Wait until the attempt is over, then look."""

    early: list[bool] = []

    def over() -> bool:
        if scene.until_exit and page.stage == 1 and _landed(scene, page) is True:
            early.append(True)  # said once: a target that was taken from shows it no second time
        return bool(early) or page.stage == 2 or _ended(pid, status)

    in_time = wait_for(over, attempt_s)
    if page.stage == 0:
        return Shown(seen=Seen.UNCLEAR, how=page.how or ("ended before it began" if in_time else HUNG))
    if scene.late_s is not None or scene.orphan:
        if not status:
            os.kill(pid, signal.SIGKILL)
            status.append(os.waitpid(pid, 0)[1])
        if scene.late_s is not None:
            page.told = b""
        landed = _watch(scene, page)
    else:
        landed = bool(early) or _landed(scene, page)
    how = _how(scene, page, status, in_time)
    if isinstance(landed, str) and how != KILLED:  # who was killed at the call holds nothing that could be looked at
        return Shown(seen=Seen.UNCLEAR, how=f"not to be judged: {landed}")
    if landed is True:
        return Shown(seen=Seen.LANDED, how=how)
    sound = in_time and (page.how.startswith(("returned", "refused")) or how == KILLED or how.startswith("ended"))
    return Shown(seen=Seen.NOTHING if sound else Seen.UNCLEAR, how=how)


def _watch(scene: Scene, page: Page) -> bool | str:
    """Look at a target for a while after the attempt's process was killed."""
    if scene.orphan:  # here the target is the attempt's own process: is it still there?
        gone = wait_for(lambda: _landed(scene, page) is not True, EXIT_S)
        return _landed(scene, page) if not gone else False
    end = time.monotonic() + (scene.late_s or 0)
    while time.monotonic() < end and _landed(scene, page) is False:
        time.sleep(0.005)
    return _landed(scene, page)


def _landed(scene: Scene, page: Page) -> bool | str:
    """Whether the target shows an effect; text where it cannot be said."""
    if isinstance(page.before, OSError):
        return str(page.before)
    try:
        return bool(scene.landed(Look(proc=Path(f"/proc/{page.proc}"), told=page.told, before=page.before)))
    except OSError as error:
        return str(error)


def _ended(pid: int, status: list[int]) -> bool:
    done, word = os.waitpid(pid, os.WNOHANG)
    if done:
        status.append(word)
    return bool(done)


def _how(scene: Scene, page: Page, status: list[int], in_time: bool) -> str:
    """How the attempt ended; the kernel's word where it killed it."""
    code = os.waitstatus_to_exitcode(status[0]) if status else None
    if code in (-signal.SIGSYS, _SAID_BY_ANOTHER + signal.SIGSYS):
        return KILLED
    if page.stage == 2 or (code is None and page.how):
        return page.how
    if scene.until_exit and code == REFUSED:
        return "ended: the program was refused"
    return f"died: {code}" if code is not None else ("becomes another program" if in_time else HUNG)


def sweep(known: set[int]) -> None:
    """Kill what an attempt has left: children that came to us by its end. Ours are in `known`."""
    for _ in range(20):
        left = {number: pid for number, pid in below(proc_number()).items() if number not in known}
        if not left:
            return
        for pid in left.values():
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)


def there(proc: Path) -> bool:
    """Whether a process is still running."""
    try:
        return not field_of(proc, "State").startswith(("Z", "X"))
    except OSError:
        return False
