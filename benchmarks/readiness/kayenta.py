"""Kayenta's rule over hourly counts, written again from its source: whether the metric passes.

Source: github.com/spinnaker/kayenta, MannWhitney.scala, MannWhitneyClassifier.scala and NetflixACAJudge.scala: the
98 % Mann-Whitney interval of the shift must lie beyond a quarter of the Hodges-Lehmann estimate for a metric to be
"High"; whatever is not High passes.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Whole = npt.NDArray[np.int64]
CONFIDENCE, FRACTION = 0.98, 0.25
_Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
_STEPS = 20  # halvings of the range of shifts: finer than the 0.0001 that Kayenta asks of its solver
_PLACES = 3  # counts are whole, so the statistic jumps at whole shifts: a root is a jump, not a hair beside it


def passes(candidate: Whole, control: Whole) -> bool:
    """Whether the candidate's hourly counts of harmful cases are not classified as High against the control's."""
    if np.array_equal(candidate, control) or candidate.mean() <= control.mean():
        return True
    statistic = _statistic(candidate, control)
    low = float(candidate.min() - control.max())
    high = float(candidate.max() - control.min())
    shift = _root(statistic, 0.0, low, high)
    return not _root(statistic, _Z, low, high) > FRACTION * abs(shift)


def _statistic(candidate: Whole, control: Whole) -> Callable[[float], float]:
    """The corrected Wilcoxon statistic as a function of the shift; it falls as the shift grows."""
    mine, mine_often = np.unique(candidate, return_counts=True)
    theirs, theirs_often = np.unique(control, return_counts=True)
    m, n = len(candidate), len(control)
    pairs = np.outer(mine_often, theirs_often)

    def at(shift: float) -> float:
        moved = np.round(mine - shift, 9)
        apart = np.sign(moved[:, None] - theirs[None, :])
        off = float((pairs * apart).sum()) / 2
        _, where = np.unique(np.concatenate([moved, theirs]), return_inverse=True)
        tied = np.bincount(where, weights=np.concatenate([mine_often, theirs_often]).astype(float))
        spread = m * n / 12 * ((m + n + 1) - float((tied**3 - tied).sum()) / ((m + n) * (m + n - 1)))
        return float((off - 0.5 * np.sign(off)) / spread**0.5) if spread > 0 else 0.0

    return at


def _root(statistic: Callable[[float], float], level: float, low: float, high: float) -> float:
    """Where the statistic crosses the level, or the end of the range that it does not reach."""
    if statistic(low) <= level:
        return low
    if statistic(high) >= level:
        return high
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if statistic(middle) > level else (low, middle)
    return round((low + high) / 2, _PLACES)
