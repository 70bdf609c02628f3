"""Gate: what comes in is what came in before; an alarm stops *ready*."""

from __future__ import annotations

from math import log

from shadow.evidence.counts import Table
from shadow.evidence.drift import mean_log
from shadow.evidence.eprocess import TOLERANCE
from shadow.evidence.evidence import Evidence
from shadow.evidence.forecast import until_first_close
from shadow.evidence.moves import WARM_UP, Watched, before, days_lacking, watched
from shadow.gates.finding import Finding, Number, Status
from shadow.gates.words import check_share, check_whole, many, nothing_yet, percent
from shadow.plug import gate

NAME = "input_drift"
_HELD = 7  # days for which an alarm holds


def _check(novel: float, moved: float, false_alarm_days: int) -> None:
    check_share("novel", novel)
    check_share("moved", moved)
    check_whole("false_alarm_days", false_alarm_days)


@gate(
    version=2,
    check=_check,
    words="no alarm that what comes in has changed: new kinds of cases on more than {novel_percent} of the pieces of "
    "evidence of a week, or a slice whose share of a week has moved by more than {moved_percent}; a false alarm on "
    "one day in {false_alarm_days} at most",
    needs=("slices",),  # without them it tells no case from another: it could neither pass nor raise an alarm
)
def input_drift(
    evidence: Evidence, *, novel: float = 0.05, moved: float = 0.1, false_alarm_days: int = 1000
) -> Finding:
    """Passes while nothing says that other cases come in than before; an alarm holds for seven days.

    Held against the weeks before the experiment; where nothing is known of them, against the trial's first seven
    days. Each day the week up to it is looked at as a whole, so that Sundays may differ from Mondays. A change that
    one week does not show is shown by the alarm as it adds up.

    Args:
        novel: unit-days that may bring a kind of case not met before, a share in (0, 1).
        moved: by how much the share of a slice's value may rise or fall, in (0, 1).
        false_alarm_days: the chance of an alarm within n days, though nothing has changed by more, is at most n
            divided by it; ≥ 1.

    Example:
        >>> input_drift()
        input_drift(novel=0.05, moved=0.1, false_alarm_days=1000)

    Source: `shadow.evidence.drift`; the mean over what is watched keeps the false alarms (Shin, Ramdas & Rinaldo 2023).
    """
    if not evidence.compared:
        return nothing_yet(NAME, until_first_close(evidence) or None)
    if not evidence.counts.table(Table.SLICES, evidence.closed):
        return _open("The contract declares no slices, so nothing tells kinds of cases apart.", "slices", {}, None)
    lacking = days_lacking(evidence)
    if lacking:
        return _too_early(evidence, lacking)
    found = watched(evidence.counts, before(evidence), novel=novel, moved=moved)
    numbers = _numbers(found, false_alarm_days)
    if float(numbers["log_m"]) < float(numbers["threshold"]) - TOLERANCE:
        reason = f"Nothing says that other cases come in than before ({many(len(found), 'thing')} watched)."
        return Finding(gate=NAME, status=Status.PASS, reason=reason, numbers=numbers)
    limits = f"more than {percent(novel)} new kinds, or a share moved by more than {percent(moved)}"
    reason = f"Alarm: other cases come in than before, most of all {numbers['most']} ({limits})."
    return _open(reason, "the change looked into; a new trial where it stays", numbers, None)


def _too_early(evidence: Evidence, lacking: int) -> Finding:
    own = evidence.reference is None or not evidence.reference.unit_days
    against = f"; the first {WARM_UP} days are what later ones are held against" if own else ""
    reason = f"{many(len(evidence.closed), 'closed day')}{against}, and no whole week after that can be judged yet."
    return _open(reason, many(lacking, "more closed day"), {}, float(lacking))


def _numbers(found: list[Watched], false_alarm_days: int) -> dict[str, Number]:
    weights = [1 / len(found)] * len(found)
    days = range(len(found[0].path))
    means = [mean_log([one.path[day] for one in found], weights) for day in days][-_HELD:]
    most = max(found, key=lambda one: max(one.path[-_HELD:]))
    return {"log_m": max(means), "threshold": log(false_alarm_days), "watched": len(found), "most": most.what}


def _open(reason: str, needs: str, numbers: dict[str, Number], days: float | None) -> Finding:
    return Finding(gate=NAME, status=Status.INCONCLUSIVE, reason=reason, numbers=numbers, needs=needs, days=days)
