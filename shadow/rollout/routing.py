"""The route of a production process: its router, the thread that keeps it up to date, and what a fork does to both."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import Final, Literal

from shadow.places import home
from shadow.rollout.deciding import MAX_AGE_S, Reason, Router, decide, plain_text
from shadow.rollout.known import Known

Side = Literal["control", "candidate"]
_LONGEST_AGE_S: Final = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Where a key goes, why, and what was known of the stage."""

    side: Side
    reason: Reason
    known: Known | None


def route(workflow: str, key: str, *, demonstration: bool = False) -> Side:
    """Who gets this key: "control" or "candidate".

    The same key goes the same way each time and in every process, as long as the stage is the same; a larger share only
    adds keys. It never raises, and never waits for a database: the first call of a process starts a thread that asks
    the store, and until that has answered once on this machine the control gets everything.

    Args:
        workflow: its name.
        key: what the traffic is split by, as a customer's id: text, not empty.
        demonstration: follow a demonstration's stage too; without it a demonstration gets no key.

    Example:
        side = route("refund-desk", case["customer_id"])
    """
    router = this_process()
    if router is None:
        return "control"
    return "candidate" if decide(router, workflow, key, demonstration) is Reason.DRAWN else "control"


def explain(workflow: str, key: str, *, demonstration: bool = False) -> Decision:
    """Like `route`, with the reason; it too never raises and never waits."""
    router = this_process()
    if router is None:
        return Decision(side="control", reason=Reason.SETTING, known=None)
    reason = decide(router, workflow, key, demonstration)
    watched = router.watched.get(plain_text(workflow))
    known = watched.loaded.known if watched is not None else None
    return Decision(side="candidate" if reason is Reason.DRAWN else "control", reason=reason, known=known)


_FORKING: Final = threading.RLock()  # held while the thread imports: a fork in between would lock modules for ever
_PATIENCE_S: Final = 5.0  # a fork waits no longer for it
_forks: list[bool] = []
_mine: tuple[tuple[str | None, str | None], Router] | None = None


def this_process() -> Router | None:
    """This process's router, made anew where the environment names another home; None where it names none."""
    global _mine
    asked = (os.environ.get("SHADOW_HOME"), os.environ.get("SHADOW_ROUTE_MAX_AGE_S"))
    held = _mine
    if held is not None and held[0] == asked:
        return held[1]
    try:
        max_age_s = float(asked[1] or MAX_AGE_S)
        made = Router(where=home(), max_age_s=max_age_s, refresher=_refresh)
    except (OSError, ValueError):
        return None
    if not 0 < max_age_s <= _LONGEST_AGE_S:
        return None
    if held is not None:
        close(held[1])
    _mine = (asked, made)
    return made


def close(router: Router) -> None:
    """End its refresher, as soon as the store has answered it."""
    router.stop.set()
    router.wake.set()


def _refresh(router: Router) -> None:
    with _FORKING:
        from shadow.rollout.refreshing import keep_fresh
    keep_fresh(router)


def _before_fork() -> None:
    _forks.append(_FORKING.acquire(timeout=_PATIENCE_S))


def _after_fork() -> None:
    if _forks.pop():
        _FORKING.release()


def _begin_anew() -> None:
    """In the child: threads do not come along, and what they held would never be let go."""
    global _mine
    _mine = None
    _after_fork()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_begin_anew)
