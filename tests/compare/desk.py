"""A small refund desk for these tests: its contract, what an honest side does, and faults to plant."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from comparators.exact import exact
from comparators.numeric import numeric
from shadow.case import Case
from shadow.contract.model import Contract, Severity
from shadow.contract.parts import critical, effect, major, minor, read, stop, write
from shadow.observation import Effect, Ending, Observation

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)

CONTRACT = Contract(
    workflow="refund-desk",
    owner="ops",
    unit="customer",
    accepts={"type": "object"},
    produces={
        "type": "object",
        "required": ["decision", "amount"],
        "properties": {
            "decision": {"enum": ["approve", "deny", "escalate"]},
            "amount": {"type": ["string", "number", "null"]},
        },
    },
    tools=(
        read("orders.get", entity="order", key="order"),
        read("policy.get"),
        write("refund.issue", entity="order", key="order", reversible=False, money=("amount", "currency")),
        write("mail.send", entity="mail", key=("to", "template"), reversible=False),
        write("ticket.close", entity="ticket", key="ticket", reversible=True),
    ),
    stops=(
        stop(
            "the claim is over 500",
            on="input",
            when={"required": ["claim"], "properties": {"claim": {"exclusiveMinimum": 500}}},
            escalate_to="#leads",
        ),
    ),
    compare={
        "decision": critical(exact()),
        "amount": major(numeric(abs_tol="0.01")),
        "refund.issue": critical(effect(amount=numeric(abs_tol="0.01"))),
        "mail.send": major(effect(ignore=["body"])),
        "ticket.close": minor(effect()),
    },
    gates=(),
    failure=Severity.MAJOR,
    slices=("country", "channel"),
)


def case(name: str = "c1", **given: Any) -> Case:
    """One case that began at nine."""
    return Case(id=name, unit="u1", arrived_at=NOW, began_at=NOW, input={"claim": 20, **given})


def side(value: Mapping[str, Any] | None = None, *effects: Effect, **more: Any) -> Observation:
    """A finished observation."""
    given = {"decision": "deny", "amount": None} if value is None else value
    return Observation(ending=Ending.FINISHED, value=given, effects=effects, **more)


def refund(amount: Any = "20.00", order: Any = "o1", currency: str = "EUR", at: datetime | None = None) -> Effect:
    """A refund on either side."""
    return Effect(tool="refund.issue", args={"order": order, "amount": amount, "currency": currency}, at=at)


@dataclass
class Deed:
    """What a simulated side is about to do; faults change it."""

    decision: str
    amount: float | None
    refund: float | None
    template: str | None
    closes: bool

    def observation(self, name: str) -> Observation:
        effects = []
        if self.refund is not None:
            effects.append(refund(f"{self.refund:.2f}", order=name))
        if self.template is not None:
            effects.append(Effect(tool="mail.send", args={"to": name, "template": self.template, "body": "hi"}))
        if self.closes:
            effects.append(Effect(tool="ticket.close", args={"ticket": name}))
        amount = None if self.amount is None else f"{self.amount:.2f}"
        return side({"decision": self.decision, "amount": amount}, *effects)


def honest(rng: random.Random) -> Deed:
    """What the policy says about a random case."""
    draw = rng.random()
    decision = "approve" if draw < 0.6 else "deny" if draw < 0.9 else "escalate"
    amount = round(rng.uniform(5, 200), 2) if decision == "approve" else None
    template = {"approve": "paid", "deny": "sorry"}.get(decision) if rng.random() < 0.8 else None
    return Deed(decision, amount, amount, template, decision != "escalate")


def decide(deed: Deed, decision: str) -> None:
    """Another decision, with all that follows from it."""
    amount = 42.0 if decision == "approve" else None
    deed.decision, deed.amount, deed.refund = decision, amount, amount
    deed.template = {"approve": "paid", "deny": "sorry"}.get(decision) if deed.template else None
    deed.closes = decision != "escalate"


def pay(deed: Deed, factor: float) -> None:
    """Another amount, in the value and the refund."""
    deed.amount = deed.refund = round((deed.amount or 0) * factor, 2)


def put(deed: Deed, **changed: Any) -> None:
    """One effect alone."""
    for name, value in changed.items():
        setattr(deed, name, value)


Possible = Callable[[Deed], bool]
Change = Callable[[Deed], None]

# (place, direction): in which cases it is possible, and what the candidate then does.
FAMILY: dict[tuple[str, str], tuple[Possible, Change]] = {
    ("decision", "approve -> deny"): (lambda d: d.decision == "approve", lambda d: decide(d, "deny")),
    ("decision", "deny -> approve"): (lambda d: d.decision == "deny", lambda d: decide(d, "approve")),
    ("decision", "approve -> escalate"): (lambda d: d.decision == "approve", lambda d: decide(d, "escalate")),
    ("amount", "higher"): (lambda d: d.amount is not None, lambda d: pay(d, 1.2)),
    ("amount", "lower"): (lambda d: d.amount is not None, lambda d: pay(d, 0.8)),
    ("refund.issue", "missing"): (lambda d: d.refund is not None, lambda d: put(d, refund=None)),
    ("refund.issue", "extra"): (lambda d: d.refund is None, lambda d: put(d, refund=9.0)),
    ("refund.issue", "changed"): (lambda d: d.refund is not None, lambda d: put(d, refund=7.77)),
    ("mail.send", "missing"): (lambda d: d.template is not None, lambda d: put(d, template=None)),
    ("mail.send", "extra"): (lambda d: d.template is None, lambda d: put(d, template="news")),
    ("mail.send", "changed"): (lambda d: d.template is not None, lambda d: put(d, template="other")),
    ("ticket.close", "missing"): (lambda d: d.closes, lambda d: put(d, closes=False)),
    ("ticket.close", "extra"): (lambda d: not d.closes, lambda d: put(d, closes=True)),
}
SLICES = {
    "country": {"DE": 0.4, "FR": 0.3, "NL": 0.2, "US": 0.1},
    "channel": {"mail": 0.6, "chat": 0.3, "phone": 0.1},
}


@dataclass(frozen=True)
class Fault:
    """A planted fault."""

    place: str
    direction: str
    slice: tuple[str, str] | None
    rate: float


@dataclass(frozen=True)
class Played:
    """One simulated case."""

    name: str
    slices: dict[str, str]
    control: Observation
    candidate: Observation
    control_wrong: bool
    hit: tuple[Fault, ...]
    own: tuple[str, str] | None


def faults(rng: random.Random, many: int) -> list[Fault]:
    """Faults of different place and direction."""
    kinds = rng.sample(sorted(FAMILY), many)
    ones = [(name, value) for name, values in SLICES.items() for value in values]
    return [
        Fault(place, direction, rng.choice(ones) if rng.random() < 0.6 else None, rng.uniform(0.02, 0.15))
        for place, direction in kinds
    ]


def play(rng: random.Random, planted: list[Fault], cases: int) -> list[Played]:
    """A desk that is wrong in 2 % of its cases, and a candidate with 0.2 % of its own beside the faults."""
    return [_played(rng, planted, f"c{number:06d}") for number in range(cases)]


def _played(rng: random.Random, planted: list[Fault], name: str) -> Played:
    slices = {s: rng.choices(list(values), list(values.values()))[0] for s, values in SLICES.items()}
    control = honest(rng)
    candidate = Deed(control.decision, control.amount, control.refund, control.template, control.closes)
    wrong = rng.random() < 0.02 and bool(_any(rng, control))
    own = _any(rng, candidate) if rng.random() < 0.002 else None
    hit = []
    for fault in planted:
        possible, change = FAMILY[fault.place, fault.direction]
        there = fault.slice is None or slices[fault.slice[0]] == fault.slice[1]
        if there and possible(candidate) and rng.random() < fault.rate:
            change(candidate)
            hit.append(fault)
    return Played(name, slices, control.observation(name), candidate.observation(name), wrong, tuple(hit), own)


def _any(rng: random.Random, deed: Deed) -> tuple[str, str]:
    """Some error of the family; says which."""
    kind = rng.choice([kind for kind, (possible, _) in FAMILY.items() if possible(deed)])
    FAMILY[kind][1](deed)
    return kind
