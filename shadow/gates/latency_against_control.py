"""Gate: the candidate is fast enough against the control, at a stated error rate."""

from __future__ import annotations

from math import inf

from shadow.evidence.counts import Table
from shadow.evidence.evidence import Evidence
from shadow.evidence.forecast import until_first_close
from shadow.evidence.histogram import EDGES, MICRO, quantile_lower, quantile_upper
from shadow.evidence.tables import CANDIDATE, CONTROL
from shadow.gates.finding import Finding, Number, Status
from shadow.gates.words import check_positive, check_share, nothing_yet, percent
from shadow.plug import gate

NAME = "latency_against_control"


def _check(ratio: float, quantile: float, alpha: float) -> None:
    check_positive("ratio", ratio)
    check_share("quantile", quantile)
    check_share("alpha", alpha)


def _words(ratio: float, quantile: float, alpha: float) -> str:
    return (
        f"the time under which {100 * quantile:g} of 100 cases stay is at most {ratio:g} times the control's; "
        f"error rate {100 * alpha:g} %"
    )


@gate(version=1, check=_check, words=_words)
def latency_against_control(
    evidence: Evidence, *, ratio: float, quantile: float = 0.95, alpha: float = 0.05
) -> Finding:
    """Passes once the candidate's quantile is surely at most `ratio` times the control's.

    The control's time runs from when it began the case to its first outcome; where that is unknown or cannot be, the
    case counts as done at once. The candidate's unknown times count as endless. Of a unit-day's cases one counts on
    each side, drawn whatever it took. Over closed days.

    Args:
        ratio: the candidate's quantile over the control's that is allowed, > 0.
        quantile: in (0, 1), as 0.95.
        alpha: the chance, in (0, 1), of ever passing though the ratio is larger.

    Example:
        >>> latency_against_control(ratio=1.5)
        latency_against_control(ratio=1.5, quantile=0.95, alpha=0.05)

    Source: Howard & Ramdas (2022); an upper limit of the one and a lower limit of the other, each at half of alpha.
    """
    if not evidence.compared:
        return nothing_yet(NAME, until_first_close(evidence) or None)
    upper, lower, numbers = _limits(evidence, quantile, alpha)
    if numbers["unsound"]:
        return _open("A duration of the candidate cannot be: NaN, infinite or negative.", numbers, "sound durations")
    at = f"{100 * quantile:g} of 100 cases"
    if upper == inf:
        return _open(f"There are too few durations to say under what {at} stay.", numbers, "more unit-days")
    seen = f"{at} take the candidate at most {upper:.4g} s and the control at least {lower:.4g} s, surely"
    if upper <= ratio * lower:
        reason = f"{seen}: at most {ratio:g} times as long (error rate {percent(alpha)})."
        return Finding(gate=NAME, status=Status.PASS, reason=reason, numbers=numbers)
    return _open(
        f"{seen}: not yet surely at most {ratio:g} times as long.", numbers, "more unit-days or a faster candidate"
    )


def _limits(evidence: Evidence, quantile: float, alpha: float) -> tuple[float, float, dict[str, Number]]:
    days, counts = evidence.closed, evidence.counts
    ours, slow = counts.took(CANDIDATE, days)
    theirs, instant = counts.took(CONTROL, days)
    endless = len(EDGES)
    upper = quantile_upper({**ours, endless: ours.get(endless, 0) + slow}, quantile, MICRO, alpha=alpha / 2)
    theirs[0] = theirs.get(0, 0) + instant
    lower = quantile_lower(theirs, quantile, MICRO, alpha=alpha / 2)
    numbers: dict[str, Number] = {
        "unit_days": sum(ours.values()) + slow,
        "unknown": slow,
        "control_unknown": instant,
        "control_lower_s": lower,
        "unsound": counts.number(Table.UNSOUND, "duration", days=days),
    }
    return upper, lower, numbers if upper == inf else {**numbers, "candidate_upper_s": upper}


def _open(reason: str, numbers: dict[str, Number], needs: str) -> Finding:
    return Finding(gate=NAME, status=Status.INCONCLUSIVE, reason=reason, numbers=numbers, needs=needs)
