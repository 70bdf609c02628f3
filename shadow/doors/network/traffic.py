"""What has passed the door and what has not: each request once, with what was decided, added up by case and route."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum

from shadow.doors.network.usage import Usage

UNLISTED = "(unlisted)"  # the route of what met none
CANARY = "the canary "  # how a violation by a canary begins
NOBODY = "(nobody)"  # the case of a connection that nobody had announced


class Decision(StrEnum):
    """What was done with a request. Only `forwarded` and `failed` may have sent bytes upstream."""

    HELD = "held"  # a write: held and answered by the tools door
    REPEATED = "repeated"  # the same write again under the same idempotency key: one held effect
    ANSWERED = "answered"  # a read, by the tools door
    FORWARDED = "forwarded"  # a read or a call of a model, by the upstream
    RECORDED = "recorded"  # a call of a model, by what the same replay had been answered before
    SWALLOWED = "swallowed"  # telemetry: answered here, dropped
    TUNNELLED = "tunnelled"  # CONNECT to a listed host: what comes through it is counted by itself
    REFUSED = "refused"
    FAILED = "failed"  # allowed, and could not be answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One request and what was decided.

    Attributes:
        case, repeat: whose it was.
        method, place: as asked, shortened; the place is scheme, authority and path, never the query.
        route: the listed route's name, or `UNLISTED`.
        kind: the route's kind; empty where none was met.
        tool: the route's tool; empty where it has none.
        decision, why: what was done; why it was refused or failed.
        violation: what was tried that may not even be tried: a canary going out, a secret coming back.
        status: of the response that the candidate got; 0 where it got none.
        bytes_out, bytes_in: bytes to and from the upstream, heads and bodies; 0 where it was not asked.
        asked_s, duration_s: monotonic seconds of its beginning; seconds it took (as recorded, where it was).
        usage: of a model's answer.
        partial: whether own changes could not be laid over a forwarded answer.
        told: whether the tools door has written a span about it.
    """

    case: str
    repeat: int = 0
    method: str = ""
    place: str = ""
    route: str = UNLISTED
    kind: str = ""
    tool: str = ""
    decision: Decision = Decision.FAILED
    why: str = ""
    violation: str = ""
    status: int = 0
    bytes_out: int = 0
    bytes_in: int = 0
    asked_s: float = 0.0
    duration_s: float = 0.0
    usage: Usage | None = None
    partial: bool = False
    told: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Counts, all ≥ 0: `requests` is the sum of the decisions.

    Attributes:
        canaries: violations by a canary that would have gone out.
        unmetered: answers of models that did not say what they had used.
        unpriced: answers of models whose tokens are known and whose price is not.
        cost_usd: United States dollars of the priced ones.
    """

    requests: int = 0
    held: int = 0
    repeated: int = 0
    answered: int = 0
    forwarded: int = 0
    recorded: int = 0
    swallowed: int = 0
    tunnelled: int = 0
    refused: int = 0
    failed: int = 0
    violations: int = 0
    canaries: int = 0
    partial: int = 0
    bytes_out: int = 0
    bytes_in: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    unmetered: int = 0
    unpriced: int = 0
    cost_usd: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The counts of one case and repeat on one route."""

    case: str
    repeat: int
    route: str
    kind: str
    tally: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Everything that the door has seen, at one moment.

    Attributes:
        lines: sorted by case, repeat and route.
        whys: why requests were refused, and how often; at most 1,000 reasons, the rest under "(others)".
    """

    lines: tuple[Line, ...] = ()
    whys: tuple[tuple[str, int], ...] = ()

    @property
    def total(self) -> Tally:
        """All of it."""
        return _sum(line.tally for line in self.lines)

    def of_case(self, case: str) -> Tally:
        """One case's, all its repeats."""
        return _sum(line.tally for line in self.lines if line.case == case)

    def of_route(self, route: str) -> Tally:
        """One route's, over all cases."""
        return _sum(line.tally for line in self.lines if line.route == route)

    @property
    def routes(self) -> dict[str, Tally]:
        """Route to its counts, sorted by name."""
        return {name: self.of_route(name) for name in sorted({line.route for line in self.lines})}


_ADDED = tuple(name for name in Tally.__dataclass_fields__)
_WHYS = 1000


def _sum(tallies: Iterable[Tally]) -> Tally:
    every = list(tallies)
    return Tally(**{name: sum((getattr(one, name) for one in every), getattr(Tally(), name)) for name in _ADDED})


@dataclass(slots=True, kw_only=True, eq=False)
class Counting:
    """Where passages are added up. Used by the door's own thread; `traffic` may be asked from any.

    Attributes:
        kept: visit to its passages, until `take` is asked for them.
        most: passages kept for one visit; those beyond are counted only.
    """

    most: int
    kept: dict[Hashable, list[Passage]] = field(default_factory=dict)
    _counts: dict[tuple[str, int, str, str], Tally] = field(default_factory=dict)
    _whys: dict[str, int] = field(default_factory=dict)

    def add(self, passage: Passage, visit: Hashable) -> None:
        """Count one request of a visit; called exactly once for each."""
        key = (passage.case, passage.repeat, passage.route, passage.kind)
        self._counts[key] = _more(self._counts.get(key, Tally()), passage)
        kept = self.kept.setdefault(visit, [])
        if len(kept) < self.most:
            kept.append(passage)
        if passage.why and passage.decision is Decision.REFUSED:
            why = passage.why if passage.why in self._whys or len(self._whys) < _WHYS else "(others)"
            self._whys[why] = self._whys.get(why, 0) + 1

    def take(self, visit: Hashable) -> tuple[Passage, ...]:
        """A visit's passages so far; they are kept no longer, the counts are."""
        return tuple(self.kept.pop(visit, ()))

    def traffic(self) -> Traffic:
        """The counts as they are now."""
        lines = [
            Line(case=case, repeat=repeat, route=route, kind=kind, tally=tally)
            for (case, repeat, route, kind), tally in sorted(self._counts.copy().items(), key=lambda item: item[0])
        ]
        return Traffic(lines=tuple(lines), whys=tuple(sorted(self._whys.copy().items())))


def _more(tally: Tally, one: Passage) -> Tally:
    word = str(one.decision)
    known = one.usage
    model = known is not None
    metered = known is not None and known.tokens_in is not None and known.tokens_out is not None
    return replace(
        tally,
        **{
            word: getattr(tally, word) + 1,
            "requests": tally.requests + 1,
            "violations": tally.violations + bool(one.violation),
            "canaries": tally.canaries + one.violation.startswith(CANARY),
            "partial": tally.partial + one.partial,
            "bytes_out": tally.bytes_out + one.bytes_out,
            "bytes_in": tally.bytes_in + one.bytes_in,
            "tokens_in": tally.tokens_in + ((known.tokens_in or 0) if known else 0),
            "tokens_out": tally.tokens_out + ((known.tokens_out or 0) if known else 0),
            "unmetered": tally.unmetered + (model and not metered),
            "unpriced": tally.unpriced + bool(known and metered and known.cost_usd is None),
            "cost_usd": tally.cost_usd + ((known.cost_usd or Decimal(0)) if known else Decimal(0)),
        },
    )
