"""What a run's stored observations say of its containment, each counted once."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from shadow.contract.model import ESCALATE
from shadow.frozen import freeze
from shadow.observation import RefusalKind

EXAMPLES = 20  # cases that are named for one kind of refused call
UNLISTED = "(a tool that is not listed)"
_VIOLATIONS = (RefusalKind.SYSTEM, RefusalKind.VIOLATION)


class Replayed(NamedTuple):
    """One stored observation.

    Attributes:
        isolation: how the candidate was held, "" where nobody wrote it down.
        body: the observation's JSON; None where it is no longer kept.
    """

    case_id: str
    isolation: str
    body: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Calls of one kind that were refused for one reason.

    Attributes:
        kind: a `RefusalKind`.
        call, why: as written down. Of a refused tool only its name, and that only where the contract lists it: what
            else is written there may be a customer's, and a certificate is kept for longer than that.
        times: how often in all; `cases`: in how many cases.
        examples: ids of the first of these cases in order, at most `EXAMPLES`.
    """

    kind: str
    call: str
    why: str
    times: int
    cases: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What went through the doors and what did not, over stored observations. Mappings are sorted by name.

    Attributes:
        cases: observations; `pruned`: of these, those whose record is no longer kept, so nothing more is counted.
        ways: isolation in words to observations; "" where nobody wrote it down.
        reads: answer kind to reads; `own`: of these, with own held effects laid over; `partial`: of these, where that
            could not be done in full.
        held: tool to how true the answer was to held effects; "" where nobody wrote it down.
        repeated: calls that were the same held effect once more, under one idempotency key.
        refused: sorted by kind, call and reason.
    """

    cases: int = 0
    pruned: int = 0
    ways: Mapping[str, int] = field(default_factory=dict)
    reads: Mapping[str, int] = field(default_factory=dict)
    own: int = 0
    partial: int = 0
    held: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    repeated: int = 0
    refused: tuple[Refused, ...] = ()

    def __post_init__(self) -> None:
        for name in ("ways", "reads"):
            object.__setattr__(self, name, freeze(_sorted(getattr(self, name))))
        held = {tool: _sorted(self.held[tool]) for tool in sorted(self.held)}
        object.__setattr__(self, "held", freeze(held))

    @property
    def effects(self) -> int:
        """All held effects but what was handed over to people."""
        return sum(sum(kinds.values()) for tool, kinds in self.held.items() if tool != ESCALATE)

    @property
    def handed_over(self) -> int:
        """How often a case was handed over to people."""
        return sum(self.held.get(ESCALATE, {}).values())

    @property
    def violations(self) -> tuple[Refused, ...]:
        """What candidates tried to get past their doors with."""
        return tuple(one for one in self.refused if one.kind in _VIOLATIONS)

    def of_kind(self, kind: RefusalKind) -> tuple[Refused, ...]:
        """What was refused of one kind."""
        return tuple(one for one in self.refused if one.kind == kind)


def counted(observations: Iterable[Replayed], *, tools: Container[str]) -> Counted:
    """Sums over observations, each of which comes once; `tools` are those that the contract lists."""
    sums = _Sums(tools=tools)
    for one in observations:
        sums.cases += 1
        sums.ways[one.isolation] = sums.ways.get(one.isolation, 0) + 1
        if one.body is None:
            sums.pruned += 1
        else:
            _take(sums, one.case_id, one.body)
    return Counted(
        cases=sums.cases,
        pruned=sums.pruned,
        ways=sums.ways,
        reads=sums.reads,
        own=sums.own,
        partial=sums.partial,
        held=sums.held,
        repeated=sums.repeated,
        refused=_merged(sums.refused.values()),
    )


def together(one: Counted, other: Counted) -> Counted:
    """The counts of two disjoint sets of observations."""
    held = {tool: _plus(one.held.get(tool, {}), other.held.get(tool, {})) for tool in {*one.held, *other.held}}
    return Counted(
        cases=one.cases + other.cases,
        pruned=one.pruned + other.pruned,
        ways=_plus(one.ways, other.ways),
        reads=_plus(one.reads, other.reads),
        own=one.own + other.own,
        partial=one.partial + other.partial,
        held=held,
        repeated=one.repeated + other.repeated,
        refused=_merged((*one.refused, *other.refused)),
    )


def counted_of(data: Mapping[str, Any]) -> Counted:
    """The counts out of their plain data."""
    refused = tuple(Refused(**{**one, "examples": tuple(one["examples"])}) for one in data["refused"])
    return Counted(**{**data, "refused": refused})


@dataclass(slots=True, kw_only=True)
class _Sums:
    tools: Container[str]
    cases: int = 0
    pruned: int = 0
    own: int = 0
    partial: int = 0
    repeated: int = 0
    ways: dict[str, int] = field(default_factory=dict)
    reads: dict[str, int] = field(default_factory=dict)
    held: dict[str, dict[str, int]] = field(default_factory=dict)
    refused: dict[tuple[str, str, str], Refused] = field(default_factory=dict)
    last: dict[tuple[str, str, str], str] = field(default_factory=dict)  # the case that was last refused this


def _take(sums: _Sums, case_id: str, body: Mapping[str, Any]) -> None:
    for read in body["reads"]:
        sums.reads[read["kind"]] = sums.reads.get(read["kind"], 0) + 1
        sums.own += bool(read.get("own"))
        sums.partial += bool(read.get("partial"))
    for effect in body["effects"]:
        kinds = sums.held.setdefault(effect["tool"], {})
        how = str(effect.get("answered") or "")
        kinds[how] = kinds.get(how, 0) + 1
        sums.repeated += int(effect.get("repeated") or 0)
    for refusal in body["refusals"]:
        _refuse(sums, case_id, refusal)


def _refuse(sums: _Sums, case_id: str, refusal: Mapping[str, Any]) -> None:
    kind = str(refusal.get("kind", RefusalKind.TOOL))  # older rows say no kind
    key = (kind, str(refusal["tool"]), str(refusal["why"]))
    if kind == RefusalKind.TOOL:
        key = (kind, key[1] if key[1] in sums.tools else UNLISTED, "")
    found = sums.refused.get(key) or Refused(kind=key[0], call=key[1], why=key[2], times=0, cases=0, examples=())
    times = 1 if kind == RefusalKind.TOOL else _times(refusal)
    again = sums.last.get(key) == case_id
    sums.last[key] = case_id
    named = found.examples if again or len(found.examples) >= EXAMPLES else (*found.examples, case_id)
    sums.refused[key] = replace(found, times=found.times + times, cases=found.cases + (not again), examples=named)


def _times(refusal: Mapping[str, Any]) -> int:
    times = refusal["args"].get("times", 1)
    return times if isinstance(times, int) and not isinstance(times, bool) and times > 0 else 1


def _merged(refused: Iterable[Refused]) -> tuple[Refused, ...]:
    found: dict[tuple[str, str, str], Refused] = {}
    for one in refused:
        key = (one.kind, one.call, one.why)
        had = found.get(key)
        found[key] = one if had is None else _both(had, one)
    return tuple(found[key] for key in sorted(found))


def _both(one: Refused, other: Refused) -> Refused:
    examples = tuple(sorted({*one.examples, *other.examples})[:EXAMPLES])
    return replace(one, times=one.times + other.times, cases=one.cases + other.cases, examples=examples)


def _plus(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in {*one, *other}}


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return {name: counts[name] for name in sorted(counts)}
