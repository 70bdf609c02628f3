"""A certificate: everything that is known of how one run, or several, held the candidate; and what that comes to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from enum import StrEnum
from functools import reduce
from typing import Any

from shadow.cage.preflight.model import LEAST_PROVEN
from shadow.certificate import counting
from shadow.certificate.counting import Counted
from shadow.certificate.model import Account, Shown, add, plain
from shadow.contract.digests import canonical
from shadow.errors import StoreError
from shadow.gates.verdict import enforced
from shadow.observation import Refusal, RefusalKind

FORMAT = 1  # raised when a field changes its meaning or goes away
KERNEL, EXTERNAL = "kernel", "external"  # what the isolation of an enforced attempt begins with


class Standing(StrEnum):
    """What a certificate comes to; where several are true, the first of these."""

    LEAKED = "leaked"  # something was seen to get through: an attack inside, a process that was not held
    VIOLATED = "tried to get out"  # the candidate tried to get past its doors
    UNKNOWN = "not known"  # something that would have to be known is not
    NOT_ENFORCED = "not enforced"  # nothing kept the candidate from anything
    HELD = "held"
    IDLE = "nothing was run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """How many attempts at shards there were; all of them, and of these:

    Attributes:
        unfinished: those that ended without their last word.
        unproven: enforced ones without a passing preflight, or an attestation in time, behind them.
        unseen: those in the kernel's cage of which no process was looked at.
    """

    all: int = 0
    unfinished: int = 0
    unproven: int = 0
    unseen: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What is known of one run, or of several together.

    Attributes:
        workflow, experiment, candidate, pin: whose.
        runs: their ids, sorted.
        start, end: aware UTC; the first arrivals' window begins, the last one ends.
        taken, open, dead: cases that these runs took; of these, not replayed yet; and dead letters.
        attempts: at their shards.
        account: all that the attempts have told.
        counted: from the stored observations.
    """

    workflow: str
    experiment: str
    candidate: str
    pin: str
    runs: tuple[str, ...]
    start: datetime
    end: datetime
    taken: int
    open: int
    dead: int
    attempts: Attempts
    account: Account
    counted: Counted

    @property
    def ways(self) -> tuple[str, ...]:
        """In which ways candidates were held, in words, the weakest first; "" where nobody wrote it down."""
        found = {*self.account.isolations, *self.counted.ways}
        return tuple(sorted(found, key=lambda way: (2 * enforced(way) + (not way), way)))

    @property
    def isolation(self) -> str:
        """The weakest way; "" where nothing is known: that it was enforced, an observation alone does not carry."""
        weakest = self.ways[0] if self.ways else ""
        return weakest if self.attempts.all or not enforced(weakest) else ""

    @property
    def is_enforced(self) -> bool:
        """Whether every attempt was enforced, and shown to be."""
        return bool(self.isolation) and enforced(self.isolation) and not self.attempts.unproven

    @property
    def tells_tries(self) -> bool:
        """Whether a refused call would be known of: only the kernel's cage, in every attempt, tells of each."""
        return bool(self.attempts.all) and all(way.startswith(KERNEL) for way in self.ways)

    @property
    def tried_elsewhere(self) -> tuple[Refusal, ...]:
        """What was denied to imports and to processes of no known case, noise apart."""
        every = (*self.account.at_import, *self.account.nobodys)
        return tuple(one for one in every if one.kind is not RefusalKind.NOISE)

    @property
    def standing(self) -> Standing:
        """What all this comes to."""
        if not self.counted.cases and not self.attempts.all:
            return Standing.IDLE
        if _leaked(self):
            return Standing.LEAKED
        if self.counted.violations or self.tried_elsewhere or self.account.canaries or _by_routes(self.account):
            return Standing.VIOLATED
        if self.isolation and not enforced(self.isolation):
            return Standing.NOT_ENFORCED
        return Standing.UNKNOWN if _gaps(self) else Standing.HELD

    @property
    def digest(self) -> str:
        """SHA-256 of all of it: 64 hexadecimal digits."""
        return hashlib.sha256(canonical(self.to_json()).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data with its format's number; moments as ISO 8601 text."""
        return {"format": FORMAT, **plain(asdict(self))}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Certificate:
        """The certificate that `to_json` wrote.

        Raises:
            StoreError: it is none, or of another format.
        """
        try:
            if data["format"] != FORMAT:
                raise ValueError(f"format {data['format']}, known is {FORMAT}")
            made = {name: data[name] for name in (one.name for one in fields(cls))}
            made["runs"] = tuple(made["runs"])
            made["attempts"] = Attempts(**made["attempts"])
            made["account"] = Account.from_json(made["account"])
            made["counted"] = counting.counted_of(made["counted"])
            moments = {name: datetime.fromisoformat(made[name]) for name in ("start", "end")}
            return cls(**{**made, **moments})
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError(
                "a certificate cannot be read", seen=f"{type(error).__name__}: {error}"[:200],
                todo="read it with the version that wrote it",
            ) from error  # fmt: skip


def together(certificates: Iterable[Certificate]) -> Certificate:
    """Several runs of one experiment as one; what the weakest of them carries is all that it carries.

    Raises:
        ValueError: there is none, one run comes twice, or they are of several experiments.
    """
    every = list(certificates)
    runs = [run for one in every for run in one.runs]
    if not every or len(set(runs)) != len(runs) or len({one.experiment for one in every}) != 1:
        raise ValueError("certificates of one experiment's runs, each once")
    return reduce(_both, every)


def passes(shown: Shown) -> bool:
    """Whether a preflight shows that the cage holds: nothing landed inside, nothing is unclear, enough was tried."""
    return not shown.landed_inside and not shown.unclear and shown.proven >= LEAST_PROVEN


def proven(account: Account, *, begun: datetime) -> bool:
    """Whether what an enforced attempt claims was shown before it began: by a preflight, or an attestation in time."""
    outside = [way for way in account.isolations if way.startswith(EXTERNAL)]
    inside = [way for way in account.isolations if way.startswith(KERNEL)]
    papers = account.papers and all(one.at <= begun < one.expires and passes(one.shown) for one in account.papers)
    preflights = account.preflights and all(passes(one) for one in account.preflights)
    return (not outside or bool(papers)) and (not inside or bool(preflights))


def _both(one: Certificate, other: Certificate) -> Certificate:
    return replace(
        one,
        runs=tuple(sorted((*one.runs, *other.runs))),
        start=min(one.start, other.start),
        end=max(one.end, other.end),
        taken=one.taken + other.taken,
        open=one.open + other.open,
        dead=one.dead + other.dead,
        attempts=Attempts(
            **{name.name: getattr(one.attempts, name.name) + getattr(other.attempts, name.name) for name in _COUNTS}
        ),
        account=add(one.account, other.account),
        counted=counting.together(one.counted, other.counted),
    )


_COUNTS = fields(Attempts)


def _leaked(one: Certificate) -> bool:
    shown = (*one.account.preflights, *(paper.shown for paper in one.account.papers))
    caged = any(way.startswith(KERNEL) for way in one.account.isolations)
    loose = caged and len(one.account.isolations) == 1 and any(not seen.held for seen in one.account.processes)
    return loose or any(each.landed_inside for each in shown)


def _by_routes(account: Account) -> int:
    return sum(route.violations for route in account.routes)


def _gaps(one: Certificate) -> bool:
    attempts = one.attempts
    unknown = not one.isolation or attempts.unfinished or attempts.unproven or attempts.unseen
    return bool(unknown or one.counted.pruned)
