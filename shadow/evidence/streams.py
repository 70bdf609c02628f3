"""Drawn streams of a planned candidate: on which looks would all bars be passed together?

Bars over the same cases rise and fall together, and one that forgets what is old may be passed on one
day and not on the next; so the chance that a candidate is ready by a day is drawn and not multiplied.
The draws are seeded: one plan, one answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from zlib import crc32

import numpy as np
import numpy.typing as npt

from shadow.evidence.eprocess import Prior, log_e

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

RUNS = 4000  # the standard error of a chance near 0.97 is then 0.003
Window = tuple[int, int, int]  # closed days [from, to), and the most bad pieces that they may hold


@dataclass(slots=True, kw_only=True)
class Draws:
    """Daily bad pieces of so many imagined trials, each stream drawn once.

    Attributes:
        sizes: pieces of evidence on each closed day.
        rates: chance of a bad piece, by stream.
        runs, seed: how many trials, and what they are drawn from.
    """

    sizes: Sequence[int]
    rates: Mapping[str, float]
    runs: int = RUNS
    seed: int = 1
    drawn: dict[str, Ints] = field(default_factory=dict)

    def source(self, stream: str) -> np.random.Generator:
        """What a stream is drawn from; the same whatever else is drawn."""
        return np.random.default_rng([self.seed, crc32(stream.encode())])

    def daily(self) -> Ints:
        """Pieces on each closed day, as a column."""
        return np.asarray(self.sizes, dtype=np.int64)[:, None]

    def so_far(self, stream: str) -> Ints:
        """Bad pieces up to the end of each closed day, a column a trial; the first row is that of no day."""
        if stream not in self.drawn:
            daily = self.source(stream).binomial(self.daily(), self.rates[stream], (len(self.sizes), self.runs))
            self.drawn[stream] = _summed(daily)
        return self.drawn[stream]


Passes = Callable[[Draws], Bools]  # a row for 0, 1, … closed days, a column a trial


def within(stream: str, windows: Callable[[int], list[Window] | None]) -> Passes:
    """The bar is passed with so many closed days where every window holds few enough; never where there is none."""

    def passes(draws: Draws) -> Bools:
        bad = draws.so_far(stream)
        found = np.zeros(bad.shape, dtype=np.bool_)
        for closed in range(bad.shape[0]):
            asked = windows(closed)
            if asked is not None:
                found[closed] = True
            for start, end, most in asked or ():
                found[closed] &= bad[end] - bad[start] <= most
        return found

    return passes


def from_day(closed: int | None) -> Passes:
    """The bar is passed from so many closed days on, whatever is drawn; never where it is None."""

    def passes(draws: Draws) -> Bools:
        days = np.arange(len(draws.sizes) + 1)
        holds = days >= closed if closed is not None else np.zeros(len(days), dtype=np.bool_)
        return np.broadcast_to(holds[:, None], (len(days), draws.runs))

    return passes


def paired(stream: str, discordant: float, limit: float, prior: Prior, *, log_threshold: float) -> Passes:
    """The bar of pairs: each piece speaks for one side or the other with half of `discordant`, else for none.

    Args:
        discordant: share of the pieces on which the sides are not equally right, in (0, 1).
        limit: of the mean badness, in (0, 1), where a piece's badness is 0, 1/2 or 1.
    """

    def passes(draws: Draws) -> Bools:
        source = draws.source(stream)
        either = source.binomial(draws.daily(), discordant, (len(draws.sizes), draws.runs))
        worse = source.binomial(either, 0.5)
        total = _summed(draws.daily())
        bad, uneven = _summed(worse), _summed(either)
        bets = [_bet(r, w, limit, (uneven - bad, total - uneven, bad)) for r, w in _pairs(prior)]
        found: Bools = np.logaddexp.reduce(bets, axis=0) >= log_threshold
        return found

    return passes


def ready_by(bars: Sequence[Passes], draws: Draws) -> list[float]:
    """The chance that all bars were passed at one look, by each number of closed days from 0 on."""
    together = np.ones((len(draws.sizes) + 1, draws.runs), dtype=np.bool_)
    for passes in bars:
        together &= passes(draws)
    return [float(share) for share in np.logical_or.accumulate(together, axis=0).mean(axis=1)]


def at_each(passes: Passes, draws: Draws) -> list[float]:
    """The chance that one bar is passed at the look with 0, 1, … closed days."""
    return [float(share) for share in passes(draws).mean(axis=1)]


def _summed(daily: npt.NDArray[np.int64]) -> Ints:
    summed: Ints = np.cumsum(np.pad(daily, ((1, 0), (0, 0))), axis=0)
    return summed


def _pairs(prior: Prior) -> list[tuple[float, float]]:
    return list(zip(prior.multiples, prior.weights, strict=True))


def _bet(r: float, weight: float, limit: float, seen: tuple[npt.NDArray[np.int64], ...]) -> npt.NDArray[np.float64]:
    """log of one bet's wealth, its weight included, for counts of badness 0, 1/2 and 1."""
    alone = Prior(multiples=(r,), weights=(1.0,))
    factors = [log_e([(badness, 1)], limit, alone) for badness in (0.0, 0.5, 1.0)]
    wealth = np.full(np.broadcast_shapes(*(one.shape for one in seen)), np.log(weight))
    for factor, often in zip(factors, seen, strict=True):
        wealth = wealth + (np.where(often == 0, 0.0, -np.inf) if np.isneginf(factor) else factor * often)
    return wealth
