"""One error rate for all versions tried on a contract together."""

from __future__ import annotations

from math import pi

from shadow.errors import UsageError


def of_family(alpha: float, version: int) -> float:
    """The error rate that version number `version` is judged at, so that all versions together stay at `alpha`.

    The first version pays for it too: it gets 0.61 of alpha, the second 0.15, the third 0.07.

    Args:
        alpha: for all versions there will ever be, in (0, 1).
        version: which one it is, from 1, in the order in which they were tried.

    Source: Σ 6 / (pi² v²) = 1 (Euler); the union bound over versions.
    """
    if version < 1:
        raise UsageError("versions are counted from 1", where="family", seen=str(version))
    return 6 * alpha / (pi * version) ** 2
