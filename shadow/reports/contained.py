"""The parts of a report that say how the candidate was held, over every run up to the look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRow:
    """One write's held effects: how many, and of these by how true the answer was, in words."""

    tool: str
    count: int
    answered: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedRow:
    """Calls of one kind that were refused.

    Attributes:
        call, why: what was tried, and why it was refused; `why` may be empty.
        times: how often, ≥ 1.
        cases: in how many cases, ≥ 0; 0 where it was denied to none, as at import.
        examples: ids of some of these cases.
        where: "case", "import", or "no known case".
    """

    call: str
    why: str
    times: int
    cases: int = 0
    examples: tuple[str, ...] = ()
    where: str = "case"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRow:
    """One route's requests by decision, and bytes to and from the upstream."""

    name: str
    kind: str
    decisions: Mapping[str, int]
    bytes_out: int
    bytes_in: int
    violations: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Contained:
    """What the runs' certificates carry together; every text is a plain sentence or part of one.

    Attributes:
        standing: "held", "tried to get out", "leaked", "not known", "not enforced" or "nothing was run".
        headline: what was held, how that was enforced and what had shown it, without a full stop.
        isolation: the weakest way in which the candidate was held.
        runs: how many runs this is about.
        sentences: what else is known, and what is not.
        shown: preflights and attestations behind it.
        processes: what the kernel said of the processes.
        policies, filters: digests of what the cage let through.
        held: one row a write.
        violations, refused, noise: what was tried to get past the doors; tools that were refused; what libraries do.
        routes: one row a route of the network door.
        tells_tries: whether every try would be known of, so that none is none.
        canaries: requests that carried a canary, or an answer that carried a secret.
        witnesses: what live systems say themselves.
        residual: what the best of this does not cover.
        digest: of the newest run's certificate.
    """

    standing: str
    headline: str
    isolation: str
    runs: int
    sentences: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    processes: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    held: tuple[HeldRow, ...] = ()
    violations: tuple[TriedRow, ...] = ()
    refused: tuple[TriedRow, ...] = ()
    noise: tuple[TriedRow, ...] = ()
    routes: tuple[RouteRow, ...] = ()
    tells_tries: bool = False
    canaries: int = 0
    witnesses: tuple[str, ...] = ()
    residual: tuple[str, ...] = ()
    digest: str = ""
