"""Gate: the share of a unit-day's cases that are harmful stays below a limit, at a stated error rate."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, fsum

from shadow.evidence.counts import Shares
from shadow.evidence.day_effect import DayEffect, day_effect, thinned
from shadow.evidence.eprocess import READY, harm, log_e, more_needed, reached, threshold, upper_limit
from shadow.evidence.evidence import Evidence
from shadow.evidence.forecast import days_for, unit_days_per_day
from shadow.gates.finding import Finding, Number, Status
from shadow.gates.words import check_share, many, nothing_yet, percent
from shadow.plug import gate

NAME = "harmful_rate"


def _check(at_most: float, alpha: float, alpha_harm: float | None) -> None:
    check_share("at_most", at_most)
    check_share("alpha", alpha)
    check_share("alpha_harm", alpha if alpha_harm is None else alpha_harm)


def _words(at_most: float, alpha: float, alpha_harm: float | None) -> str:
    said = f"fewer than {100 * at_most:g} % of the pieces of evidence are harmful; error rate {100 * alpha:g} %"
    return said if alpha_harm is None else f"{said}, of rejecting it {100 * alpha_harm:g} %"


@gate(version=3, check=_check, words=_words)
def harmful_rate(
    evidence: Evidence, *, at_most: float, alpha: float = 0.05, alpha_harm: float | None = None
) -> Finding:
    """Passes once "the harmful share is `at_most` or more" is rejected; rejects on confirmed harm beyond it.

    For *ready*, over closed days, an unlabelled major or critical discrepancy counts as harmful.
    For *not ready*, over all days, only what a label confirmed does. The claim is about customers as
    served: one unit's cases of one day weigh as one. Harm in one slice alone is `every_slice`'s.
    Where days differ by more than chance, the evidence must also do once it is thinned by how much they do: a heuristic
    against days that were good by luck, which only ever keeps it from passing.

    Args:
        at_most: the limit, a share in (0, 1).
        alpha: the chance, in (0, 1), of ever passing though the share is at the limit.
        alpha_harm: the chance, in (0, 1), of ever rejecting though it is not beyond the limit; `alpha`
            where it is not given.

    Example:
        >>> harmful_rate(at_most=0.01)
        harmful_rate(at_most=0.01, alpha=0.05, alpha_harm=None)

    Source: `shadow.evidence.eprocess`, priors READY and `harm`; `shadow.evidence.day_effect`.
    """
    error = alpha if alpha_harm is None else alpha_harm
    effect = day_effect(evidence.daily())
    numbers = {**_numbers(evidence, at_most, alpha, effect), "harm_threshold": threshold(error)}
    if reached(float(numbers["harm_log_e"]), error):
        return _rejected(numbers, at_most)
    pieces = evidence.served()
    more = _more_needed(pieces, at_most, alpha, effect)
    days = days_for(evidence, more, unit_days_per_day(evidence))
    if not pieces:
        return nothing_yet(NAME, days, numbers)
    seen = f"{percent(float(numbers['rate']))} of {many(int(numbers['unit_days']), 'unit-day')} harmful"
    seen += f" ({many(evidence.unlabelled, 'case')} counted so for want of a label)" if evidence.unlabelled else ""
    sure = reached(float(numbers["log_e"]), alpha)
    told = _told(numbers, effect, alpha)
    if sure:
        reason = f"{seen}: below the limit of {percent(at_most)}, surely enough (error rate {percent(alpha)}){told}."
        return Finding(gate=NAME, status=Status.PASS, reason=reason, numbers=numbers)
    reason = f"{seen}: not yet surely below the limit of {percent(at_most)}{told}."
    needs = f"{many(more, 'more unit-day')} like those so far" if more is not None else _hopeless(evidence)
    return Finding(gate=NAME, status=Status.INCONCLUSIVE, reason=reason, numbers=numbers, needs=needs, days=days)


def _told(numbers: Mapping[str, Number], effect: DayEffect | None, alpha: float) -> str:
    """What is said where days differ by more than chance; nothing where they do not."""
    if effect is None or not effect.real:
        return ""
    differ = f". Days differ more than chance: {effect.phi:.1f} times the variance of equal days"
    if reached(float(numbers["log_e"]), alpha):
        return f"{differ}; it is enough even with each day's evidence thinned by that"
    if reached(float(numbers["whole_log_e"]), alpha):
        return f"{differ}; of equal days it would be enough, with each day's evidence thinned by that it is not"
    return differ


def _more_needed(pieces: Shares, at_most: float, alpha: float, effect: DayEffect | None) -> int | None:
    """Unit-days that are missing, thinned where days differ; None where more will not do."""
    if effect is None or not effect.real:
        return more_needed(pieces, at_most, READY, alpha=alpha)
    more = more_needed(thinned(pieces, effect.phi), at_most, READY, alpha=alpha)
    return None if more is None else ceil(more * effect.phi)


def _numbers(evidence: Evidence, at_most: float, alpha: float, effect: DayEffect | None) -> dict[str, Number]:
    ready, confirmed = evidence.served(), evidence.confirmed()
    total = sum(often for _, often in ready)
    harmful = fsum(share * often for share, often in ready)
    whole = log_e(ready, at_most, READY)
    less = log_e(thinned(ready, effect.phi), at_most, READY) if effect and effect.real else whole
    days = {"phi": effect.phi, "phi_by_chance": effect.chance, "whole_log_e": whole} if effect else {}
    return {
        "log_e": min(whole, less),
        **days,
        "harm_log_e": log_e(confirmed, at_most, harm(at_most)),
        "threshold": threshold(alpha),
        "unit_days": total,
        "harmful": harmful,
        "rate": harmful / total if total else 0.0,
        "upper": upper_limit(ready, alpha),
        "unlabelled": evidence.unlabelled,
        "confirmed": fsum(share * often for share, often in confirmed),
        "confirmed_of": sum(often for _, often in confirmed),
    }


def _rejected(numbers: dict[str, Number], at_most: float) -> Finding:
    share = float(numbers["confirmed"]) / float(numbers["confirmed_of"])
    reason = (
        f"Labels confirm harm in {percent(share)} of {many(int(numbers['confirmed_of']), 'unit-day')}: "
        f"surely beyond the limit of {percent(at_most)}."
    )
    return Finding(
        gate=NAME, status=Status.FAIL, reason=reason, numbers=numbers, needs="a better version", rejects=True
    )


def _hopeless(evidence: Evidence) -> str:
    labels = " and labels that clear some of it" if evidence.unlabelled else ""
    return f"less harm than so far{labels}: at this rate more days will not do"
