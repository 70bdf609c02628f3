"""`shadow verdict --explain`: each gate in sentences that an owner understands, with its way over time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from math import exp, fsum, isfinite
from typing import Any

from shadow.evidence.discovery import Alone
from shadow.evidence.eprocess import upper_limit
from shadow.evidence.evidence import Evidence
from shadow.gates.every_slice import NAME as EVERY_SLICE
from shadow.gates.every_slice import alone, named
from shadow.gates.finding import Finding, Number
from shadow.gates.verdict import of_version
from shadow.gates.words import many, percent
from shadow.plug import Bound
from shadow.reports.safe import one_line
from shadow.store import Store
from shadow.store.registry import Experiment, contract_of
from shadow.store.verdicts import StoredVerdict

_BARS = "▁▂▃▄▅▆▇█"
_HUGE = 15.0  # a log E beyond which a stake is no longer told
_ROWS, _WIDE = 12, 40  # slices that are shown, and characters of a slice's name

Path = tuple[tuple[date, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceRow:
    """One slice by itself; small values are judged together.

    Attributes:
        slice: its name and value, as `country FR`.
        values: those that are in it.
        unit_days: of closed days, ≥ 1.
        rate, upper: the harmful share, and what it is surely below at any look; 0 to 1.
        alone: whether it could go alone: of the slices that are said to, a share of at most alpha are not below the
            limit, in the mean, at this look.
        none_false: whether it is among those of which with a chance of at most alpha even one is not.
    """

    slice: str
    values: tuple[str, ...]
    unit_days: int
    rate: float
    upper: float
    alone: bool
    none_false: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One gate's finding, and its way there.

    Attributes:
        asks: what the gate asks for, in plain words.
        path: (closed day, log E after it); empty where the gate tests nothing.
        threshold: what log E must reach; None where the gate tests nothing.
        upper: (closed day, upper limit of the share after it) that holds at every look; empty where there is none.
        slices: of a gate about slices, worst first; empty for all others.
        alpha: its error rate; None where there are no slices.
    """

    gate: str
    status: str
    asks: str
    reason: str
    needs: str
    path: Path = ()
    threshold: float | None = None
    upper: Path = ()
    slices: tuple[SliceRow, ...] = ()
    alpha: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data."""
        paths = {"path": self.path, "upper": self.upper}
        return {**asdict(self), **{name: [[str(day), value] for day, value in one] for name, one in paths.items()}}


def explained(store: Store, held: Experiment, last: StoredVerdict) -> tuple[Explained, ...]:
    """Every finding of the verdict in order; the paths are drawn from what the store holds now.

    Raises:
        ContractError: the contract cannot be read with what is installed here, as where a gate has another version.
    """
    from shadow.steps import assess_at

    contract = contract_of(store, last.contract)
    family = int(last.body.get("family", 0))
    gates = of_version(contract.gates, family) if family else contract.gates
    evidence = assess_at(store, held, contract=contract, look=last.look).evidence
    findings = [Finding.from_json(finding) for finding in last.body["findings"]]
    bounds: list[Bound | None] = [*gates, *[None] * (len(findings) - len(gates))]
    return tuple(_explained(finding, bound, evidence) for finding, bound in zip(findings, bounds, strict=False))


def lines(found: tuple[Explained, ...]) -> Iterator[str]:
    """As text for a terminal."""
    for one in found:
        yield f"{one.gate}: {one.status}"
        yield from (f"  {name:6} {said}" for name, said in _said(one) if said)


def _explained(finding: Finding, bound: Bound | None, evidence: Evidence) -> Explained:
    tests = bound is not None and "log_e" in finding.numbers
    path = tuple(evidence.path(bound)) if bound is not None and tests else ()
    upper = tuple(evidence.path(bound, "upper")) if bound is not None and "upper" in finding.numbers else ()
    slices = _slices(bound, evidence) if bound is not None and bound.name == EVERY_SLICE else ()
    return Explained(
        gate=finding.gate,
        status=str(finding.status),
        asks=bound.words() if bound else "every replay was held by force",
        reason=finding.reason,
        needs=finding.needs,
        path=path,
        threshold=_number(finding.numbers.get("threshold")) if tests else None,
        upper=upper,
        slices=slices,
        alpha=bound.params["alpha"] if bound is not None and slices else None,
    )


def _slices(bound: Bound, evidence: Evidence) -> tuple[SliceRow, ...]:
    """Worst first: those whose evidence says least."""
    asked = {name: bound.params[name] for name in ("at_most", "alpha", "floor")}
    found = sorted(alone(evidence, **asked), key=lambda one: one.log_e)
    return tuple(_row(one, asked["alpha"]) for one in found)


def _row(one: Alone, alpha: float) -> SliceRow:
    part = one.part
    return SliceRow(
        slice=named(part),
        values=part.values,
        unit_days=part.unit_days,
        rate=fsum(share * often for share, often in part.pieces) / part.unit_days,
        upper=upper_limit(part.pieces, alpha),
        alone=one.ready_alone,
        none_false=one.none_false,
    )


def _number(value: Number | None) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _said(one: Explained) -> Iterator[tuple[str, str]]:
    yield "asks", one.asks
    yield "found", one.reason
    yield "needs", one.needs
    yield from _way(one)
    yield from _table(one.slices, one.alpha or 0.0)


def _way(one: Explained) -> Iterator[tuple[str, str]]:
    if one.threshold is None or not one.path:
        return
    yield "stake", f"1, bet on its being within the limit, is {_money(one.path[-1][1])} now; {_money(one.threshold)} do"
    yield "path", f"{_drawn(one.path, one.threshold)} {_when(one)}"
    if one.upper:
        marks = dict.fromkeys((one.upper[0], one.upper[len(one.upper) // 2], one.upper[-1]))
        yield "sure", "below " + ", ".join(f"{percent(share)} on {day}" for day, share in marks)


def _table(rows: tuple[SliceRow, ...], alpha: float) -> Iterator[tuple[str, str]]:
    """The worst slices, and what going alone means."""
    if not rows:
        return
    names = [one_line(row.slice, _WIDE) for row in rows[:_ROWS]]
    wide = max(len("slice"), *map(len, names))
    yield "slices", f"{'slice':{wide}}  unit-days   harmful  surely below  alone"
    for name, row in zip(names, rows, strict=False):
        shares = f"{percent(row.rate):>8}  {percent(row.upper):>12}"
        yield "", f"{name:{wide}}  {row.unit_days:>9,}  {shares}  {'yes' if row.alone else 'no'}"
    yield "", f"and {len(rows) - _ROWS:,} more" if len(rows) > _ROWS else ""
    yield "alone", _meant(rows, alpha)


def _meant(rows: tuple[SliceRow, ...], alpha: float) -> str:
    could, strict = sum(row.alone for row in rows), sum(row.none_false for row in rows)
    of, rate, together = many(len(rows), "slice"), percent(alpha), "Ready asks for all of them at once"
    if not could:
        return f"none of {of} could yet: to pick some out of several takes more than one test. {together}"
    few = f"{could} of {of} could; in the mean at most {rate} of them are in fact not below the limit, at this look"
    return f"{few}; asked that not even one is, but for a chance of {rate}, {strict} could. {together}"


def _money(log_e: float) -> str:
    """E is what a stake of 1, bet against the opposite in fair bets, has become."""
    if log_e > _HUGE:
        return "over a million"
    return f"{exp(log_e):,.0f}" if log_e >= 1 else f"{exp(log_e):.2g}"


def _drawn(path: Path, threshold: float) -> str:
    """A bar a closed day: the lowest at no evidence or less, the highest from the threshold on."""
    top = len(_BARS) - 1
    return "".join(_BARS[_level(value / threshold, top)] for _, value in path)


def _level(share: float, top: int) -> int:
    if not isfinite(share):
        return top if share > 0 else 0
    return top if share >= 1 else max(0, min(top - 1, int(share * top)))


def _when(one: Explained) -> str:
    span = f"over {many(len(one.path), 'closed day')}, {one.path[0][0]} to {one.path[-1][0]}"
    first = next((day for day, value in one.path if value >= (one.threshold or 0)), None)
    return f"{span}; {f'first reached on {first}' if first else 'not reached yet'}"
