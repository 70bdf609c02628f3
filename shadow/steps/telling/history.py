"""What the report shows by day: the looks so far, log-evidence against its threshold, discrepancies by arrival day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from shadow.contract import Severity
from shadow.evidence.counts import Counts, Table, closed_days
from shadow.evidence.intervals import wilson
from shadow.evidence.judged import Standing
from shadow.reports.series import Curve, CurvePoint, DayRow, LookRow
from shadow.store.verdicts import StoredVerdict

CURVES = (
    ("harmful_rate", "log_e", "Evidence that harm is below its limit", "ready"),
    ("harmful_rate", "harm_log_e", "Evidence that harm is beyond its limit", "not ready"),
    ("critical_rate", "log_e", "Evidence that critical cases are rare enough", "ready"),
)


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
    made = []
    for gate, number, title, toward in CURVES:
        found = [(look_day(one.look), _numbers(one, gate)) for one in verdicts]
        points = {day: numbers for day, numbers in found if number in numbers and "threshold" in numbers}
        if points:
            threshold = float(points[max(points)]["threshold"])
            line = tuple(CurvePoint(day=day, log_e=float(at[number])) for day, at in sorted(points.items()))
            made.append(Curve(gate=gate, title=title, threshold=threshold, toward=toward, points=line))
    return tuple(made)


def _numbers(one: StoredVerdict, gate: str) -> dict[str, float]:
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
