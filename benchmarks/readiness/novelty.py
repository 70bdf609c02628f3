"""How much of the traffic is of a kind not met yet: the upper limit holds at every look."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from benchmarks.readiness.rows import Row, Run, at_most, shown
from benchmarks.readiness.streams import DAYS
from shadow.evidence.eprocess import reached
from shadow.evidence.novelty import missing_log_e, missing_upper

ALPHA = 0.05
SOURCES = {
    "Zipf 1.1, 5,000 kinds": (1.1, 5000),
    "Zipf 1.5, 5,000 kinds": (1.5, 5000),
    "Zipf 2, 2,000 kinds": (2.0, 2000),
}


def rows(how: Run) -> Iterator[Row]:
    """Per source and volume: streams in which the limit was below the truth at any look; and both on day 28."""
    draw = np.random.default_rng(how.seed)
    for name, (power, kinds) in SOURCES.items():
        weights = np.arange(1, kinds + 1) ** -power
        for volume in (50, 500):
            yield from _cell(draw, how, (name, weights / weights.sum()), volume)


def _cell(
    draw: np.random.Generator, how: Run, source: tuple[str, npt.NDArray[np.float64]], volume: int
) -> Iterator[Row]:
    name, chances = source
    trials, broken = how.trials(150), 0
    last: list[tuple[float, float]] = []
    for _ in range(trials):
        met, daily, wrong, missing = np.zeros(len(chances), bool), [], False, 1.0
        for _ in range(DAYS):
            here = np.unique(draw.choice(len(chances), p=chances, size=volume))
            daily.append((int((~met[here]).sum()), volume))
            met[here] = True
            missing = float(chances[~met].sum())
            wrong |= reached(missing_log_e(daily, missing), ALPHA)
        broken += wrong
        if len(last) < 10:
            last.append((missing_upper(daily, ALPHA), missing))
    upper, true = np.mean(last, axis=0)
    yield at_most(f"upper limit below the truth at some look: {name}, {volume} a day", broken, trials, ALPHA)
    yield shown(f"  on day 28: {name}, {volume} a day", f"≤ {upper:.3f}, in truth {true:.3f}")
