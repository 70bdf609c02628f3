"""Plots as hand-written SVG: no library, no script, readable by a screen reader, printable."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

from shadow.reports import drawing
from shadow.reports.markup import Markup, el
from shadow.reports.safe import cut
from shadow.reports.scale import BOTTOM, HEIGHT, TOP, Scale, scale, ticks, x, y
from shadow.reports.series import Curve, DayRow, LookRow
from shadow.reports.words import day, percent, tone

WORD = 24  # most characters of a look's word
SIGNS = {"good": "✓", "bad": "✕", "open": "·"}


def evidence_plot(curve: Curve, ident: str, *, first_ready: date | None) -> Markup:
    """One gate's log-evidence by day, its threshold, and the day on which ready was first reached.

    `ident` is unique on the page. A curve without a point is a sentence instead of a plot.
    """
    points = [p for p in drawing.thin(curve.points) if not math.isnan(p.log_e)]
    if not points:
        return el("p", "No look has produced this evidence yet.", class_="none")
    on = scale([p.day for p in points], [0.0, curve.threshold, *(p.log_e for p in points)])
    line = [(x(on, p.day), y(on, p.log_e)) for p in points]
    limit = y(on, curve.threshold)
    under = 16 if HEIGHT - BOTTOM - limit > 24 else -6
    kind = "good" if curve.toward == "ready" else "bad"
    return drawing.frame(
        ident,
        f"{curve.title}: {points[-1].log_e:.2f} on {day(points[-1].day)}, threshold {curve.threshold:.2f}",
        f"Log-evidence of the gate {curve.gate} from {day(points[0].day)} to {day(points[-1].day)}; "
        f"at or above {curve.threshold:.2f} it speaks for {curve.toward}.",
        drawing.zone(TOP, limit, kind),
        drawing.axes(on, [(v, f"{v:g}") for v in ticks(on.low, on.high)]),
        drawing.level(
            limit, f"enough for {curve.toward}: {curve.threshold:.2f}{_error(curve.threshold)}", kind, label_at=under
        ),
        drawing.mark(on, first_ready, "ready first"),
        drawing.line(line, "line plain"),
        *(drawing.dot(at, "dot plain") for at in line[-1:]),
    )


def _error(threshold: float) -> str:
    return f" (wrong in at most 1 of {math.exp(threshold):,.0f})" if 0 < threshold < 20 else ""


def rate_plot(days: Sequence[DayRow], ident: str, *, limit: float | None, first_ready: date | None) -> Markup:
    """Discrepancies and harmful discrepancies in percent of the compared cases of each arrival day."""
    rows = [row for row in drawing.thin(days) if row.compared]
    if not rows:
        return el("p", "Nothing has been compared yet.", class_="none")
    tops = [row.high if row.high is not None else row.discrepancies / row.compared for row in rows]
    on = scale([row.day for row in rows], [0.0, *tops, *([limit] if limit is not None else [])])
    rate = [(x(on, row.day), y(on, row.discrepancies / row.compared)) for row in rows]
    harm = [(x(on, row.day), y(on, row.harmful / row.compared)) for row in rows]
    return drawing.frame(
        ident,
        f"Share of discrepancies by arrival day, {day(rows[0].day)} to {day(rows[-1].day)}",
        "The line is the share of compared cases with a discrepancy, the band its 95 % interval, the lower "
        "line the harmful ones; hollow points are days that are not closed yet.",
        drawing.axes(on, [(v, drawing.short(percent(v))) for v in ticks(on.low, on.high)]),
        drawing.band(on, [(row.day, row.low, row.high) for row in rows]),
        _allowed(on, limit),
        drawing.mark(on, first_ready, "ready first"),
        drawing.line(harm, "line bad"),
        drawing.line(rate, "line plain"),
        *(drawing.dot(at, "dot plain" + _hollow(row)) for at, row in zip(rate, rows, strict=True)),
        *(drawing.dot(at, "dot bad" + _hollow(row)) for at, row in zip(harm, rows, strict=True)),
    )


def strip(looks: Sequence[LookRow], ident: str) -> Markup | None:
    """One cell a look, coloured and signed by its verdict's word; None where there is none."""
    rows = list(looks)[-120:]
    if not rows:
        return None
    cell = min(26.0, 720 / len(rows))
    cells = [_cell(row, n * cell, cell) for n, row in enumerate(rows)]
    words = ", ".join(f"{day(row.day)} {cut(row.word, WORD)}" for row in _changes(rows))
    return el(
        "svg",
        el("title", f"The verdict day by day: {words}", id=f"{ident}-t"),
        *cells,
        class_="strip",
        viewBox=f"0 0 {cell * len(rows):.1f} 40",
        role="img",
        aria_labelledby=f"{ident}-t",
        width=f"{cell * len(rows):.0f}",
    )


def _cell(row: LookRow, left: float, size: float) -> Markup:
    kind = tone(row.word)
    head = el("title", f"{day(row.day)}: {cut(row.word, WORD)}")
    box = el("rect", x=f"{left + 1:.1f}", y=2, width=f"{size - 2:.1f}", height=22, rx=3, class_=f"cell {kind}")
    middle = f"{left + size / 2:.1f}"
    sign = el("text", SIGNS[kind], x=middle, y=18, class_=f"sign {kind}", text_anchor="middle")
    label = el("text", row.day.day, x=middle, y=37, class_="tick", text_anchor="middle") if size >= 14 else None
    return el("g", head, box, sign, label)


def _changes(rows: Sequence[LookRow]) -> list[LookRow]:
    return [row for n, row in enumerate(rows) if n == 0 or rows[n - 1].word != row.word][:12]


def whisker(share: float, low: float, high: float, *, top: float) -> Markup | None:
    """A share with its interval on a scale from 0 to `top` (> 0); decoration, the words stand beside it."""
    if not math.isfinite(share + low + high + top):
        return None
    at = [f"{2 + 116 * min(max(v / top, 0.0), 1.0):.1f}" for v in (low, share, high)]
    return el(
        "svg",
        el("line", x1=2, x2=118, y1=8, y2=8, class_="grid"),
        el("line", x1=at[0], x2=at[2], y1=8, y2=8, class_="span"),
        el("circle", cx=at[1], cy=8, r=4, class_="dot plain"),
        class_="whisker",
        viewBox="0 0 120 16",
        aria_hidden="true",
    )


def _allowed(on: Scale, limit: float | None) -> Markup | None:
    if limit is None or not math.isfinite(limit):
        return None
    return drawing.level(y(on, limit), f"harmful allowed: {percent(limit)}", "bad", label_at=-6)


def _hollow(row: DayRow) -> str:
    return "" if row.closed else " hollow"
