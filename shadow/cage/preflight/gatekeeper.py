"""Nothing runs under the kernel's cage before the battery has shown here that it holds.

One result a user and machine, kept beside no store: every run of this user, of whichever workflow, asks for the same.
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

from shadow.cage.policy import Policy
from shadow.cage.preflight.cache import Kept, kept
from shadow.cage.preflight.caged import policy_here, subject
from shadow.cage.preflight.model import LEAST_PROVEN, Result
from shadow.cage.preflight.worker import preflight
from shadow.errors import ContainmentUnavailable

Progress = Callable[[int, int], object]
NOWHERE = Path(os.devnull)  # a home below which nothing can be kept
_TRIES = 2  # what is unclear may be so by the load of a moment
_WAITED = timedelta(minutes=10)  # who waits may have asked a little before the one who shows it
_NAMED_MOST = 5
_NEXT_STEP = "`shadow preflight` shows the table; nothing runs under the kernel's cage here until that is mended"


def shown_here(now: datetime, *, progress: Progress | None = None) -> Kept:
    """What the battery shows of this machine's cage: kept for a day, else shown anew, by one process at a time.

    Args:
        now: aware.
        progress: told how many attacks are done and of how many; not called where the result was kept.

    Raises:
        ContainmentUnavailable: an attack landed inside; too little is proven; the battery did not come to its
            end; there is no floor; or others may write where the result is kept.
    """
    policy = policy_here()
    home = own_place()
    found = _good(home, policy, now)
    if found is not None:
        return found
    with _alone(home):
        return _good(home, policy, now + _WAITED) or _shown_anew(home, policy, now, progress)


def place() -> Path:
    """Where this user's results are kept: `SHADOW_CACHE`, else `shadow-harness` in the user's cache directory."""
    given = os.environ.get("SHADOW_CACHE")
    if given:
        return Path(given).absolute()
    caches = os.environ.get("XDG_CACHE_HOME", "")
    if caches.startswith(os.sep):  # a relative one is to be ignored, says its specification
        return Path(caches, "shadow-harness")
    try:
        return Path.home() / ".cache" / "shadow-harness"
    except RuntimeError:  # a user without a home
        return NOWHERE


def require(result: Result) -> None:
    """Refuse where a result does not show that the cage holds.

    Raises:
        ContainmentUnavailable: naming what landed inside, or how little is proven.
    """
    if result.inside:
        names = [f"{row.group}: {row.name}" for row in result.inside]
        more = f" and {len(names) - _NAMED_MOST} more" if len(names) > _NAMED_MOST else ""
        raise ContainmentUnavailable(
            "the cage leaks on this machine", where="preflight",
            seen=f"{len(names)} of {len(result.rows)} attacks landed inside: {'; '.join(names[:_NAMED_MOST])}{more}",
            todo=_NEXT_STEP,
        )  # fmt: skip
    if not result.ok:
        raise ContainmentUnavailable(
            "too little is proven of the cage on this machine", where="preflight",
            seen=f"{result.words}; {len(result.proven)} proven to be held",
            allowed=f"at least {LEAST_PROVEN} proven to be held, none unclear", todo=_NEXT_STEP,
        )  # fmt: skip


def _good(home: Path, policy: Policy, now: datetime) -> Kept | None:
    """What was kept, where it counts: a day's runs are not refused for one bad moment."""
    found = kept(home, subject(policy), now=now)
    return found if found is not None and found.result.ok else None


def _shown_anew(home: Path, policy: Policy, now: datetime, progress: Progress | None) -> Kept:
    for _ in range(_TRIES):
        found = preflight(home, policy, now=now, most=timedelta(0), progress=progress)
        if found.result.ok or found.result.inside:
            break
    require(found.result)
    return found


def own_place() -> Path:
    """This user's `place`, made where it is not there; `NOWHERE` where it cannot be had.

    Raises:
        ContainmentUnavailable: others may write there, so what lies there may be another's word.
    """
    home = place()
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        facts = home.stat()
    except OSError:
        return NOWHERE
    writers = stat.S_IMODE(facts.st_mode) & (stat.S_IWGRP | stat.S_IWOTH)
    if writers or facts.st_uid not in (os.geteuid(), 0):
        raise ContainmentUnavailable(
            "others may write where the preflight's results are kept", where=str(home),
            seen=f"mode {stat.S_IMODE(facts.st_mode):o} of user {facts.st_uid}",
            allowed=f"written by user {os.geteuid()} alone",
            todo=f"chmod 700 {home}, remove it, or name another directory in SHADOW_CACHE",
        )  # fmt: skip
    return home if os.access(home, os.W_OK | os.X_OK) else NOWHERE


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Whoever comes second waits for the first one's result; without a place to keep it, each shows its own."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    with ExitStack() as held:
        with suppress(OSError):
            number = os.open(home / "lock", flags, 0o600)
            held.callback(os.close, number)
            fcntl.flock(number, fcntl.LOCK_EX)
        yield
