"""Exact chances of crossing a boundary that is looked at after every input, without Monte Carlo error.

Between two changes of a boundary nothing can cross or everything beyond it has: the number of bad
inputs never falls. So the recursion steps from change to change and not from look to look, and is
the same as one look after every input (which `crossing` does, to be compared with).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log

import numpy as np
import numpy.typing as npt

from shadow.evidence.eprocess import Prior

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
_TAIL = 1e-17  # what is cut off a distribution's far end; it is counted as crossed


def log_es(bad: Whole, totals: Whole, limit: float, prior: Prior) -> Floats:
    """log E for each pair of bad and total, written out a second time and not taken from the product."""
    s, n = bad.astype(float)[:, None], totals.astype(float)[:, None]
    r, weights = np.array(prior.multiples), np.array(prior.weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        on_bad = np.where(s == 0, 0.0, s * np.log(r))
    terms = on_bad + (n - s) * (np.log1p(-r * limit) - np.log1p(-limit)) + np.log(weights)
    top = terms.max(1)
    found: Floats = top + np.log(np.exp(terms - top[:, None]).sum(1))
    return found


def firsts(limit: float, prior: Prior, *, alpha: float, most: int) -> Whole:
    """For each number of bad inputs below `most` the first total at which ready is said all the same."""
    bad = np.arange(most)
    low, high = bad.copy(), np.full(most, 64 + int(64 * (most + log(1 / alpha)) / limit))
    while np.any(high - low > 1):
        middle = (low + high) // 2
        enough = log_es(bad, middle, limit, prior) >= log(1 / alpha)
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return high


def lasts(limit: float, prior: Prior, *, alpha: float, most: int) -> Whole:
    """For each number of bad inputs below `most` the last total at which it is still beyond the limit; 0 for none."""
    bad = np.arange(most)
    low, high = np.zeros(most, np.int64), np.full(most, 2 + int(64 * most / limit))
    while np.any(high - low > 1):
        middle = (low + high) // 2
        beyond = (middle >= bad) & (log_es(bad, np.maximum(middle, bad), limit, prior) >= log(1 / alpha))
        known = (middle < bad) & (log_es(bad, bad, limit, prior) >= log(1 / alpha))
        low, high = np.where(beyond | known, middle, low), np.where(beyond | known, high, middle)
    return np.where(low >= bad, low, 0)


def binomial(draws: int, rate: float) -> Floats:
    """The chances of 0, 1, 2, … bad among so many, its far end cut off."""
    if not draws or not rate:
        return np.ones(1)
    reach = min(draws, int(draws * rate + 12 * (draws * rate + 1) ** 0.5) + 20)
    k = np.arange(1, reach + 1)
    steps = np.log((draws - k + 1) / k) + log(rate / (1 - rate)) if rate < 1 else np.zeros(reach)
    chances = np.exp(np.concatenate([[0.0], np.cumsum(steps)]) + draws * np.log1p(-rate))
    return np.asarray(chances[: int(np.flatnonzero(chances > _TAIL)[-1]) + 1])


def stops(rate: float, first: Whole, *, horizon: int) -> tuple[Whole, Floats]:
    """When a stream of that rate is first said to be ready: the totals, and the chance of each.

    Args:
        rate: of bad inputs, in [0, 1).
        first: what `firsts` found.
        horizon: the last look.
    """
    reached = first[first <= horizon]
    alive, least, before = np.ones(1), 0, 0  # alive[i]: the chance of least + i bad, and not ready so far
    chances = np.zeros(len(reached))
    for bad, total in enumerate(reached):
        alive = np.convolve(alive, binomial(int(total) - before, rate))
        here, before = bad - least, int(total)
        if here < len(alive):
            chances[bad] = alive[here]
        alive, least = alive[here + 1 :], bad + 1
        alive = alive[: _end(alive)]
        if not len(alive):
            break
    return reached, chances


def ever_ready(rate: float, first: Whole, *, horizon: int) -> float:
    """The chance that a stream of that rate is ever said to be ready, looked at after every input."""
    return float(stops(rate, first, horizon=horizon)[1].sum())


def mean_inputs(rate: float, first: Whole) -> float:
    """How many inputs a stream of that rate needs in the mean; those never ready count up to the last total."""
    totals, chances = stops(rate, first, horizon=int(first[-1]))
    return float((totals * chances).sum() + max(0.0, 1 - chances.sum()) * totals[-1])


def wald(rate: float, limit: float, alpha: float) -> float:
    """The fewest inputs that any test of that error rate can need in the mean.

    Source: Wald (1945): log(1/alpha) / KL(rate, limit), for tests that stop surely.
    """
    clean = (1 - rate) * log((1 - rate) / (1 - limit))
    return log(1 / alpha) / (clean + (rate * log(rate / limit) if rate else 0.0))


def ever_beyond(rate: float, last: Whole, *, horizon: int) -> float:
    """The chance that a stream of that rate is ever said to be beyond its limit, looked at after every input."""
    allowed, before = np.ones(1), 0  # allowed[i]: the chance of i bad, and not beyond so far
    for cap, free in enumerate(last[1:].tolist()):
        until = min(int(free), horizon)  # up to here `cap + 1` bad are beyond the limit
        if until > before:
            allowed = np.convolve(allowed, binomial(until - before, rate))[: cap + 1]
            before = until
    return float(1 - allowed.sum())


def mean_until_beyond(rate: float, last: Whole, *, horizon: int) -> float:
    """How many inputs pass in the mean until a stream of that rate is said to be beyond its limit, or the horizon."""
    width = int(horizon * rate + 12 * (horizon * rate + 1) ** 0.5) + 20
    allowed, mean, cap = np.zeros(width), 0.0, 0
    allowed[0] = 1.0
    for total in range(1, horizon + 1):
        mean += float(allowed.sum())
        allowed[1:] = allowed[1:] * (1 - rate) + allowed[:-1] * rate
        allowed[0] *= 1 - rate
        while cap + 1 < len(last) and last[cap + 1] < total:
            cap += 1
        allowed[cap + 1 :] = 0.0
    return mean


def crossing(rate: float, edges: Sequence[int]) -> float:
    """As `ever_ready`, one look after the other.

    Args:
        rate: of bad inputs, in [0, 1].
        edges: for each total from 0 on the largest number of bad inputs that is ready; -1 where none is.
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


def _end(chances: Floats) -> int:
    """Where the far end that weighs nothing begins."""
    kept = np.flatnonzero(chances > _TAIL)
    return int(kept[-1]) + 1 if len(kept) else 0
