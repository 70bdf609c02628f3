"""Twenty slices of very different size: ready over all of them at the full error rate, harm in any at one price."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from benchmarks.readiness.rows import Row, Run, at_most, shown
from benchmarks.readiness.streams import DAYS, Whole
from shadow.evidence.discovery import e_bh, e_holm
from shadow.evidence.eprocess import READY, harm, threshold
from tests.evidence.exact import log_es

LIMIT, ALPHA, SLICES, VOLUME = 0.03, 0.05, 20, 500
TRUTHS = {"all at the limit": 20, "10 at the limit": 10, "one at the limit": 1, "none at the limit": 0}
GOOD = 0.3  # times the limit, the others
Floats = npt.NDArray[np.float64]


def rows(how: Run) -> Iterator[Row]:
    """One truth after the other: together, each by itself with its multiplicity paid, and harm by the mean."""
    draw = np.random.default_rng(how.seed)
    for name, bad in TRUTHS.items():
        yield from _truth(draw, how, name, bad)


def _truth(draw: np.random.Generator, how: Run, name: str, bad: int) -> Iterator[Row]:
    trials = how.trials(400)
    together = beside = holm = 0
    wrong, power = 0.0, 0.0
    for _ in range(trials):
        worst = draw.permutation(SLICES)[:bad]
        total, harmful = _stream(draw, worst)
        evidence = _log_es(harmful, total, READY)
        together += bool((evidence.min(1) >= threshold(ALPHA)).any())
        mean = np.log(np.exp(_log_es(harmful, total, harm(LIMIT))).mean(1))
        beside += bool((mean >= threshold(ALPHA)).any())
        said = np.array(e_bh(evidence[-1].tolist(), ALPHA))
        wrong += said[worst].sum() / max(1, said.sum())
        power += (said.sum() - said[worst].sum()) / max(1, SLICES - bad)
        holm += bool(np.array(e_holm(evidence[-1].tolist(), ALPHA))[worst].any())
    if bad:
        yield at_most(f"every slice falsely ready at some look: {name}", together, trials, ALPHA)
        yield at_most(f"any false ready slice, e-Holm: {name}", holm, trials, ALPHA)
        yield at_most(f"share of false ready slices, e-BH: {name}", round(wrong), trials, ALPHA)
    yield at_most(f"harm falsely confirmed in a slice, by the mean: {name}", beside, trials, ALPHA)
    yield shown(f"good slices shown ready by day 28, e-BH: {name}", f"{power / trials:.2f}")


def _stream(draw: np.random.Generator, worst: Whole) -> tuple[Whole, Whole]:
    """Cumulated unit-days and harmful ones, one row a day and one column a slice; sizes follow Zipf."""
    weights = 1 / np.arange(1, SLICES + 1)
    total = draw.multinomial(VOLUME, weights / weights.sum(), DAYS)
    rates = np.full(SLICES, GOOD * LIMIT)
    rates[worst] = LIMIT
    return total.cumsum(0), draw.binomial(total, rates).cumsum(0)


def _log_es(bad: Whole, total: Whole, prior: object) -> Floats:
    return log_es(bad.ravel(), total.ravel(), LIMIT, prior).reshape(bad.shape)  # type: ignore[arg-type]
