"""Bringing route files up to date from the store; the only part of a route that knows a database."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from shadow.errors import ShadowError, StoreError
from shadow.places import home
from shadow.rollout.deciding import INTERVAL_S, Router
from shadow.rollout.known import Known, read_known, write_known
from shadow.rollout.places import lock_file, route_file
from shadow.store.engine import Store, exists, open_store
from shadow.store.ledger import Event, entries
from shadow.store.stages import StageRow, stage_of

_FAILURES = (ShadowError, SQLAlchemyError, OSError, ValueError, TypeError, KeyError)
_inside = threading.Lock()  # the file lock below is a process's own, so its threads need another


def keep_fresh(router: Router) -> None:
    """Until it is stopped: every two seconds, all files that this process asks about."""
    store: Store | None = None
    while not router.stop.is_set():
        router.wake.clear()
        store = refresh_all(router, store)
        router.rounds += 1
        router.wake.wait(INTERVAL_S)


def refresh_all(router: Router, store: Store | None) -> Store | None:
    """One round; the store, to be used in the next one, or None where it could not be opened."""
    for workflow in tuple(router.watched):
        try:
            store = refresh_one(router.where, workflow, store, wall=router.clocks.wall)
        except OSError:  # the file cannot be written: it grows old, and the control gets everything
            continue
    return store


def refresh_one(
    where: str, workflow: str, store: Store | None, *, wall: Callable[[], float] = time.time, wait: bool = False
) -> Store | None:
    """One workflow's file, unless another process has just seen to it; where the store fails, that is written down.

    Raises:
        OSError: the file cannot be written.
    """
    with _alone(where, wait=wait) as mine:
        if not mine or _new_enough(route_file(where, workflow), wall()):
            return store  # another process asks, or has just asked
        try:
            if not exists():
                raise StoreError("there is no store", todo="set SHADOW_HOME or SHADOW_STORE_URL as elsewhere")
            store = store or open_store()
            known = look(store, workflow, at=wall())
            store.close()  # the next round opens the file that is there then, not the one that was there today
        except _FAILURES as error:
            known, store = _unreached(workflow, error, at=wall()), None
        write_known(route_file(where, workflow), known)
        return store


def refresh(store: Store, workflow: str) -> Known:
    """Have this machine know at once what the store says, and not within two seconds.

    Raises:
        StoreError: the stage is not what the ledger says, or the route file cannot be written.
    """
    where = home()
    try:
        with _alone(where, wait=True):
            known = look(store, workflow, at=time.time())
            write_known(route_file(where, workflow), known)
            return known
    except OSError as error:
        raise StoreError(
            "this machine's route file cannot be written",
            where=route_file(where, workflow),
            seen=str(error),
            todo=f"set SHADOW_KILL={workflow} where routes are asked for, or wait: what is old is not followed",
        ) from error


def look(store: Store, workflow: str, *, at: float) -> Known:
    """What the store says of the workflow's stage.

    Raises:
        StoreError: the stage gives the candidate keys and the ledger does not say so.
    """
    row = stage_of(store, workflow)
    if row is not None and row.share > 0 and not _recorded(store, row):
        raise StoreError(
            "the stage is not what the ledger says",
            where=f"{workflow}: stage {row.number}",
            todo="look at `shadow audit verify`, then roll back",
        )
    return Known(
        workflow=workflow,
        stage=str(row.stage) if row else "shadow",
        share=row.share if row else 0,
        experiment=row.experiment if row else "",
        number=row.number if row else 0,
        demonstration=row.demonstration if row else False,
        reached=True,
        why="",
        written_at=at,
    )


def _recorded(store: Store, row: StageRow) -> bool:
    """Whether the ledger has a promotion that says the same."""
    wanted = {name: getattr(row, name) for name in ("number", "share", "experiment", "demonstration")}
    wanted["to"] = str(row.stage)
    found = [one for one in entries(store, subject=row.request) if one.seq == row.seq]
    return any(
        one.event is Event.PROMOTED
        and one.workflow == row.workflow
        and {name: one.body.get(name) for name in wanted} == wanted
        for one in found
    )


def _unreached(workflow: str, error: BaseException, *, at: float) -> Known:
    return Known(
        workflow=workflow,
        stage="",
        share=0,
        experiment="",
        number=0,
        demonstration=False,
        reached=False,
        why=(str(error).splitlines() or [""])[0][:200],
        written_at=at,
    )


def _new_enough(path: str, wall: float) -> bool:
    try:
        _, known = read_known(path)
    except OSError:
        return False
    return known is not None and known.reached and 0 <= wall - known.written_at < INTERVAL_S / 2


@contextmanager
def _alone(where: str, *, wait: bool) -> Iterator[bool]:
    """The machine's only one at the route files; without waiting, False where somebody else is."""
    path = Path(lock_file(where))
    path.parent.mkdir(parents=True, exist_ok=True)
    if not _inside.acquire(blocking=wait):
        yield False
        return
    try:
        with path.open("w") as file:
            yield _locked(file.fileno(), wait=wait)
    finally:
        _inside.release()


def _locked(handle: int, *, wait: bool) -> bool:
    try:
        fcntl.lockf(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        if wait:
            raise
        return False
    return True


os.register_at_fork(after_in_child=lambda: globals().update(_inside=threading.Lock()))
