"""Replay one shard: each case through the candidate once, committed as it finishes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

from shadow.case import Case
from shadow.doors.tools import unanswered
from shadow.errors import CandidateError, SourceError
from shadow.observation import Observation
from shadow.replay import Replay
from shadow.replay import replay as replay_cases
from shadow.setup import Setup
from shadow.steps.beginning import Clock, utc_now
from shadow.steps.holding import Hold, Teller, door_of, hold, telling
from shadow.steps.inputs import clear_cases
from shadow.store import Store
from shadow.store.leases import take
from shadow.store.registry import Run, experiment, note_run, run
from shadow.store.replays import Shard, open_cases, save_dead_letter, save_observations

Progress = Callable[[int, int], None]
CHANGED = "its input is no longer what was collected"


def never() -> bool:
    """Nobody asks to stop."""
    return False


def quiet(done: int, of: int) -> None:
    """Nobody watches the progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """What every commit of this shard needs."""

    store: Store
    setup: Setup
    shard: Shard
    clock: Clock

    def keep(self, case: Case, seen: Observation) -> int:
        return save_observations(self.store, self.shard, [(case, seen)], now=self.clock())

    def bury(self, case: Case, reason: str, context: dict[str, Any]) -> None:
        run = self.shard.run.id
        whole = {"run": run, "arrived_at": case.arrived_at.isoformat(), "input": dict(case.input), **context}
        save_dead_letter(self.store, self.shard, case, reason=reason, context=whole, now=self.clock())


def replay(
    store: Store,
    setup: Setup,
    run_id: str,
    shard: int,
    *,
    holder: str,
    stop: Callable[[], bool] = never,
    progress: Progress = quiet,
    give_up: bool = True,
    clock: Clock = utc_now,
) -> dict[str, int]:
    """Replay the shard's open cases under a fenced lease; finished ones are never repeated.

    Args:
        holder: who asks, for the lease's record.
        stop: once true, no case is started and those in flight are ended; they stay open.
        give_up: make dead letters of cases whose tools could not answer; else leave them open for a retry.

    Returns:
        replayed, dead (new dead letters), left (still open).

    Raises:
        LeaseLost: a younger attempt has taken the shard; it goes on, this one stops.
        CandidateError: the candidate cannot be loaded, or is no longer what was pinned.
        ContainmentUnavailable: it cannot be held as asked here; nothing of it was run.
        SourceError: tools could not answer in some cases, which are left open.
    """
    one = run(store, run_id)
    lease = take(store, one.experiment, f"replay:{one.id}:{shard}", holder=holder, now=clock())
    ids = open_cases(store, one, shard)
    if not ids:
        return {"replayed": 0, "dead": 0, "left": 0}
    _still_pinned(store, setup, one)
    contract = setup.contract
    shard_of = Shard(run=one, lease=lease, redactor=store.redactor(contract.redact), keep=contract.keep)
    mine = _Work(store=store, setup=setup, shard=shard_of, clock=clock)
    ready, changed = clear_cases(store, setup, ids)
    for case in changed:
        mine.bury(case, CHANGED, {})
    replayed, unserved = _take_through(mine, ready, stop=stop, progress=progress)
    if unserved and not give_up:
        raise _unserved(one, unserved)
    for case, seen in unserved:
        mine.bury(case, f"no answer from {', '.join(unanswered(seen))}", {"observation": seen.to_json()})
    dead = len(changed) + len(unserved)
    return {"replayed": replayed, "dead": dead, "left": len(ids) - replayed - dead}


def _take_through(
    mine: _Work, ready: Sequence[Case], *, stop: Callable[[], bool], progress: Progress
) -> tuple[int, list[tuple[Case, Observation]]]:
    """How many were kept, and the cases in which a tool could not answer: what followed says nothing."""
    run = mine.shard.run
    label = experiment(mine.store, run.experiment).label
    replayed, unserved = 0, []
    held, setup = hold(mine.store, mine.clock), mine.setup
    found = replay_cases(
        ready,
        setup.candidate(label),
        contract=setup.contract,
        bindings=setup.bindings,
        experiment=run.experiment,
        limits=setup.limits,
        stop=stop,
        isolation=held.isolation,
        sandbox=held.sandbox,
        network=door_of(mine.store, setup, mine.shard),
    )
    mine = replace(mine, shard=replace(mine.shard, isolation=found.isolation))
    with found, _told(mine, held, found) as teller:
        for case, seen in found:
            if unanswered(seen):
                unserved.append((case, seen))
            else:
                replayed += mine.keep(case, seen)
            teller.case()
            progress(replayed, len(ready))
        note_run(mine.store, run.id, isolation=found.isolation, mode=found.mode)
    return replayed, unserved


def _told(mine: _Work, held: Hold, found: Replay) -> AbstractContextManager[Teller]:
    return telling(mine.store, mine.shard, held.known, found, bindings=mine.setup.bindings, clock=mine.clock)


def _unserved(one: Run, unserved: Sequence[tuple[Case, Observation]]) -> SourceError:
    tools = sorted({tool for _, seen in unserved for tool in unanswered(seen)})
    return SourceError(
        "tools could not answer",
        where=f"{one.workflow}: run {one.id}",
        seen=f"{', '.join(tools)} in {len(unserved)} cases, as {unserved[0][0].id}",
        todo="check the connections that these tools are bound to; the cases are left open",
    )


def _still_pinned(store: Store, setup: Setup, one: Run) -> None:
    held = experiment(store, one.experiment)
    pin = setup.candidate(held.label).pin
    if pin != held.pin:
        raise CandidateError(
            "the candidate has changed since the run began",
            where=f"{one.workflow}: {held.label}",
            seen=f"pin {pin[:12]}",
            allowed=held.pin[:12],
            todo="give the changed version a new label",
        )
