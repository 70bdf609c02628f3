"""What the report shows by day: the looks so far, log-evidence against its threshold, discrepancies by arrival day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from shadow.contract import Severity
from shadow.evidence.counts import Counts, Table, closed_days
from shadow.evidence.intervals import wilson
from shadow.evidence.judged import Standing
from shadow.reports.series import Curve, CurvePoint, DayRow, LookRow
from shadow.store.verdicts import StoredVerdict

NUMBERS = (("log_e", "threshold", "ready"), ("harm_log_e", "harm_threshold", "not ready"))
TITLES = {  # what evidence reaching its threshold says; a third party's gate is called by its name
    ("harmful_rate", "ready"): "harm is below its limit",
    ("harmful_rate", "not ready"): "harm is beyond its limit",
    ("every_slice", "ready"): "harm is below its limit in the weakest slice",
    ("every_slice", "not ready"): "harm is beyond its limit in a slice",
    ("critical_rate", "ready"): "critical cases are rare enough",
    ("recency", "ready"): "harm is below its limit in the last days by themselves",
    ("whole_weeks", "ready"): "harm is below its limit over whole weeks",
    ("non_inferior", "ready"): "the candidate is not worse than the control",
    ("similarity", "ready"): "both do alike often enough",
    ("cost", "ready"): "a case costs little enough",
    ("latency", "ready"): "cases are fast enough",
    ("coverage", "ready"): "little of what comes in is of an unseen kind",
}


def look_day(look: datetime) -> date:
    """The last day that a look has seen: a look at midnight belongs to the day before."""
    return (look - timedelta(microseconds=1)).date()


def look_rows(verdicts: Sequence[StoredVerdict]) -> tuple[LookRow, ...]:
    """One row a day: the newest look of each."""
    newest = {look_day(one.look): one.word for one in verdicts}
    return tuple(LookRow(day=day, word=word) for day, word in sorted(newest.items()))


def first_day(verdicts: Sequence[StoredVerdict], word: str) -> date | None:
    """The first day on which a look said this word (or began with it)."""
    return next((look_day(one.look) for one in verdicts if one.word.startswith(word)), None)


def curves(verdicts: Sequence[StoredVerdict]) -> tuple[Curve, ...]:
    """Each gate's log-evidence as it stood at each look; gates that report none are left out."""
    gates = [finding["gate"] for finding in verdicts[-1].body["findings"]] if verdicts else []
    made = (_curve(verdicts, gate, *which) for gate in dict.fromkeys(gates) for which in NUMBERS)
    return tuple(curve for curve in made if curve is not None)


def _curve(verdicts: Sequence[StoredVerdict], gate: str, number: str, bar: str, toward: str) -> Curve | None:
    found = [(look_day(one.look), numbers_of(one, gate)) for one in verdicts]
    points = {
        day: numbers for day, numbers in found if number in numbers and (bar in numbers or "threshold" in numbers)
    }
    if not points:
        return None
    newest = points[max(points)]
    title = TITLES.get((gate, toward), f"{gate} {'holds' if toward == 'ready' else 'is beyond its limit'}")
    return Curve(
        gate=gate,
        title=f"Evidence that {title}",
        threshold=float(newest.get(bar, newest.get("threshold", 0.0))),
        toward=toward,
        points=tuple(CurvePoint(day=day, log_e=float(at[number])) for day, at in sorted(points.items())),
    )


def numbers_of(one: StoredVerdict, gate: str) -> dict[str, Any]:
    """What a gate measured at one look; empty where it was not asked."""
    for finding in one.body["findings"]:
        if finding["gate"] == gate:
            return dict(finding["numbers"])
    return {}


def day_rows(counts: Counts, look: datetime) -> tuple[DayRow, ...]:
    """One row an arrival day."""
    closed = set(closed_days(counts, look))
    return tuple(_day(counts, day, day in closed) for day in sorted(counts.days))


def _day(counts: Counts, day: date, closed: bool) -> DayRow:
    compared = counts.number(Table.CASES, Standing.COMPARED, days=[day])
    differ = counts.number(Table.DISCREPANCIES, days=[day])
    harmful = sum(counts.number(Table.GRADES, severity, days=[day]) for severity in (Severity.MAJOR, Severity.CRITICAL))
    low, high = wilson(differ, compared) if compared else (None, None)
    return DayRow(
        day=day,
        closed=closed,
        arrived=counts.cases([day]),
        compared=compared,
        discrepancies=differ,
        harmful=harmful,
        low=low,
        high=high,
    )
