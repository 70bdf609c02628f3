"""`shadow verdict --explain`: each gate in sentences that an owner understands, with its way over time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from math import exp, isfinite
from typing import Any

from shadow.evidence.evidence import Evidence
from shadow.gates.finding import Finding, Number
from shadow.gates.verdict import of_version
from shadow.gates.words import many, percent
from shadow.plug import Bound
from shadow.store import Store
from shadow.store.registry import Experiment, contract_of
from shadow.store.verdicts import StoredVerdict

_BARS = "▁▂▃▄▅▆▇█"
_HUGE = 15.0  # a log E beyond which a stake is no longer told

Path = tuple[tuple[date, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One gate's finding, and its way there.

    Attributes:
        asks: what the gate asks for, in plain words.
        path: (closed day, log E after it); empty where the gate tests nothing.
        threshold: what log E must reach; None where the gate tests nothing.
        upper: (closed day, upper limit of the share after it) that holds at every look; empty where there is none.
    """

    gate: str
    status: str
    asks: str
    reason: str
    needs: str
    path: Path = ()
    threshold: float | None = None
    upper: Path = ()

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
    return Explained(
        gate=finding.gate,
        status=str(finding.status),
        asks=bound.words() if bound else "every replay was held by force",
        reason=finding.reason,
        needs=finding.needs,
        path=path,
        threshold=_number(finding.numbers.get("threshold")) if tests else None,
        upper=upper,
    )


def _number(value: Number | None) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _said(one: Explained) -> Iterator[tuple[str, str]]:
    yield "asks", one.asks
    yield "found", one.reason
    yield "needs", one.needs
    if one.threshold is None or not one.path:
        return
    yield "stake", f"1, bet on its being within the limit, is {_money(one.path[-1][1])} now; {_money(one.threshold)} do"
    yield "path", f"{_drawn(one.path, one.threshold)} {_when(one)}"
    if one.upper:
        marks = dict.fromkeys((one.upper[0], one.upper[len(one.upper) // 2], one.upper[-1]))
        yield "sure", "below " + ", ".join(f"{percent(share)} on {day}" for day, share in marks)


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
