"""What notices are made of: when a case could first be seen, which replays failed, and what was said before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select

from shadow.store.cases import IN_ONE, chunks
from shadow.store.decision_tables import outbox
from shadow.store.engine import Store
from shadow.store.registry import Experiment
from shadow.store.tables import observations, runs, taken

_LONGEST = 300  # characters of an error that are read


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message that was queued, sent or not: its key, what it is about, and when it was queued."""

    key: str
    about: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """When a case's replay was kept, and the end of the window of the run that took it; aware UTC."""

    at: datetime
    run_end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A replay that the candidate did not finish: how it ended, the start of its one-line error, when it was kept."""

    ending: str
    error: str
    at: datetime


def said_under(store: Store, prefix: str) -> list[Said]:
    """What was queued under keys that begin so, oldest first."""
    wanted = select(outbox.c.key, outbox.c.about, outbox.c.queued_at).where(
        outbox.c.key.startswith(prefix, autoescape=True)
    )
    with store.read() as connection:
        rows = connection.execute(wanted.order_by(outbox.c.id)).all()
    return [Said(key=key, about=about, at=at) for key, about, at in rows]


def replayed(store: Store, one: Experiment, ids: Sequence[str]) -> dict[str, Replayed]:
    """Of each of these cases that was replayed: when, and in which run's window."""
    found: dict[str, Replayed] = {}
    mine = and_(taken.c.experiment == observations.c.experiment, taken.c.case_id == observations.c.case_id)
    tables = observations.join(taken, mine).join(runs, runs.c.id == taken.c.run)
    wanted = select(observations.c.case_id, observations.c.finished_at, runs.c.end).select_from(tables)
    with store.read() as connection:
        for chunk in chunks(ids, IN_ONE):
            rows = connection.execute(
                wanted.where(observations.c.experiment == one.id, observations.c.case_id.in_(chunk))
            )
            found.update({key: Replayed(at=at, run_end=end) for key, at, end in rows})
    return found


def failed_replays(store: Store, one: Experiment) -> list[Failed]:
    """The experiment's replays that did not finish and are still kept, oldest first."""
    error = func.substr(observations.c.body["error"].as_string(), 1, _LONGEST)
    wanted = select(observations.c.ending, error, observations.c.finished_at).where(
        observations.c.experiment == one.id,
        observations.c.ending != "finished",
        observations.c.body.is_not(None),
    )
    with store.read() as connection:
        rows = connection.execute(wanted.order_by(observations.c.finished_at, observations.c.case_id)).all()
    return [Failed(ending=ending, error=said or "", at=at) for ending, said, at in rows]
