"""Exact operating characteristics of "ready once at most b[n] of n are bad", looked at after every input."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def crossing(rate: float, edges: Sequence[int]) -> float:
    """The probability that a stream of that rate ever crosses, without Monte Carlo error.

    A forward recursion over the distribution of the number of bad inputs among those that have not
    crossed yet.

    Args:
        rate: of bad inputs, in [0, 1].
        edges: for each n from 0 on the largest number of bad inputs that crosses; -1 where none does.
    """
    width = edges[-1] + 2 + int(len(edges) * rate + 12 * (len(edges) * rate + 1) ** 0.5)
    alive = np.zeros(width)
    alive[0] = 1.0
    crossed = 0.0
    for edge in edges[1:]:
        alive[1:] = alive[1:] * (1 - rate) + alive[:-1] * rate
        alive[0] *= 1 - rate
        if edge >= 0:
            crossed += alive[: edge + 1].sum()
            alive[: edge + 1] = 0.0
    return float(crossed)
