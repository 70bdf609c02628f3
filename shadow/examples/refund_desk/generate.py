"""Build a world from a seed: the desk works four weeks, event by event, in one database."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from heapq import heappop, heappush
from pathlib import Path
from random import Random
from typing import Any

from shadow.examples.refund_desk import arrivals, control, looking, schedule, work, world
from shadow.examples.refund_desk.arrivals import Incoming
from shadow.examples.refund_desk.policy import Facts, Plan
from shadow.examples.refund_desk.world import moment, text

AFTER_DAYS = 6  # the generated desk works on so long after its last arrival; the live worker begins then

OnView = Callable[[str, datetime, Facts], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What only tests may know of a world.

    Attributes:
        right: case to the plan that the policy asks for.
        mistakes: case to the control's exception, its severity and whether it was put right later.
        doubled, malformed, injected, never: case ids of each kind of mess, in order of arrival.
    """

    right: dict[str, Plan] = field(default_factory=dict)
    mistakes: dict[str, dict[str, Any]] = field(default_factory=dict)
    doubled: list[str] = field(default_factory=list)
    malformed: list[str] = field(default_factory=list)
    injected: list[str] = field(default_factory=list)
    never: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class _Desk:
    """The generator's calendar: writes before beginnings at the same moment, then in the order of planning."""

    world: sqlite3.Connection
    seed: int
    truth: Truth
    on_view: OnView | None
    events: list[tuple[str, int, int, Callable[..., None]]] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    planned: int = 0

    def plan(self, at: str, act: Callable[..., None], *, rank: int = 0) -> None:
        """Do `act(world, at=at)` at that moment."""
        self.planned += 1
        heappush(self.events, (at, rank, self.planned, act))


def build(path: Path, *, seed: int, days: int = 28, scale: float = 1.0, on_view: OnView | None = None) -> Truth:
    """Write a world to `path`, which must not exist, and say what is true of it.

    Args:
        days: arrival days from 2026-09-07 on, 1 to 28.
        scale: share of the full volume of about 10,000 cases in 28 days, > 0.
        on_view: told the facts that the control saw when it began each case.
    """
    about = {"seed": str(seed), "days": str(days), "scale": str(scale), "start": text(arrivals.START)}
    connection = world.create(path, writer="generator", about=about)
    try:
        with world.transaction(connection):
            truth = _live_through(connection, seed=seed, days=days, scale=scale, on_view=on_view)
        connection.execute("analyze")
        connection.execute("pragma wal_checkpoint(truncate)")
    finally:
        connection.close()
    return truth


def _live_through(
    connection: sqlite3.Connection, *, seed: int, days: int, scale: float, on_view: OnView | None
) -> Truth:
    desk = _Desk(world=connection, seed=seed, truth=Truth(), on_view=on_view)
    for ticket in arrivals.incoming(seed, days=days, scale=scale):
        _expect(desk, ticket, Random(f"{seed}:{ticket.ticket_id}"))
    while desk.events:
        at, _, _, act = heappop(desk.events)
        act(connection, at=at)
    return desk.truth


def _expect(desk: _Desk, ticket: Incoming, rng: Random) -> None:
    _meet(desk, ticket, rng)
    desk.plan(text(ticket.arrived_at), partial(work.take_in, ticket=ticket))
    if ticket.again_at is not None:
        desk.plan(text(ticket.again_at), partial(work.add_intake, ticket=ticket))
    began = schedule.began_at(ticket, rng)
    desk.plan(text(began), lambda *_, at: _begin(desk, ticket, began, rng), rank=1)
    _note_mess(desk.truth, ticket)


def _meet(desk: _Desk, ticket: Incoming, rng: Random) -> None:
    """The customer and the order, where the desk does not know them yet; some have a past."""
    person, order = ticket.person, ticket.order
    if person.customer_id not in desk.known:
        desk.known.add(person.customer_id)
        joined = arrivals.START - timedelta(days=400)
        desk.plan(text(joined), partial(work.add_person, person=person))
        if rng.random() < 0.03:
            flagged = arrivals.START + timedelta(days=rng.uniform(-30, 28))
            desk.plan(text(flagged), partial(work.flag, customer_id=person.customer_id))
    if order.order_id not in desk.known:
        desk.known.add(order.order_id)
        desk.plan(text(order.delivered_at), partial(work.add_order, order=order))


def _begin(desk: _Desk, ticket: Incoming, began: datetime, rng: Random) -> None:
    work.begin(desk.world, ticket.ticket_id, at=text(began))
    facts = looking.look(control.case_of(ticket), control.live(desk.world, began), now=began)
    if desk.on_view is not None:
        desk.on_view(ticket.ticket_id, began, facts)
    decided = control.judge(facts, channel=ticket.channel, rng=rng)
    steps = schedule.steps(ticket, decided, began=began, rng=rng)
    fixes = schedule.correction(ticket, decided, settled=moment(steps[-1][0]), rng=rng) if steps else []
    for at, write in [*steps, *fixes]:
        desk.plan(at, write)
    _note(desk.truth, ticket, decided, settled=bool(steps), corrected=bool(fixes))


def _note_mess(truth: Truth, ticket: Incoming) -> None:
    case = ticket.ticket_id
    if ticket.again_at is not None:
        truth.doubled.append(case)
    if ticket.malformed:
        truth.malformed.append(case)
    if "ignore your instructions" in ticket.message:
        truth.injected.append(case)


def _note(truth: Truth, ticket: Incoming, decided: control.Decided, *, settled: bool, corrected: bool) -> None:
    case = ticket.ticket_id
    truth.right[case] = decided.right
    if not settled:
        truth.never.append(case)
    elif decided.mistake:
        severity = "critical" if decided.critical else "major"
        truth.mistakes[case] = {"kind": decided.mistake, "severity": severity, "corrected": corrected}
