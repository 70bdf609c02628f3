"""How many different units were served, in bounded memory and mergeable."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from heapq import nsmallest

KEPT = 8192  # below it the number is exact; from there on right within about 1.1 % (one standard error)


def mark(unit: str) -> int:
    """The unit's place on a line of 2^64 points; the same everywhere and always."""
    return int.from_bytes(blake2b(unit.encode(), digest_size=8).digest(), "big")


def lowest(marks: Iterable[int]) -> frozenset[int]:
    """The marks that are kept: the lowest 8,192; which ones they are depends on no order."""
    found = frozenset(marks)
    return found if len(found) <= KEPT else frozenset(nsmallest(KEPT, found))


def estimate(marks: frozenset[int]) -> int:
    """How many different units left these marks.

    Source: Bar-Yossef et al. (2002), k minimum values: (k - 1) / (k-th lowest mark as a share of the line).
    """
    return len(marks) if len(marks) < KEPT else round((KEPT - 1) * 2**64 / max(marks))
