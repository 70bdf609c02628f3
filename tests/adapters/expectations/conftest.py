"""A synthetic desk: daily windows with a weekday profile, missing fields, doubled rows, three currencies."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shadow.adapters.expectations.profile import Profile, profile_of
from shadow.adapters.expectations.table import table
from shadow.adapters.expectations.validate import Validation, validate
from shadow.case import Arrival
from shadow.contract.model import Contract
from shadow.contract.parts import read, write

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
DAY = timedelta(days=1)
CURRENCIES = {"EUR": (0.6, 40.0), "USD": (0.28, 55.0), "GBP": (0.12, 30.0)}
CHANNELS = {"mail": 0.45, "chat": 0.3, "phone": 0.15, "form": 0.1}
SUNDAY_CHANNELS = {"mail": 0.8, "chat": 0.15, "form": 0.05}
COUNTRIES = {f"C{place}": 1 / place for place in range(1, 13)}
ACCEPTS = {
    "type": "object",
    "required": ["customer_id", "order_id", "amount", "currency", "channel"],
    "properties": {
        "customer_id": {"type": "string"},
        "order_id": {"type": "string"},
        "amount": {"type": "string"},
        "currency": {"type": "string"},
        "channel": {"type": "string"},
        "country": {"type": ["string", "null"]},
        "items": {"type": "integer", "minimum": 1, "maximum": 50},
        "message": {"type": "string"},
        "customer": {
            "type": "object",
            "properties": {"tier": {"type": "string"}, "phone": {"type": ["string", "null"]}},
        },
    },
}


def make_contract(**changes: Any) -> Contract:
    """The desk's contract; keywords replace its fields."""
    given: dict[str, Any] = {
        "workflow": "desk",
        "owner": "team",
        "unit": "customer_id",
        "accepts": ACCEPTS,
        "produces": {"type": "object"},
        "tools": (
            read("orders.get", entity="order", key="order_id"),
            write(
                "refund.issue",
                entity="order",
                key="order_id",
                reversible=False,
                money=("amount", "currency"),
            ),
        ),
        "compare": {},
        "gates": (),
        "slices": ("country", "channel"),
        "redact": ("phone",),
    }
    return Contract(**{**given, **changes})


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One seed's world: what tests ask of it."""

    seed: int
    contract: Contract
    daily: float = 357
    known: dict[int, Profile] = field(default_factory=dict)

    def window(self, day: int) -> tuple[datetime, datetime]:
        """The window of a day counted from a Monday."""
        return MONDAY + day * DAY, MONDAY + (day + 1) * DAY

    def arrivals(self, day: int) -> list[Arrival]:
        """A sound window's rows in order of arrival, doubled ones included."""
        rng = random.Random(f"{self.seed}/{day}")
        mean = self.daily * (0.6 if day % 7 == 6 else 1.0)
        # A binomial of many small chances: Poisson to every digit that matters here.
        count = sum(rng.random() < mean / 4000 for _ in range(4000))
        rows = [self._row(rng, day, place) for place in range(count)]
        rows += [row for row in rows if rng.random() < 0.005]
        return sorted(rows, key=lambda row: row.arrived_at)

    def profiles(self, days: range) -> list[Profile]:
        """The profiles of sound windows."""
        return [self.profile(day) for day in days]

    def profile(self, day: int) -> Profile:
        """One sound window's profile; made once."""
        if day not in self.known:
            data = table(self.arrivals(day), contract=self.contract, window=self.window(day))
            self.known[day] = profile_of(data)
        return self.known[day]

    def validate(self, day: int, rows: list[Arrival], *, since: int = 0) -> Validation:
        """Hold rows to the sound windows from `since` to the day before."""
        reference = self.profiles(range(since, day))
        return validate(rows, contract=self.contract, window=self.window(day), reference=reference)

    def _row(self, rng: random.Random, day: int, place: int) -> Arrival:
        night = rng.random() < 0.15
        hour = rng.uniform(0, 24) if night else min(23.99, max(0.0, rng.gauss(14, 3.5)))
        at = MONDAY + day * DAY + timedelta(hours=hour)
        return Arrival(id=f"{day}-{place}", arrived_at=at, began_at=at, input=self._input(rng, day))

    def _input(self, rng: random.Random, day: int) -> dict[str, Any]:
        currency = _pick(rng, {name: share for name, (share, _) in CURRENCIES.items()})
        amount = CURRENCIES[currency][1] * rng.lognormvariate(0, 1)
        channel = _pick(rng, SUNDAY_CHANNELS if day % 7 == 6 else CHANNELS)
        found: dict[str, Any] = {
            "customer_id": f"u{rng.randrange(5500)}",
            "order_id": f"{rng.randrange(10**8)}",
            "amount": f"{amount:.2f}",
            "currency": currency,
            "channel": channel,
            "country": _pick(rng, COUNTRIES),
            "items": min(50, 1 + int(rng.expovariate(0.7))),
            "message": f"please look at {rng.random()}",
            "customer": {
                "tier": _pick(rng, {"basic": 0.8, "gold": 0.2}),
                "phone": f"+49 {rng.random()}" if channel == "phone" else None,
            },
        }
        for name in ("order_id", "amount", "currency", "country", "message"):
            if rng.random() < 0.015:
                found[name] = rng.choice([None, None, ""])
        return found


def _pick(rng: random.Random, shares: dict[str, float]) -> str:
    return rng.choices(list(shares), weights=list(shares.values()))[0]


@pytest.fixture(scope="session")
def desk() -> Callable[..., Desk]:
    """Makes a desk from a seed; other keywords replace fields of the contract."""
    known: dict[str, Desk] = {}

    def make(seed: int, *, daily: float = 357, **changes: Any) -> Desk:
        key = f"{seed}/{daily}/{changes!r}"
        return known.setdefault(key, Desk(seed=seed, contract=make_contract(**changes), daily=daily))

    return make


@pytest.fixture
def changed() -> Callable[..., list[Arrival]]:
    """Replaces input fields of the rows that a test picks: `changed(rows, pick, amount=lambda old: …)`."""

    def change(
        rows: list[Arrival], pick: Callable[[int, Arrival], bool], **fields: Callable[[Any], Any]
    ) -> list[Arrival]:
        def one(row: Arrival) -> Arrival:
            fresh = {name: make(row.input.get(name)) for name, make in fields.items()}
            return replace(row, input={**row.input, **fresh})

        return [one(row) if pick(place, row) else row for place, row in enumerate(rows)]

    return change
