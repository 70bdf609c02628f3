"""Causes: discrepancies that share a place, a direction and a slice, ranked by harm."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from math import log

from shadow.compare.seen import HAD, HAD_NOT, Difference, Seen, possible_from
from shadow.compare.sentences import Slice, consequence, sentence
from shadow.contract.model import Severity
from shadow.evidence.intervals import wilson

BRINGS = 0.8  # share of an earlier difference's cases from which on a later place is its consequence
GAIN = 8.0  # log-likelihood (nats) that a slice of its own must gain
FEWEST = 3  # cases of a cause with a slice; fewer tell nothing about a slice

Slices = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Discrepancies with one place, one direction and at most one slice.

    Attributes:
        place: where the cases first differ.
        direction: which way.
        slice: name and value of the one slice that it concentrates in; None where in none.
        severity: the worst of its cases at this place, after labels.
        count: its cases, ≥ 1.
        possible: compared cases (of the slice) in which this direction could be met, ≥ count.
        share: count / possible, in (0, 1].
        low, high: 95 % Wilson interval of the share; shown, never decided on.
        harmful: its cases of major or critical severity.
        money: at stake per currency in the cases of which it is the first difference.
        example: id of one of its worst cases.
        sentence: the same in plain words.
        consequences: what it brings along in the same cases, most frequent first.
        resolved: whether labels said that the control was wrong in these cases.
        cases: the ids of its cases, in order.
    """

    place: str
    direction: str
    slice: Slice
    severity: Severity
    count: int
    possible: int
    share: float
    low: float
    high: float
    harmful: int
    money: Mapping[str, Decimal]
    example: str
    sentence: str
    consequences: tuple[Cause, ...] = ()
    resolved: bool = False
    cases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hit:
    """One case of a group: the difference that stands for it, and what that brought along."""

    case: Seen
    difference: Difference
    slices: Slices
    brought: list[Difference] = field(default_factory=list)


def causes(cases: Iterable[Seen]) -> tuple[Cause, ...]:
    """What lies behind the discrepancies of these cases, worst first.

    A difference that an earlier one of the same case brings along in at least 80 % of its own cases
    is its consequence. What is left is grouped by place and direction; from each group a slice's
    value is taken as long as two rates explain it better than one by more than 8 nats. Cases in
    which a label said that the control was wrong make causes of their own, which come last.

    Args:
        cases: every compared case of the period once, agreeing ones too; read once, of which only
            the differing ones are kept.
    """
    possible: dict[str, Counter[tuple[str, Slices]]] = defaultdict(Counter)
    differing: list[Seen] = []
    for case in cases:
        slices = _slices(case)
        for place, state in case.states:
            possible[place][state, slices] += 1
        if case.differences:
            differing.append(case)
    found = [cause for hits in _groups(differing) for cause in _split(hits, possible[hits[0].difference.place])]
    return tuple(sorted(found, key=_rank))


def _slices(case: Seen) -> Slices:
    return tuple(sorted(case.slices.items()))


def _rank(cause: Cause) -> tuple[bool, int, int, str, str, Slices]:
    harm = cause.harmful * cause.severity.rank
    return (
        cause.resolved,
        -harm,
        -cause.count,
        cause.place,
        cause.direction,
        (cause.slice,) if cause.slice else (),
    )


def _groups(differing: Sequence[Seen]) -> list[list[_Hit]]:
    """The cases by place, direction and whether the control was wrong, without consequences."""
    brings = _brings(differing)
    groups: dict[tuple[str, str, bool], list[_Hit]] = defaultdict(list)
    for case in differing:
        for hit in _roots(case, brings):
            groups[hit.difference.place, hit.difference.direction, case.candidate_right].append(hit)
    return list(groups.values())


def _brings(differing: Sequence[Seen]) -> set[tuple[str, str, str]]:
    """Which earlier place and direction brings which later place along, whatever its direction."""
    alone: Counter[tuple[str, str]] = Counter()
    both: Counter[tuple[str, str, str]] = Counter()
    for case in differing:
        for number, earlier in enumerate(case.differences):
            alone[earlier.place, earlier.direction] += 1
            for later in case.differences[number + 1 :]:
                both[earlier.place, earlier.direction, later.place] += 1
    return {key for key, count in both.items() if count >= BRINGS * alone[key[0], key[1]]}


def _roots(case: Seen, brings: set[tuple[str, str, str]]) -> list[_Hit]:
    """The differences of one case that none of its earlier ones brought along."""
    slices, roots, owner = _slices(case), [], {}
    for number, difference in enumerate(case.differences):
        by = next(
            (n for n, e in enumerate(case.differences[:number]) if (e.place, e.direction, difference.place) in brings),
            None,
        )
        if by is None:
            owner[number] = _Hit(case=case, difference=difference, slices=slices)
            roots.append(owner[number])
        else:
            owner[number] = owner[by]
            owner[by].brought.append(difference)
    return roots


