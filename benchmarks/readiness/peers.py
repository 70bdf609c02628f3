"""What others' rules say on the very same streams, looked at every day for 28 days.

A candidate at the limit must not be called ready; one at a third of it should be. The control's own rate is half the
limit, so a candidate at the limit is twice as bad as the control and one at 1.5 × the limit three times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import log, sqrt
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from benchmarks.readiness.kayenta import passes
from benchmarks.readiness.rows import Row, Run, at_most, shown
from shadow.evidence.eprocess import READY, boundary
from tests.evidence.exact import binomial

Whole = npt.NDArray[np.int64]
LIMIT, ALPHA, DAYS, HOURS = 0.02, 0.05, 28, 24
VOLUMES = (48, 504, 4992)  # about 50, 500 and 5,000 a day; the same in every hour
OURS = "this harness"
TRUTHS = {"at the limit": 1.0, "1.5 × the limit": 1.5, "0.35 × the limit": 0.35}
TUNING = 5000  # GrowthBook's default
KAYENTA = 200  # streams that Kayenta's rule is asked about; it is slow
Rule = Callable[[int], int]  # pieces seen → the largest number of bad ones that it calls ready; -1 for none


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one rule said of the streams of one truth and volume.

    Attributes:
        ever: how many streams it ever called ready.
        day: the day in the median on which it first did; None where it did for fewer than half of them.
    """

    rule: str
    volume: int
    truth: str
    ever: int
    streams: int
    day: int | None


def rows(how: Run) -> Iterator[Row]:
    """One line a volume, truth and rule: ever ready within 28 days, and on which day in the median."""
    for seen in results(how):
        what = f"ever ready: {seen.rule}, {seen.volume} a day, {seen.truth}"
        if seen.rule == OURS and TRUTHS[seen.truth] >= 1:
            yield at_most(what, seen.ever, seen.streams, ALPHA)
        else:
            yield shown(what, f"{seen.ever / seen.streams:.3f}, {f'day {seen.day}' if seen.day else '-'}")


def results(how: Run) -> Iterator[Seen]:
    """All rules over the same streams."""
    draw = np.random.default_rng(how.seed)
    for volume in VOLUMES:
        edges = _edges(volume)
        for truth, share in TRUTHS.items():
            hourly = draw.binomial(volume // HOURS, share * LIMIT, (how.trials(2000), DAYS * HOURS))
            total = hourly.reshape(len(hourly), DAYS, HOURS).sum(2).cumsum(1)
            for rule, edge in edges.items():
                yield _seen((rule, volume, truth), total <= edge)
            some = hourly[: how.trials(KAYENTA)]
            control = draw.binomial(volume // HOURS, LIMIT / 2, some.shape)
            said = np.array([_kayenta(mine, theirs) for mine, theirs in zip(some, control, strict=True)])
            yield _seen(("Kayenta", volume, truth), said)


def _seen(where: tuple[str, int, str], said: npt.NDArray[np.bool_]) -> Seen:
    rule, volume, truth = where
    ever, first = np.asarray(said.any(axis=1)), said.argmax(axis=1) + 1
    day = int(np.median(np.where(ever, first, DAYS + 1)))
    return Seen(
        rule=rule, volume=volume, truth=truth, ever=int(ever.sum()), streams=len(ever), day=day if day <= DAYS else None
    )


def _kayenta(mine: Whole, theirs: Whole) -> list[bool]:
    return [passes(mine[: day * HOURS], theirs[: day * HOURS]) for day in range(1, DAYS + 1)]


def _edges(volume: int) -> dict[str, Whole]:
    """For each rule the largest number of bad pieces that it calls ready at the end of each day."""
    ours = boundary(LIMIT, DAYS * volume, READY, alpha=ALPHA)
    rules: dict[str, Rule] = {
        OURS: lambda n: ours[n],
        "Clopper-Pearson": clopper_pearson,
        "Wilson": lambda n: _largest(n, _wilson),
        "agreement threshold": lambda n: int(LIMIT * n),
        "GrowthBook": lambda n: _largest(n, _growthbook),
    }
    return {name: np.array([rule(day * volume) for day in range(1, DAYS + 1)]) for name, rule in rules.items()}


def clopper_pearson(n: int) -> int:
    """The largest number of bad ones whose exact one-sided upper limit is at most LIMIT."""
    return int(np.searchsorted(np.cumsum(binomial(n, LIMIT)), ALPHA, side="right")) - 1


def _largest(n: int, upper: Callable[[int, int], float]) -> int:
    bad = -1
    while upper(bad + 1, n) <= LIMIT:
        bad += 1
    return bad


def _wilson(bad: int, n: int) -> float:
    """One-sided upper limit. Source: Wilson (1927)."""
    z = NormalDist().inv_cdf(1 - ALPHA)
    share = bad / n
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (share + z * z / (2 * n) + half) / (1 + z * z / n)


def _growthbook(bad: int, n: int) -> float:
    """Upper end of the asymptotic confidence sequence, as GrowthBook's sequential test has it.

    Source: github.com/growthbook/growthbook, gbstats; Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas (2023), one-sided.
    """
    share = bad / n
    spread = n / (n - 1) * share * (1 - share)
    two = 2 * ALPHA
    rho2 = (-2 * log(two) + log(-2 * log(two) + 1)) / TUNING
    wide = 2 * (n * rho2 + 1) / (n * n * rho2) * log(1 + sqrt(n * rho2 + 1) / two)
    return share + sqrt(spread * wide)
