"""When the control's writes happen: most cases settle on the day, the rest within five days, a few never."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from random import Random

from shadow.examples.refund_desk import policy, work
from shadow.examples.refund_desk.arrivals import Incoming
from shadow.examples.refund_desk.control import Decided
from shadow.examples.refund_desk.policy import Plan
from shadow.examples.refund_desk.world import text

Write = Callable[..., None]  # write(world, at=moment as text)
Step = tuple[str, Write]

_NEVER = 0.003
_FAST = 0.60  # of the cases with time left on their day
_LATEST = timedelta(days=4, hours=22)  # after arrival: strictly within the five days that the contract grants
_OWED = frozenset({"declined in time", "slip of the pen", "refund forgotten"})


def began_at(ticket: Incoming, rng: Random) -> datetime:
    """When somebody takes the ticket up: minutes to some hours after it came."""
    minutes = rng.uniform(5, 150) if ticket.channel == "mail" else rng.uniform(1, 40)
    return ticket.arrived_at + timedelta(seconds=round(minutes * 60))


def steps(ticket: Incoming, decided: Decided, *, began: datetime, rng: Random) -> list[Step]:
    """The desk's writes for one case with their moments, rising, all after `began`; none for a case never settled."""
    if rng.random() < _NEVER:
        return []
    settled = _settled_at(ticket.arrived_at, began, rng)
    writes: list[Write] = [*effects(ticket, decided.plan), partial(work.settle, ticket=ticket, plan=decided.plan)]
    return _timed(writes, settled, room=settled - began, rng=rng)


def effects(ticket: Incoming, plan: Plan) -> list[Write]:
    """A plan's effects in the order in which people make them."""
    done: list[Write] = [
        partial(work.refund, ticket=ticket, amount=amount, currency=plan.currency) for amount in plan.refunds
    ]
    if plan.mark:
        done.append(partial(work.mark, ticket=ticket, status=plan.mark))
    done += [partial(work.mail, ticket=ticket, template=template) for template in plan.mails]
    done += [partial(work.close, ticket=ticket)] * plan.closings
    if plan.decision == "escalate":
        done.append(partial(work.escalate, ticket=ticket, reason=plan.reason))
    return done


def correction(ticket: Incoming, decided: Decided, *, settled: datetime, rng: Random) -> list[Step]:
    """What is put right some days later, in about 0.5 % of cases; empty for the rest."""
    later = settled + timedelta(hours=rng.uniform(12, 48))
    if decided.mistake in _OWED and rng.random() < 0.3:
        return _timed(_made_up_for(ticket, decided), later, room=timedelta(hours=1), rng=rng)
    if rng.random() < 0.0015:
        again = replace(decided.plan, reason=f"looked at again by a lead, stays: {decided.plan.decision}")
        return [(text(later), partial(work.settle, ticket=ticket, plan=again))]
    return []


def _made_up_for(ticket: Incoming, decided: Decided) -> list[Write]:
    right, done = decided.right, decided.plan
    owed = right.amount - sum(done.refunds, policy.NO_MONEY)
    writes: list[Write] = [partial(work.refund, ticket=ticket, amount=owed, currency=right.currency)]
    if right.mark != done.mark:
        writes.append(partial(work.mark, ticket=ticket, status=right.mark))
    writes += [partial(work.mail, ticket=ticket, template=mail) for mail in right.mails if mail not in done.mails]
    return [*writes, partial(work.settle, ticket=ticket, plan=right)]


def _settled_at(arrived: datetime, began: datetime, rng: Random) -> datetime:
    midnight = arrived.replace(hour=23, minute=58, second=0)
    left = midnight - began
    if left > timedelta(minutes=20) and rng.random() < _FAST:
        return began + timedelta(minutes=15) + min(left - timedelta(minutes=20), timedelta(hours=5)) * rng.random()
    days = rng.uniform(0.6, 2) if rng.random() < 0.6 else rng.uniform(2, 4.9)
    return max(began + timedelta(minutes=15), min(arrived + timedelta(days=days), arrived + _LATEST))


def _timed(writes: list[Write], last: datetime, *, room: timedelta, rng: Random) -> list[Step]:
    gap = min(timedelta(minutes=rng.uniform(0.5, 3)), room / (len(writes) + 1))
    first = last - gap * (len(writes) - 1)
    return [(text(first + gap * n), write) for n, write in enumerate(writes)]
