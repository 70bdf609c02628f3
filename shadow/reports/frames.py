"""The report as pandas frames, for notebooks; pandas is imported when `frames` is called."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from shadow.reports.limit_plot import within
from shadow.reports.parts import CauseRow
from shadow.reports.report import Report

if TYPE_CHECKING:
    import pandas as pd

TEXT, COUNT, SHARE, FLAG, DAY = "str", "int64", "float64", "bool", "datetime64[us]"
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "findings": {
        "gate": TEXT,
        "status": TEXT,
        "reason": TEXT,
        "numbers": TEXT,
        "needs": TEXT,
        "days": SHARE,
        "rejects": FLAG,
    },
    "causes": {
        "cause": COUNT,
        "parent": "Int64",
        "resolved": TEXT,
        "place": TEXT,
        "direction": TEXT,
        "slice_name": TEXT,
        "slice_value": TEXT,
        "severity": TEXT,
        "count": COUNT,
        "possible": COUNT,
        "share": SHARE,
        "low": SHARE,
        "high": SHARE,
        "harmful": COUNT,
        "money": TEXT,
        "example": TEXT,
        "sentence": TEXT,
    },
    "days": {
        "day": DAY,
        "closed": FLAG,
        "arrived": COUNT,
        "compared": COUNT,
        "discrepancies": COUNT,
        "harmful": COUNT,
        "share": SHARE,
        "low": SHARE,
        "high": SHARE,
        "harmful_share": SHARE,
    },
    "evidence": {
        "gate": TEXT,
        "toward": TEXT,
        "day": DAY,
        "log_e": SHARE,
        "threshold": SHARE,
        "enough": FLAG,
    },
    "limits": {
        "gate": TEXT,
        "unit": TEXT,
        "day": DAY,
        "lower": SHARE,
        "upper": SHARE,
        "seen": SHARE,
        "limit": SHARE,
        "within": FLAG,
    },
    "effects": {
        "tool": TEXT,
        "count": COUNT,
        "reversible": FLAG,
        "money": TEXT,
        "control_too": COUNT,
        "control_count": COUNT,
        "control_money": TEXT,
    },
    "totals": {"what": TEXT, "detail": TEXT, "count": COUNT},
    "containment": {"what": TEXT, "name": TEXT, "detail": TEXT, "count": COUNT},
}


def frames(report: Report) -> dict[str, pd.DataFrame]:
    """What the report shows, as frames; an empty one has its columns all the same.

    Shapes (columns and dtypes in `COLUMNS`; `money` and `numbers` are JSON text, amounts as decimal text;
    text may come from a candidate or a customer and is as it was recorded):
        findings: one row a gate; columns gate, status, reason, numbers, needs, days (NaN unknown), rejects.
        causes: one row a cause, consequences after their cause; columns cause (unique, from 0), parent (the
            cause that brings it along, or missing), resolved (empty while open), place, direction,
            slice_name and slice_value (both empty: everywhere), severity, count, possible, share, low and
            high (0 to 1), harmful, money, example (case id or empty), sentence.
        days: one row an arrival day; columns day (UTC, unique), closed, arrived, compared, discrepancies,
            harmful, share, low, high, harmful_share (0 to 1 of compared, NaN where nothing was compared).
        evidence: one row a curve and day; columns gate, toward, day, log_e, threshold (natural logarithms),
            enough.
        limits: one row a curve and day; columns gate, unit (share, s, times, USD or empty), day, lower and upper (what
            is not ruled out, NaN where not known), seen, limit (what the contract allows), within.
        effects: one row a write; columns tool, count, reversible, money, control_too, control_count,
            control_money.
        totals: one row a counted thing; columns what, detail (severity or reason, else empty), count.
        containment: one row a counted thing; columns what (held, violation, refused, noise, route, bytes out,
            bytes in, canaries), name (tool, call or route), detail (answer, reason or decision), count.
    """
    rows: dict[str, Iterator[dict[str, Any]]] = {
        "findings": _findings(report),
        "causes": _causes(report),
        "days": _days(report),
        "evidence": _evidence(report),
        "limits": _limits(report),
        "effects": _effects(report),
        "totals": _totals(report),
        "containment": _containment(report),
    }
    return {name: _frame(list(held), COLUMNS[name]) for name, held in rows.items()}


def _frame(rows: list[dict[str, Any]], kinds: Mapping[str, str]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(rows, columns=list(kinds)).astype(dict(kinds))


def _findings(report: Report) -> Iterator[dict[str, Any]]:
    for f in report.findings:
        numbers = json.dumps(dict(f.numbers), ensure_ascii=False)
        yield {
            "gate": f.gate,
            "status": str(f.status),
            "reason": f.reason,
            "numbers": numbers,
            "needs": f.needs,
            "days": f.days,
            "rejects": f.rejects,
        }


def _causes(report: Report) -> Iterator[dict[str, Any]]:
    flat: list[tuple[CauseRow, int | None]] = []
    for row in (*report.causes, *report.resolved):
        _flatten(row, None, flat)
    for n, (row, parent) in enumerate(flat):
        yield {"cause": n, "parent": parent, **_cause(row)}


def _flatten(row: CauseRow, parent: int | None, flat: list[tuple[CauseRow, int | None]]) -> None:
    here = len(flat)
    flat.append((row, parent))
    for brought in row.consequences:
        _flatten(brought, here, flat)


def _cause(row: CauseRow) -> dict[str, Any]:
    name, value = row.slice or ("", "")
    return {
        "resolved": row.resolved,
        "place": row.place,
        "direction": row.direction,
        "slice_name": name,
        "slice_value": value,
        "severity": row.severity.value,
        "count": row.count,
        "possible": row.possible,
        "share": row.share,
        "low": row.low,
        "high": row.high,
        "harmful": row.harmful,
        "money": _money(row.money),
        "example": row.example.case_id if row.example else "",
        "sentence": row.sentence,
    }


def _days(report: Report) -> Iterator[dict[str, Any]]:
    for d in report.days:
        yield {
            "day": d.day,
            "closed": d.closed,
            "arrived": d.arrived,
            "compared": d.compared,
            "discrepancies": d.discrepancies,
            "harmful": d.harmful,
            "share": d.discrepancies / d.compared if d.compared else None,
            "low": d.low,
            "high": d.high,
            "harmful_share": d.harmful / d.compared if d.compared else None,
        }


def _evidence(report: Report) -> Iterator[dict[str, Any]]:
    for curve in report.curves:
        for point in curve.points:
            yield {
                "gate": curve.gate,
                "toward": curve.toward,
                "day": point.day,
                "log_e": point.log_e,
                "threshold": curve.threshold,
                "enough": point.log_e >= curve.threshold,
            }


def _limits(report: Report) -> Iterator[dict[str, Any]]:
    for curve in report.limits:
        for p in curve.points:
            yield {
                "gate": curve.gate,
                "unit": curve.unit,
                "day": p.day,
                "lower": p.lower,
                "upper": p.upper,
                "seen": p.seen,
                "limit": curve.limit,
                "within": within(curve, p),
            }


def _effects(report: Report) -> Iterator[dict[str, Any]]:
    for row in report.happened.effects:
        yield {
            "tool": row.tool,
            "count": row.count,
            "reversible": row.reversible,
            "money": _money(row.money),
            "control_too": row.control_too,
            "control_count": row.control_count,
            "control_money": _money(row.control_money),
        }


def _totals(report: Report) -> Iterator[dict[str, Any]]:
    t = report.totals
    single = ("arrived", "compared", "agree", "waiting", "dead_letters", "not_taken", "unlabelled", "stale")
    for what in single:
        yield {"what": what, "detail": "", "count": getattr(t, what)}
    for what in ("discrepancies", "incomparable", "set_aside", "failures"):
        for detail, count in getattr(t, what).items():
            yield {"what": what, "detail": str(detail), "count": count}


def _containment(report: Report) -> Iterator[dict[str, Any]]:
    one = report.contained
    if one is None:
        return
    held = (("held", row.tool, how, count) for row in one.held for how, count in row.answered.items())
    kinds = (("violation", one.violations), ("refused", one.refused), ("noise", one.noise))
    tried = ((what, row.call, row.why, row.times) for what, rows in kinds for row in rows)
    passed = (("route", row.name, decision, n) for row in one.routes for decision, n in row.decisions.items())
    sent = (("bytes out", row.name, "", row.bytes_out) for row in one.routes)
    came = (("bytes in", row.name, "", row.bytes_in) for row in one.routes)
    for what, name, detail, count in (*held, *tried, *passed, *sent, *came, ("canaries", "", "", one.canaries)):
        yield {"what": what, "name": name, "detail": detail, "count": count}


def _money(amounts: Mapping[str, Decimal]) -> str:
    return json.dumps({currency: str(value) for currency, value in amounts.items()}, ensure_ascii=False)
