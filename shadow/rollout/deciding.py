"""Who gets a key: decided from this machine's route file, without a database, and without ever raising.

Whatever is in doubt goes to the control.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from shadow.rollout.draw import Seed, border, place, seed
from shadow.rollout.kill import VARIABLE, killed_by
from shadow.rollout.known import Known, Signature, read_known, signature
from shadow.rollout.places import is_name, kill_files, route_file

INTERVAL_S: Final = 2.0  # how often the store is asked
MAX_AGE_S: Final = 60.0  # what was not confirmed for so long is not acted on; `SHADOW_ROUTE_MAX_AGE_S` says otherwise
_MOST: Final = 256  # workflows that one process asks about; a name made up for each call must not fill the memory
_NOWHERE: Final = (0, 0, 0)


class Reason(StrEnum):
    """Why a key goes where it goes; only the first sends it to the candidate."""

    DRAWN = "the key is within the candidate's share"
    OUTSIDE = "the key is not within the candidate's share"
    KEY = "the key is no text, or empty"
    WORKFLOW = "that is no name of a workflow, or this process asks about too many"
    SETTING = "the home, or SHADOW_ROUTE_MAX_AGE_S, cannot be made out"
    KILLED = "the kill switch is thrown"
    UNKNOWN = "nothing is known of the workflow's stage on this machine"
    DAMAGED = "the route file is damaged, or of another version"
    OLD = "the store has not confirmed the stage for too long"
    CLOCK = "the route file was written in the future: the clock was moved"
    UNREACHED = "the store could not be asked"
    DEMONSTRATION = "the stage is a demonstration's, which gets no real keys"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """The wall clock (seconds since 1970) and one that nobody can move (seconds)."""

    wall: Callable[[], float] = time.time
    ticks: Callable[[], float] = time.monotonic


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A route file as it was parsed, once.

    Attributes:
        doubt: why it cannot be followed; None where it can.
        until: the tick up to which it may be followed.
    """

    signature: Signature
    doubt: Reason | None
    known: Known | None = None
    begun: Seed | None = None
    border: int = 0
    until: float = 0.0


@dataclass(slots=True, kw_only=True)
class Watched:
    """One workflow that this process asks about."""

    workflow: str
    file: str
    kill_all: str
    kill_one: str
    loaded: Loaded = field(default_factory=lambda: Loaded(signature=_NOWHERE, doubt=Reason.UNKNOWN))


@dataclass(slots=True, kw_only=True)
class Router:
    """What one process needs for its decisions.

    Attributes:
        where: the home, as it was found when the router was made.
        refresher: starts a thread that brings the files up to date until `stop` is set; None for a router without.
        wake: ends the refresher's pause; `rounds` counts what it has done.
    """

    where: str
    max_age_s: float = MAX_AGE_S
    clocks: Clocks = field(default_factory=Clocks)
    refresher: Callable[[Router], None] | None = None
    watched: dict[str, Watched] = field(default_factory=dict)
    thread: threading.Thread | None = None
    tried: float = float("-inf")
    lock: Any = field(default_factory=threading.RLock)
    wake: threading.Event = field(default_factory=threading.Event)
    stop: threading.Event = field(default_factory=threading.Event)
    rounds: int = 0


def decide(router: Router, workflow: object, key: object, demonstration: object) -> Reason:
    """The decision itself; total: there is an answer to anything that it may be asked."""
    name, text = plain_text(workflow), plain_text(key)
    if not text:
        return Reason.KEY
    watched = router.watched.get(name) or _watch(router, name)
    if watched is None:
        return Reason.WORKFLOW
    if _killed(watched):
        return Reason.KILLED
    loaded = _loaded(router, watched)
    doubt = loaded.doubt or _late(router, loaded)
    if doubt is not None or loaded.known is None or loaded.begun is None:
        _revive(router)
        return doubt or Reason.DAMAGED
    if loaded.known.demonstration and demonstration is not True:
        return Reason.DEMONSTRATION
    return Reason.DRAWN if place(loaded.begun, text) < loaded.border else Reason.OUTSIDE


def plain_text(given: object) -> str:
    """Text as plain text, whatever its class has made of itself; empty for all else."""
    kind = type(given)
    if kind is str:
        return given  # type: ignore[return-value]  # mypy does not follow `type(…) is`
    return str.__str__(given) if issubclass(kind, str) else ""


def _killed(watched: Watched) -> bool:
    value = os.environ.get(VARIABLE)
    if value is not None and watched.workflow in killed_by(value):
        return True
    return os.access(watched.kill_all, os.F_OK) or os.access(watched.kill_one, os.F_OK)


def _loaded(router: Router, watched: Watched) -> Loaded:
    try:
        seen = os.stat(watched.file)  # noqa: PTH116  # at every decision: a Path costs more than the call
    except OSError:
        return _nothing(watched)
    loaded = watched.loaded
    if loaded.signature == signature(seen):
        return loaded
    try:
        found, known = read_known(watched.file)
    except OSError:
        return _nothing(watched)
    watched.loaded = _weigh(router, found, known if known is None or known.workflow == watched.workflow else None)
    return watched.loaded


def _nothing(watched: Watched) -> Loaded:
    watched.loaded = Loaded(signature=_NOWHERE, doubt=Reason.UNKNOWN)
    return watched.loaded


def _weigh(router: Router, found: Signature, known: Known | None) -> Loaded:
    if known is None:
        return Loaded(signature=found, doubt=Reason.DAMAGED)
    age = max(router.clocks.wall() - known.written_at, 0)  # a stamp in the future gives no longer life
    return Loaded(
        signature=found,
        doubt=None if known.reached else Reason.UNREACHED,
        known=known,
        begun=seed(known.workflow, known.experiment),
        border=border(known.share),
        until=router.clocks.ticks() + router.max_age_s - age,
    )


def _late(router: Router, loaded: Loaded) -> Reason | None:
    """Both clocks have to say that it is new enough: one cannot be moved, the other goes on while a machine sleeps."""
    if loaded.known is None:
        return None
    age = router.clocks.wall() - loaded.known.written_at
    if age < 0:
        return Reason.CLOCK
    return None if age <= router.max_age_s and router.clocks.ticks() < loaded.until else Reason.OLD


def _watch(router: Router, name: str) -> Watched | None:
    if not is_name(name) or len(router.watched) >= _MOST:
        return None
    everything, one = kill_files(router.where, name)
    made = Watched(workflow=name, file=route_file(router.where, name), kill_all=everything, kill_one=one)
    watched = router.watched.setdefault(name, made)
    _revive(router)
    router.wake.set()
    return watched


def _revive(router: Router) -> None:
    """Start the refresher where there is none, or it has ended; at most once an interval."""
    now = router.clocks.ticks()
    if router.refresher is None or (router.thread is not None and router.thread.is_alive()):
        return
    with router.lock:
        if now - router.tried < INTERVAL_S or router.stop.is_set():
            return
        router.tried = now
        thread = threading.Thread(target=router.refresher, args=(router,), name="shadow route", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the process ends, or may have no more threads: the file still counts while it is new
            return
        router.thread = thread
