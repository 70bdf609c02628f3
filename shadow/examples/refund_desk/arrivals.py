"""Who writes to the desk, when and about what: drawn from a seed, with the mess that real intakes have."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random

from shadow.examples.refund_desk import texts

START = datetime(2026, 9, 7, tzinfo=UTC)  # a Monday
CASES = 10_000  # in 28 days at scale 1
_CUSTOMERS = 14_000  # who might write; about 5,500 of them do
_WEEK = (1.15, 1.10, 1.05, 1.0, 1.0, 0.85, 0.6)
_COUNTRIES = (("DE", 0.31), ("FR", 0.18), ("GB", 0.21), ("US", 0.17), ("NL", 0.08), ("ES", 0.05))
_CURRENCY = {"GB": "GBP", "US": "USD"}
_CHANNELS = (("web", 0.52), ("mail", 0.29), ("phone", 0.19))
_SUNDAY = (("web", 0.34), ("mail", 0.61), ("phone", 0.05))
_HOURS = (1, 1, 0, 0, 0, 1, 2, 4, 8, 11, 12, 11, 9, 9, 10, 10, 9, 8, 7, 7, 6, 5, 3, 2)
_CONDITIONS = (("unused", 0.44), ("opened", 0.27), ("damaged", 0.25), ("", 0.04))
_MALFORMED = ("no customer", "unknown currency", "negative claim")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A customer."""

    customer_id: str
    name: str
    email: str | None
    country: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a customer bought; delivered before they complain."""

    order_id: str
    customer_id: str
    total_minor: int
    currency: str
    delivered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One ticket as it comes in.

    Attributes:
        order: the order meant; `named` says whether the customer names it.
        again_at: when the same ticket is taken in a second time; None for most.
        malformed: what is broken in the intake row; empty for most. The ticket itself is sound.
    """

    ticket_id: str
    arrived_at: datetime
    person: Person
    order: Order
    named: bool
    channel: str
    country: str | None
    condition: str | None
    claim_minor: int | None
    currency: str
    subject: str | None
    message: str
    again_at: datetime | None = None
    malformed: str = ""


def people(rng: Random, *, cases: int) -> tuple[list[Person], list[float]]:
    """Everybody who might write, with the running sums of their gamma propensities."""
    count = max(8, round(_CUSTOMERS * cases / CASES))
    persons = [_person(rng, n) for n in range(count)]
    return persons, list(accumulate(rng.gammavariate(1.0, 1.0) for _ in persons))


def _person(rng: Random, n: int) -> Person:
    name = f"{rng.choice(texts.FIRST)} {rng.choice(texts.LAST)}"
    email = f"customer{n}@example.org" if rng.random() > 0.05 else None
    return Person(customer_id=f"C{n:05d}", name=name, email=email, country=pick(rng, _COUNTRIES))


def incoming(seed: int, *, days: int, scale: float) -> Iterator[Incoming]:
    """All tickets of the window in the order of arrival; equal for equal arguments."""
    rng = Random(f"{seed}:arrivals")
    cases = CASES * scale
    persons, weights = people(rng, cases=round(cases))
    number = 0
    for day in range(days):
        midnight = START + timedelta(days=day)
        volume = cases / 4 * _WEEK[midnight.weekday()] / sum(_WEEK)
        previous: Incoming | None = None
        for at in _moments(rng, midnight, round(volume * rng.uniform(0.98, 1.02))):
            number += 1
            burst = previous is not None and rng.random() < 0.11
            person = previous.person if burst and previous else persons[bisect(weights, rng.random() * weights[-1])]
            ticket = draw(rng, at=at, person=person, number=number)
            same_order = rng.random() < (0.3 if burst else 0.006)  # asked twice, or somebody else's number typed
            if previous is not None and same_order:
                ticket = replace(ticket, order=previous.order, currency=previous.order.currency)
            yield ticket
            previous = ticket


def _moments(rng: Random, midnight: datetime, count: int) -> list[datetime]:
    hours = rng.choices(range(24), weights=_HOURS, k=count)
    return sorted(midnight + timedelta(hours=hour, seconds=rng.randrange(3600)) for hour in hours)


def draw(rng: Random, *, at: datetime, person: Person, number: int, prefix: str = "T") -> Incoming:
    """One ticket of one person."""
    ticket_id = f"{prefix}{number:05d}-{rng.randrange(4096):03x}"
    order = _order(rng, person, at, f"{prefix.replace('T', 'O')}{number:05d}")
    channel = pick(rng, _SUNDAY if at.weekday() == 6 else _CHANNELS)
    subject, message = _words(rng, channel)
    ticket = Incoming(
        ticket_id=ticket_id, arrived_at=at, person=person, order=order, channel=channel,
        named=rng.random() > 0.035, country=person.country if rng.random() > 0.012 else None,
        condition=pick(rng, _CONDITIONS) or None, claim_minor=_claim(rng, order), currency=order.currency,
        subject=subject, message=message,
    )  # fmt: skip
    return _other(rng, _foreign(rng, _broken(rng, ticket)))


def _order(rng: Random, person: Person, at: datetime, order_id: str) -> Order:
    total = min(90_000, max(800, round(rng.lognormvariate(4.0, 0.8) * 100)))
    days = rng.uniform(1, 29) if rng.random() < 0.75 else rng.uniform(31, 75)
    delivered = (at - timedelta(days=days)).replace(microsecond=0)
    return Order(
        order_id=order_id, customer_id=person.customer_id, total_minor=total,
        currency=_CURRENCY.get(person.country, "EUR"), delivered_at=delivered,
    )  # fmt: skip


def _claim(rng: Random, order: Order) -> int | None:
    u = rng.random()
    if u < 0.03:
        return None
    if u < 0.05:
        return 50_100 + rng.randrange(150_000)
    if u < 0.30:
        return max(100, round(order.total_minor * rng.uniform(0.3, 0.95)))
    return round(order.total_minor * (1.1 if u < 0.34 else 1.0))


def _words(rng: Random, channel: str) -> tuple[str | None, str]:
    subject, message = rng.choice(texts.ASKS)
    if channel == "mail" and rng.random() < 0.01:
        message += texts.INJECTED
    return (subject if rng.random() > 0.04 else None), message


def _broken(rng: Random, ticket: Incoming) -> Incoming:
    u = rng.random()
    if u < 0.008:
        return replace(ticket, malformed=rng.choice(_MALFORMED))
    if u < 0.016:
        latest = ticket.arrived_at.replace(hour=23, minute=59, second=59)
        again = ticket.arrived_at + timedelta(seconds=rng.randrange(0, 1200))
        return replace(ticket, again_at=min(latest, again))
    return ticket


def _foreign(rng: Random, ticket: Incoming) -> Incoming:
    if rng.random() >= 0.05 or ticket.claim_minor is None:
        return ticket
    return replace(ticket, currency=rng.choice([c for c in ("EUR", "GBP", "USD") if c != ticket.currency]))


def _other(rng: Random, ticket: Incoming) -> Incoming:
    if ticket.channel == "phone" or rng.random() >= 0.06:
        return ticket
    subject, message = rng.choice(texts.OTHERS)
    return replace(ticket, subject=subject, message=message, claim_minor=None, named=False)


def pick(rng: Random, table: tuple[tuple[str, float], ...]) -> str:
    """One name of the table, by its shares, which sum to 1."""
    u = rng.random()
    for name, share in table:
        u -= share
        if u < 0:
            return name
    return table[-1][0]