def _split(hits: list[_Hit], states: Counter[tuple[str, Slices]]) -> Iterator[Cause]:
    """One group as causes: slice by slice, then what is left."""
    direction = hits[0].difference.direction
    possible: Counter[Slices] = Counter()
    for (state, slices), count in states.items():
        if possible_from(direction, state):
            possible[slices] += count
    while hits:
        best = _best(Counter(hit.slices for hit in hits), possible)
        inside = [hit for hit in hits if best is None or best in hit.slices]
        covered = sum(count for slices, count in possible.items() if best is None or best in slices)
        yield _cause(inside, best, covered)
        if best is None:
            return
        hits = [hit for hit in hits if best not in hit.slices]
        possible = Counter({slices: count for slices, count in possible.items() if best not in slices})


def _best(hit: Counter[Slices], possible: Counter[Slices]) -> Slice:
    """The slice's value whose own, higher rate gains the most; None where none gains enough."""
    total, among = hit.total(), max(possible.total(), hit.total())
    hits, counts = _margins(hit), _margins(possible)
    best: Slice = None
    most = GAIN
    for one in sorted(hits):
        inside = max(counts[one], hits[one])
        rest, outside = total - hits[one], among - inside
        if hits[one] < FEWEST or outside <= 0 or rest * inside >= hits[one] * outside:
            continue
        gain = _fit(hits[one], inside) + _fit(rest, outside) - _fit(total, among)
        if gain > most:
            best, most = one, gain
    return best


def _margins(counts: Counter[Slices]) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for slices, count in counts.items():
        for one in slices:
            found[one] += count
    return found


def _fit(hits: int, among: int) -> float:
    """Log-likelihood (nats) of a share at its own best rate."""
    if hits <= 0 or hits >= among:
        return 0.0
    share = hits / among
    return hits * log(share) + (among - hits) * log(1 - share)


def _cause(hits: Sequence[_Hit], slice_: Slice, covered: int) -> Cause:
    first, possible = hits[0].difference, max(covered, len(hits))
    told = sentence(
        first.place,
        first.direction,
        slice_=slice_,
        count=len(hits),
        possible=possible,
        write=_write(hits, first),
    )
    if hits[0].case.candidate_right:
        told = f"{told} A label says that the control was wrong."
    made = _made(hits, possible, told)
    return replace(made, slice=slice_, money=_money(hits), consequences=_consequences(hits))


def _made(hits: Sequence[_Hit], possible: int, told: str) -> Cause:
    """A cause without slice, money and consequences."""
    first, resolved, count = hits[0].difference, hits[0].case.candidate_right, len(hits)
    low, high = wilson(count, possible)
    worst = min(hits, key=lambda hit: (-hit.difference.severity.rank, hit.case.case_id))
    return Cause(
        place=first.place,
        direction=first.direction,
        slice=None,
        severity=worst.difference.severity,
        count=count,
        possible=possible,
        share=count / possible,
        low=low,
        high=high,
        harmful=0 if resolved else sum(hit.difference.severity.harmful for hit in hits),
        money={},
        example=worst.case.case_id,
        sentence=told,
        resolved=resolved,
        cases=tuple(sorted(hit.case.case_id for hit in hits)),
    )


def _write(hits: Sequence[_Hit], difference: Difference) -> bool:
    states = dict(hits[0].case.states)
    return states.get(difference.place) in (HAD, HAD_NOT)


def _money(hits: Sequence[_Hit]) -> dict[str, Decimal]:
    """Each case's money counts once: where it first differs."""
    total: dict[str, Decimal] = {}
    for hit in hits:
        if hit.difference is hit.case.differences[0]:
            for currency, amount in hit.case.money.items():
                total[currency] = total.get(currency, Decimal(0)) + amount
    return dict(sorted(total.items()))


def _consequences(hits: Sequence[_Hit]) -> tuple[Cause, ...]:
    groups: dict[tuple[str, str], list[_Hit]] = defaultdict(list)
    for hit in hits:
        for brought in hit.brought:
            groups[brought.place, brought.direction].append(_Hit(case=hit.case, difference=brought, slices=hit.slices))
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(_consequence(group, len(hits)) for _, group in ordered)


def _consequence(hits: Sequence[_Hit], possible: int) -> Cause:
    first = hits[0].difference
    told = consequence(first.place, first.direction, count=len(hits), possible=possible, write=_write(hits, first))
    return _made(hits, possible, told)
