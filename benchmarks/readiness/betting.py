"""Bounded pieces of evidence, looked at after every one: how often, and after how many, a test ends."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np
import numpy.typing as npt

from shadow.evidence.eprocess import Prior

Floats = npt.NDArray[np.float64]
_BLOCK = 256  # pieces that are drawn at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """Pieces of evidence that are independent: badness in [0, 1], and the chance of each value."""

    values: tuple[float, ...]
    chances: tuple[float, ...]


def factors(values: Floats, limit: float, prior: Prior) -> Floats:
    """The logarithm of what a piece multiplies each bet by, one row a value."""
    r = np.array(prior.multiples)
    with np.errstate(divide="ignore"):
        found: Floats = np.log((1 - values[:, None]) * (1 - r * limit) / (1 - limit) + values[:, None] * r)
    return found


def bound(truth: Truth, limit: float, alpha: float) -> float:
    """log(1/alpha) over the most that any bet grows by a piece; no test needs fewer in the mean.

    Source: Honda & Takemura (2010); Waudby-Smith & Ramdas (2024), KL_inf.
    """
    x, p = np.array(truth.values), np.array(truth.chances)
    low, high = 0.0, 1 / (1 - limit) * (1 - 1e-9)
    for _ in range(200):
        third = (high - low) / 3
        one, two = (float(p @ np.log1p((low + k * third) * (limit - x))) for k in (1, 2))
        low, high = (low + third, high) if one < two else (low, high - third)
    return log(1 / alpha) / float(p @ np.log1p((low + high) / 2 * (limit - x)))


def ends(
    draw: np.random.Generator, truth: Truth, *, limit: float, prior: Prior, most: int, trials: int, alpha: float = 0.05
) -> npt.NDArray[np.int64]:
    """After how many pieces each stream's log E reaches its threshold; 0 where it does not within `most`."""
    table, chances = factors(np.array(truth.values), limit, prior), np.array(truth.chances)
    wealth = np.tile(np.log(prior.weights), (trials, 1))
    found, alive = np.zeros(trials, np.int64), np.arange(trials)
    for begin in range(0, most, _BLOCK):
        drawn = draw.choice(len(chances), p=chances, size=(len(alive), min(_BLOCK, most - begin)))
        path = wealth[alive][:, None, :] + table[drawn].cumsum(1)
        top = path.max(2)
        crossed = top + np.log(np.exp(path - top[:, :, None]).sum(2)) >= log(1 / alpha)
        hit = crossed.any(1)
        found[alive[hit]] = begin + crossed[hit].argmax(1) + 1
        wealth[alive] = path[:, -1]
        alive = alive[~hit]
        if not len(alive):
            break
    return found
