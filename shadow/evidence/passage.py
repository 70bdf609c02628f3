"""When evidence reaches its threshold, without chance: edges, and an exact recursion over the number of bad pieces.

Source: forward recursion of a random walk with an absorbing edge, as for any sequential probability
ratio test. There is no Monte Carlo error.
"""

from __future__ import annotations

from itertools import count

import numpy as np
import numpy.typing as npt

from shadow.evidence.eprocess import Prior, bernoulli_log_e, reached

Floats = npt.NDArray[np.float64]

_ENOUGH = 1e-9  # what is left of the streams when a search for a mean stops


def edge_of(total: int, limit: float, prior: Prior, *, alpha: float) -> int:
    """The largest number of bad pieces among `total` that still reaches log(1/alpha); -1 where none does.

    Args:
        total: ≥ 0.
        limit, prior, alpha: of a test for *ready*: bad pieces speak against it.
    """
    low, high = -1, total + 1
    while high - low > 1:
        middle = (low + high) // 2
        here = reached(bernoulli_log_e(middle, total, limit, prior), alpha)
        low, high = (middle, high) if here else (low, middle)
    return low


def upward(rate: float, limit: float, prior: Prior, *, alpha: float, most: int = 10**6) -> Floats:
    """For a test that bad pieces make reach its threshold: the chance of reaching it first at each total, 0 first.

    Looks after every piece; ends when nearly all streams have reached it, or at `most` pieces.

    Args:
        rate: of bad pieces, in (0, 1).
        limit, prior, alpha: of the test; the prior's bets are above the limit.
    """
    alive, found = np.array([1.0]), [0.0]
    for edge in count(1):
        last = min(_longest(edge, limit, prior, alpha=alpha), most)
        for _ in range(len(found), last + 1):
            alive = np.append(alive * (1 - rate), 0.0) + np.append(0.0, alive * rate)
            found.append(float(alive[edge:].sum()))
            alive = alive[:edge]
        if last == most or (found[-1] and alive.sum() < _ENOUGH):
            break
    return np.array(found)


def mean_of(chances: Floats) -> float:
    """The mean of the total at which it is reached, among the streams that reach it."""
    return float((np.arange(len(chances)) * chances).sum() / chances.sum())


def _longest(bad: int, limit: float, prior: Prior, *, alpha: float) -> int:
    """The largest total among which so many bad pieces suffice; 0 where none is: good pieces speak against harm."""
    if not reached(bernoulli_log_e(bad, bad, limit, prior), alpha):
        return 0
    low, step = bad, 1
    while reached(bernoulli_log_e(bad, low + step, limit, prior), alpha):
        low, step = low + step, step * 2
    high = low + step
    while high - low > 1:
        middle = (low + high) // 2
        here = reached(bernoulli_log_e(bad, middle, limit, prior), alpha)
        low, high = (middle, high) if here else (low, middle)
    return low
