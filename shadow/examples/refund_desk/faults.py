"""Which faults a version 1 has: drawn from a seed, or built for a benchmark.

A fault is plain data, a candidate's setting:
`{"id": str, "place": str, "direction": str, "slice": [field, value] or None, "rate": share of the
possible cases of its slice in (0, 1], "severity": str, "share": expected share of all cases}`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from random import Random
from types import MappingProxyType
from typing import Any

from shadow.errors import UsageError
from shadow.examples.refund_desk.spoil import WAYS

Fault = dict[str, Any]

SEVERITY: Mapping[str, str] = MappingProxyType(
    {
        "failure": "major",
        "decision": "critical",
        "amount": "major",
        "refund.issue": "major",
        "email.send": "minor",
        "ticket.close": "minor",
        "reason": "cosmetic",
    }
)
# shares of all cases in a world of full size, to size a fault by; a test holds them against a world
POSSIBLE: Mapping[tuple[str, str], float] = MappingProxyType(
    {
        ("decision", "approve -> decline"): 0.495,
        ("decision", "approve -> partial"): 0.495,
        ("decision", "approve -> escalate"): 0.495,
        ("decision", "partial -> approve"): 0.225,
        ("decision", "decline -> approve"): 0.125,
        ("amount", "higher"): 0.72,
        ("amount", "lower"): 0.72,
        ("refund.issue", "missing"): 0.72,
        ("refund.issue", "extra"): 0.125,
        ("refund.issue", "changed"): 0.72,
        ("email.send", "missing"): 0.93,
        ("email.send", "extra"): 0.93,
        ("ticket.close", "missing"): 0.90,
        ("ticket.close", "extra"): 0.08,
        ("reason", "different"): 0.90,
        ("failure", "error"): 1.0,
    }
)
SLICES: Mapping[tuple[str, str], float] = MappingProxyType(
    {
        ("channel", "web"): 0.50,
        ("channel", "mail"): 0.32,
        ("channel", "phone"): 0.18,
        ("country", "DE"): 0.30,
        ("country", "GB"): 0.21,
        ("country", "FR"): 0.17,
        ("country", "US"): 0.17,
    }
)
_HARMFUL = ("major", "critical")
_MOST = 0.6  # of the possible cases: beyond it a fault would be the version's normal behaviour


def draw(seed: int, k: int) -> list[Fault]:
    """`k` different faults of the family; at least one is harmful and strikes 2.5 % of the cases or more.

    Each strikes 1.5 to 4 % of all cases in expectation, in one declared slice or in all.

    Args:
        k: 1 to the number of ways there are.

    Raises:
        UsageError: `k` is out of range.
    """
    if not 1 <= k <= len(WAYS):
        raise UsageError("no such number of faults", where="faults.draw", seen=str(k), allowed=f"1 to {len(WAYS)}")
    rng = Random(f"{seed}:faults")
    ways = sorted(WAYS)
    first = rng.choice([way for way in ways if _harmful(way) and POSSIBLE[way] > 0.2])
    others = _places_first(rng.sample([way for way in ways if way != first], len(ways) - 1), first)[: k - 1]
    drawn = [_draw(rng, f"{seed}-0", first, least=0.025)]
    return drawn + [_draw(rng, f"{seed}-{n}", way, least=0.015) for n, way in enumerate(others, start=1)]


def _places_first(ways: list[tuple[str, str]], first: tuple[str, str]) -> list[tuple[str, str]]:
    """The same ways, a second one at a place only after every place had its first."""
    met, turns = Counter([first[0]]), []
    for way in ways:
        turns.append((met[way[0]], way))
        met[way[0]] += 1
    return [way for _, way in sorted(turns, key=lambda turn: turn[0])]


def fault(
    place: str, direction: str, *, share: float, within: tuple[str, str] | None = None, name: str = "built"
) -> Fault:
    """One fault that strikes about that share of all cases.

    Args:
        place, direction: one of `WAYS`.
        share: of all cases, in (0, what is possible there].
        within: a slice and its value, one of `SLICES`; None for all cases.
        name: tells apart faults of one version.

    Raises:
        UsageError: no such place, direction or slice, or not so many cases where it is possible.

    Example:
        >>> fault("email.send", "missing", share=0.03)["severity"]
        'minor'
    """
    way = (place, direction)
    if way not in WAYS or (within is not None and within not in SLICES):
        raise UsageError(
            "no such fault", where="faults.fault", seen=f"{way} within {within}",
            allowed=", ".join(" ".join(known) for known in WAYS),
        )  # fmt: skip
    cell = _cell(way, within)
    if not 0 < share <= cell:
        raise UsageError("not possible on so many cases", where=" ".join(way), seen=str(share), allowed=f"0 to {cell}")
    return {
        "id": f"{name}:{place}:{direction}",
        "place": place,
        "direction": direction,
        "slice": list(within) if within else None,
        "rate": share / cell,
        "severity": SEVERITY[place],
        "share": share,
    }


def _draw(rng: Random, name: str, way: tuple[str, str], *, least: float) -> Fault:
    share = rng.uniform(least, 0.04)
    fitting = list(_fitting(way, share))
    within = rng.choice(fitting) if fitting and rng.random() < 0.6 else None
    return fault(*way, share=share, within=within, name=name)


def _fitting(way: tuple[str, str], share: float) -> Iterator[tuple[str, str]]:
    """The slices in which the fault can strike so many cases and still not most of them."""
    return (within for within in SLICES if share <= _MOST * _cell(way, within))


def _cell(way: tuple[str, str], within: tuple[str, str] | None) -> float:
    return POSSIBLE[way] * (SLICES[within] if within else 1.0)


def _harmful(way: tuple[str, str]) -> bool:
    return SEVERITY[way[0]] in _HARMFUL
