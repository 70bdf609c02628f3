"""Live evidence of a candidate that already has a share of the traffic: roll back, advance, or wait.

Pure functions of counts, as everything here. The traffic is live: harm that is counted has happened. So
the test for a rollback starts from "it is fine" and needs few harmful cases to say otherwise; the test
for a larger share starts from "it is not", as the one for *ready* did. What was seen in shadow may only
say where to bet, never count as live evidence: harm that shows itself through what the world answers
could not be seen there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil, exp, fsum, log

from shadow.errors import UsageError
from shadow.evidence.drift import ecusum
from shadow.evidence.eprocess import READY, Classes, Prior, bernoulli_log_e, harm, log_e, reached, threshold

ALPHA_BACK = 0.01  # the chance of ever rolling a candidate back that is within the limit
DWELL = timedelta(days=1)  # the least time at a share before a larger one
DWELL_BEFORE_ALL = timedelta(days=7)  # before all of the traffic: a whole week
_TRUST = 0.8  # how much of the bets follows what shadow showed; the rest stays where it was
_TEMPER = 0.5  # shadow's likelihoods count by their square root


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What one test over live evidence says now.

    Attributes:
        reached: whether the evidence suffices: to roll back, or to advance.
        log_e, threshold: natural logarithms; it suffices from the threshold on.
        reason: one plain sentence.
    """

    reached: bool
    log_e: float
    threshold: float
    reason: str


def roll_back(live: Classes, limit: float, *, alpha: float = ALPHA_BACK, critical: int = 0) -> Live:
    """Whether the candidate must go back to shadow: "live harm is within the limit" is rejected.

    Asked after every case; the chance of ever rolling back a candidate whose harmful share is at most
    the limit is ≤ alpha over the whole canary, however long it lasts. At three times the limit it takes
    about 14 harmful cases with alpha 0.01.

    Args:
        live: (harmful share of a piece of live evidence, how often), of confirmed harm alone.
        limit: the harmful share that is accepted, in (0, 1).
        alpha: in (0, 1).
        critical: critical live cases that a person confirmed and nobody waived; one is enough.

    Source: mixture of likelihood ratios, prior `harm`; Ville (1939).
    """
    seen, bad, total = _summed(live)
    found = log_e(seen, limit, harm(limit))
    if critical:
        return _live(True, found, alpha, f"{critical:,} critical live case{'s' * (critical > 1)} confirmed.")
    back = reached(found, alpha)
    sure = "surely more than" if back else "not surely more than"
    return _live(back, found, alpha, f"{bad:,.4g} of {total:,} live pieces harmful: {sure} {100 * limit:g} %.")


def late_harm(daily: Sequence[tuple[int, int]], limit: float, *, false_alarm_days: int = 1000) -> Live:
    """Whether live harm has risen beyond the limit after a time in which all was well: an alarm, and so a rollback.

    `roll_back` weighs what was good before against what is bad now; this forgets the good, day by day, and so is
    the sooner one once a canary has lasted. It may raise a false alarm, on one day in `false_alarm_days` or fewer.

    Args:
        daily: (harmful, live pieces) of each day since the share began, in order; of confirmed harm alone.
        limit: in (0, 1).
        false_alarm_days: days that pass in the mean until an alarm though harm keeps to the limit, > 1.

    Source: `shadow.evidence.drift`, e-CUSUM; Shin, Ramdas & Rinaldo (2023).
    """
    found = ecusum(daily, limit)[-1] if daily else 0.0
    alarm = reached(found, 1 / false_alarm_days)
    bad, total = sum(one for one, _ in daily), sum(one for _, one in daily)
    said = f"{bad:,} of {total:,} live pieces harmful over {len(daily):,} days"
    risen = "the last of them surely beyond" if alarm else "none of them surely beyond"
    return _live(alarm, found, 1 / false_alarm_days, f"{said}, {risen} {100 * limit:g} %.")


def roll_back_against_control(
    candidate_harmful: int, control_harmful: int, share: float, *, alpha: float = ALPHA_BACK
) -> Live:
    """Whether the candidate does more harm than the control beside it, whose rate nobody knows beforehand.

    Of the harmful cases of both sides the candidate's part is at most its share of the traffic where it
    does no more harm; whatever moves both rates alike (a bad day, a changed world) cancels out.

    Args:
        candidate_harmful, control_harmful: harmful live cases since this share began, ≥ 0.
        share: of the traffic that the candidate gets, in (0, 1), by a draw that does not look at the case.
        alpha: the chance of ever rolling back though the rates are equal, in (0, 1).

    Source: conditioning on the harmful events, P(candidate | harmful) = q p_c / (q p_c + (1 - q) p_e) ≤ q.
    """
    if not 0 < share < 1:
        raise UsageError("a share of the traffic lies above 0 and below 1", where="stages", seen=str(share))
    total = candidate_harmful + control_harmful
    found = bernoulli_log_e(candidate_harmful, total, share, harm(share))
    back = reached(found, alpha)
    said = f"{candidate_harmful:,} of {total:,} harmful cases are the candidate's, whose share is {100 * share:g} %"
    return _live(back, found, alpha, f"{said}: {'surely' if back else 'not surely'} more than its part.")


