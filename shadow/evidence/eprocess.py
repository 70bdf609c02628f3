"""Anytime-valid tests from integer counts: finite mixtures of fixed bets against a limit.

Each piece of evidence has a badness X in [0, 1]. Against a limit m and with a multiple r

    factor(X) = (1 - X) (1 - r m) / (1 - m) + X r

has mean ≤ 1 wherever E[X | past] ≥ m (r < 1, evidence for *ready*) or ≤ m (r > 1, evidence of
harm). So E = Σ_j w_j Π_i factor_j(X_i) is an e-process, and P(E ever reaches 1/alpha) ≤ alpha however
often it is looked at. The bets are fixed in advance: log E depends on how often each X was
seen and on nothing else, not on order, shards or how many looks there were.

Source: Ville (1939); Waudby-Smith & Ramdas (2024), Estimating means of bounded random variables
by betting; Howard, Ramdas, McAuliffe & Sekhon (2021).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from math import exp, fsum, inf, isclose, log, log1p

from shadow.errors import ContractError

Classes = Iterable[tuple[float, float]]  # (badness in [0, 1], how often it was seen)

TOLERANCE = 1e-9  # logarithms may differ in the last place between machines: nearer than this is not there
_FAR = 10**12  # pieces of evidence beyond which a forecast says "never"
_EDGE = 1e-9  # how near to 0 and 1 a confidence limit is looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """Fixed bets and their weights; a constant of the design, never tuned on the data under test.

    Attributes:
        multiples: r ≥ 0, the rate bet on as a multiple of the limit; all below or all above 1.
        weights: > 0, one a multiple; they sum to 1.
    """

    multiples: tuple[float, ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        fits = len(self.multiples) == len(self.weights) and all(w > 0 for w in self.weights)
        if not (fits and isclose(fsum(self.weights), 1.0)):
            raise ContractError("a prior needs one weight above 0 a bet, summing to 1", seen=str(self.weights))


# Minimises what a candidate without any harm costs, 1.26 times Wald's bound, while the ratio stays ≤ 1.15 at 0.2, 0.35
# and 0.5 of the limit, ≤ 1.25 at 0.1 and 0.6, ≤ 1.35 at 0.7.
# Source: Kiefer & Weiss (1957); the weights found by exact recursion, `benchmarks/readiness`.
READY = Prior(
    multiples=(0.00, 0.05, 0.10, 0.20, 0.30, 0.37, 0.45, 0.55, 0.65, 0.75, 0.85, 0.93),
    weights=(0.17, 0.12, 0.10, 0.02, 0.08, 0.21, 0.09, 0.02, 0.14, 0.03, 0.01, 0.01),
)

# For what is spread over its range and near its limit, as a cost: within 1.3 times the least at 5 to 25 % below it.
# Source: by simulation, `benchmarks/readiness`; costs drawn as beta.
COST = Prior(
    multiples=(0.00, 0.10, 0.25, 0.40, 0.55, 0.65, 0.75, 0.85, 0.93),
    weights=(0.20, 0.06, 0.10, 0.14, 0.14, 0.12, 0.12, 0.08, 0.04),
)

# Nine tenths on "never"; the rest lets one root-caused event be outlived.
# Source: with weight 1 on "never" this is the rule of three, n = log alpha / log(1 - limit), for any look.
CRITICAL = Prior(multiples=(0.0, 0.3), weights=(0.9, 0.1))

# Source: equal weights over rates from barely to far above the limit (mixture of likelihood ratios).
HARM_MULTIPLES = (1.15, 1.3, 1.5, 2.0, 3.0, 5.0, 10.0, 25.0)


def harm(limit: float) -> Prior:
    """The bets against "the rate is at most `limit`": equal weights on those that stay below a rate of 1.

    Args:
        limit: in (0, 1).
    """
    kept = tuple(r for r in HARM_MULTIPLES if r * limit < 1) or ((1 + 1 / limit) / 2,)
    return Prior(multiples=kept, weights=(1 / len(kept),) * len(kept))


# Around the bet that grows fastest under a plan: as multiples of it, with their weights.
PLANNED_BETS = (0.1, 0.25, 0.55, 1.0, 1.8, 3.0, 6.0)
PLANNED_WEIGHTS = (0.03, 0.05, 0.11, 0.42, 0.27, 0.08, 0.04)
_LARGEST_BET = 0.97  # as a fraction of the largest that there is: one bad piece must not lose all


def planned(limit: float, plan: Classes) -> Prior:
    """Bets around the one that grows fastest under the plan, from a tenth of it to six times.

    The plan is frozen before the first look; where it is wrong, the bets beside the best one bound the cost.

    Args:
        limit: the rate tested against, in (0, 1).
        plan: the badness of a good candidate as it is planned: badness in [0, 1] and share, the shares summing to 1.

    Source: Kelly (1956) for the best bet; the spread around it by simulation, `benchmarks/readiness`.
    """
    best = 1 - _fastest(limit, list(plan))
    found: dict[float, float] = {}
    for times, weight in zip(PLANNED_BETS, PLANNED_WEIGHTS, strict=True):
        multiple = round(1 - min(times * best, _LARGEST_BET), 9)
        found[multiple] = found.get(multiple, 0.0) + weight
    return Prior(multiples=tuple(found), weights=tuple(found.values()))


def _fastest(limit: float, plan: list[tuple[float, float]]) -> float:
    """The multiple below 1 under which log E grows fastest; the growth has one top, so thirds find it."""
    low, high = 0.0, 1.0
    while high - low > _EDGE:
        left, right = low + (high - low) / 3, high - (high - low) / 3
        if _pace(plan, limit, left) < _pace(plan, limit, right):
            low = left
        else:
            high = right
    return round((low + high) / 2, 6)


def _pace(plan: list[tuple[float, float]], limit: float, r: float) -> float:
    return fsum(share * _log_factor(bad, limit, r) for bad, share in plan)


def log_e(classes: Classes, limit: float, prior: Prior) -> float:
    """log E of the mixture; 0 where nothing was seen.

    Args:
        classes: badness in [0, 1] and how often it was seen, in any order.
        limit: the rate tested against, in (0, 1).
        prior: READY or CRITICAL for "the rate is at least the limit", `harm(limit)` for "at most".

    Source: readiness formula (1): log E = logsumexp_j (log w_j + Σ_v n_v log factor_j(v)).
    """
    seen = [(share, often) for share, often in classes if often]
    bets = [
        log(weight) + fsum(often * _log_factor(share, limit, r) for share, often in seen)
        for r, weight in zip(prior.multiples, prior.weights, strict=True)
    ]
    return _log_sum_exp(bets)


def bernoulli_log_e(bad: float, total: float, limit: float, prior: Prior) -> float:
    """log E from `bad` pieces among `total`, where each is wholly bad or wholly good."""
    return log_e(((0.0, total - bad), (1.0, bad)), limit, prior)


def threshold(alpha: float) -> float:
    """What log E must reach: log(1/alpha), alpha in (0, 1)."""
    return -log(alpha)


def reached(evidence: float, alpha: float) -> bool:
    """Whether log E has reached log(1/alpha), surely: nearer than 1e-9 is not reached, nor is NaN."""
    return evidence - threshold(alpha) >= TOLERANCE


def growth(classes: Classes, limit: float, prior: Prior) -> float:
    """How much log E grows by each further piece if the mix stays as it is: that of the best bet."""
    seen = [(share, often) for share, often in classes if often]
    total = fsum(often for _, often in seen)
    if not total:
        return 0.0
    rates = [fsum(often * _log_factor(share, limit, r) for share, often in seen) / total for r in prior.multiples]
    return max(rates)


def more_needed(classes: Classes, limit: float, prior: Prior, *, alpha: float) -> int | None:
    """How many more pieces log E needs to reach log(1/alpha) if the mix stays as it is.

    Returns:
        0 where it is reached; None where it never will be. Where nothing was seen yet, what
        evidence without any badness would need.
    """
    seen = [(share, often) for share, often in classes if often]
    total = fsum(often for _, often in seen)
    mix = [(share, often / total) for share, often in seen] if total else [(0.0, 1.0)]
    if reached(log_e(seen, limit, prior), alpha):
        return 0
    if growth(mix, limit, prior) <= 0:
        return None

    def enough(pieces: int) -> bool:
        return reached(log_e([(share, part * pieces) for share, part in mix], limit, prior), alpha)

    low, high = int(total), max(1, 2 * int(total))
    while not enough(high):
        low, high = high, high * 2
        if high > _FAR:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high - int(total)


def inputs_for(bad: int, limit: float, prior: Prior, *, alpha: float, start: int = 0) -> int:
    """The smallest total among which `bad` bad pieces still reach log(1/alpha).

    Args:
        bad: ≥ 0.
        start: a total that is known to be too small; makes the search short.
    """
    low, step = max(start, bad), 1
    while not reached(bernoulli_log_e(bad, low + step, limit, prior), alpha):
        low, step = low + step, step * 2
    high = low + step
    while high - low > 1:
        middle = (low + high) // 2
        here = reached(bernoulli_log_e(bad, middle, limit, prior), alpha)
        low, high = (low, middle) if here else (middle, high)
    return high


def boundary(limit: float, total: int, prior: Prior, *, alpha: float) -> list[int]:
    """For each n from 0 to `total` the largest number of bad pieces that still reaches log(1/alpha).

    -1 where none does. log E falls as `bad` rises and rises with n, so the numbers never fall.
    """
    edges: list[int] = []
    first = 0
    for bad in count():
        first = inputs_for(bad, limit, prior, alpha=alpha, start=first)
        edges.extend([bad - 1] * (min(first, total + 1) - len(edges)))
        if first > total:
            return edges
    return edges


def upper_limit(classes: Classes, alpha: float, prior: Prior = READY) -> float:
    """The upper limit of the mean badness that holds at every look with probability ≥ 1 - alpha.

    It is the smallest limit at which log E reaches log(1/alpha); log E rises with the limit because
    the bets are multiples of it. 1 where nothing was seen.

    Source: Howard, Ramdas, McAuliffe & Sekhon (2021), confidence sequences by inverting tests.
    """
    seen = [(share, often) for share, often in classes if often]
    total = fsum(often for _, often in seen)
    low = fsum(share * often for share, often in seen) / total if total else 1.0
    low, high = max(low, _EDGE), 1.0
    while high - low > _EDGE:
        middle = (low + high) / 2
        low, high = (low, middle) if reached(log_e(seen, middle, prior), alpha) else (middle, high)
    return high


def _log_factor(share: float, limit: float, r: float) -> float:
    """log of what one piece of badness `share` multiplies the bet r by; -inf where it loses all."""
    if share == 0:
        return log1p(-r * limit) - log1p(-limit)
    factor = (1 - share) * (1 - r * limit) / (1 - limit) + share * r
    return log(factor) if factor != 0 else -inf


def _log_sum_exp(terms: list[float]) -> float:
    top = max(terms)
    return top if top == -inf else top + log(fsum(exp(term - top) for term in terms))