def advance(
    live: Classes, limit: float, *, prior: Prior = READY, alpha: float = 0.05, dwelt: timedelta, all_next: bool = False
) -> Live:
    """Whether the candidate may have a larger share: "live harm is at the limit or beyond" is rejected.

    Args:
        live: (harmful share of a piece of live evidence of this share, how often); what nobody has
            labelled in its time counts as harmful.
        limit: the harmful share, in (0, 1).
        prior: READY, or what `inherited` made of it before this share began; never changed while it lasts.
        alpha: the chance of ever advancing from this share though harm is at the limit, in (0, 1).
        dwelt: how long the candidate has had this share; less than a day is never enough.
        all_next: whether the next share is all of the traffic; less than seven days is then not enough.
    """
    seen, bad, total = _summed(live)
    found, least = log_e(seen, limit, prior), DWELL_BEFORE_ALL if all_next else DWELL
    said = f"{bad:,.4g} of {total:,} live pieces harmful"
    if dwelt < least:
        return _live(False, found, alpha, f"{said}; it has had this share for less than {least.days} days.")
    enough = total > 0 and reached(found, alpha)
    sure = "surely below" if enough else "not yet surely below"
    return _live(enough, found, alpha, f"{said}: {sure} {100 * limit:g} %.")


def inherited(shadow: Classes, limit: float, prior: Prior = READY) -> Prior:
    """The bets of a stage's test, moved toward what shadow showed; none of shadow's evidence itself comes along.

    The bets are fixed before the first live case, so the test keeps its error rate whatever shadow showed:
    where live harm is otherwise, only time is lost. Carrying the evidence would halve the time and let a
    candidate whose live harm differs advance in 0.24 where 0.05 was promised.

    Args:
        shadow: (harmful share of a unit-day, how often) of the shadow evidence.
        limit: the harmful share that the stage tests against, in (0, 1).

    Source: tempered posterior over the bets, w_j' = 0.8 · norm(w_j L_j^0.5) + 0.2 w_j.
    """
    seen = [(share, often) for share, often in shadow if often]
    pairs = list(zip(prior.multiples, prior.weights, strict=True))
    logs = [log(w) + _TEMPER * log_e(seen, limit, Prior(multiples=(r,), weights=(1.0,))) for r, w in pairs]
    top = max(logs)
    if top == float("-inf"):  # every bet has lost all: shadow says nothing that could be followed
        return prior
    posterior = [exp(one - top) for one in logs]
    whole = fsum(posterior)
    weights = tuple(_TRUST * one / whole + (1 - _TRUST) * w for one, (_, w) in zip(posterior, pairs, strict=True))
    return Prior(multiples=prior.multiples, weights=weights)


def cases_to_roll_back(limit: float, *, times: float = 3.0, alpha: float = ALPHA_BACK) -> float:
    """How many live cases a rollback takes in the mean where the harmful share is so many times the limit; exact.

    Args:
        limit: in (0, 1).
        times: > 1; times · limit must stay below 1.
    """
    if not (times > 1 and times * limit < 1):
        raise UsageError("harm above the limit and below 1 is needed", where="stages", seen=f"{times} × {limit}")
    from shadow.evidence.passage import mean_of, upward  # numpy: not for those who only test live evidence

    return mean_of(upward(times * limit, limit, harm(limit), alpha=alpha))


def smallest_share(
    limit: float, cases_per_day: float, *, times: float = 3.0, days: float = 2.0, alpha: float = ALPHA_BACK
) -> float:
    """The share of the traffic, in (0, 1], below which harm of `times` the limit would go on for more than `days`.

    The harmful cases that happen before a rollback do not depend on the share; only the time does.
    """
    if not cases_per_day > 0:
        raise UsageError("a volume above 0 is needed", where="stages: cases_per_day", seen=str(cases_per_day))
    return min(1.0, ceil(cases_to_roll_back(limit, times=times, alpha=alpha)) / (days * cases_per_day))


def _summed(live: Classes) -> tuple[list[tuple[float, float]], float, int]:
    seen = [(share, often) for share, often in live if often]
    return seen, fsum(share * often for share, often in seen), int(fsum(often for _, often in seen))


def _live(found: bool, log_evidence: float, alpha: float, reason: str) -> Live:
    return Live(reached=found, log_e=log_evidence, threshold=threshold(alpha), reason=reason)
