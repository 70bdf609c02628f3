"""Plots as hand-written SVG: no library, no script, readable by a screen reader, printable."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import TypeVar

from shadow.reports.markup import Markup, el, join
from shadow.reports.safe import cut
from shadow.reports.scale import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Scale, day_ticks, scale, ticks, x, y
from shadow.reports.series import Curve, DayRow, LookRow
from shadow.reports.words import MONTHS, day, percent, tone

POINTS = 400  # most points of one line; a longer one is thinned, its last point kept
WORD = 24  # most characters of a look's word
SIGNS = {"good": "✓", "bad": "✕", "open": "·"}
Point = TypeVar("Point")


def evidence_plot(curve: Curve, ident: str, *, first_ready: date | None) -> Markup:
    """One gate's log-evidence by day, its threshold, and the day on which ready was first reached.

    `ident` is unique on the page. A curve without a point is a sentence instead of a plot.
    """
    points = [p for p in _thin(curve.points) if not math.isnan(p.log_e)]
    if not points:
        return el("p", "No look has produced this evidence yet.", class_="none")
    on = scale([p.day for p in points], [0.0, curve.threshold, *(p.log_e for p in points)])
    line = [(x(on, p.day), y(on, p.log_e)) for p in points]
    limit = y(on, curve.threshold)
    kind = "good" if curve.toward == "ready" else "bad"
    return _svg(
        ident,
        f"{curve.title}: {points[-1].log_e:.2f} on {day(points[-1].day)}, threshold {curve.threshold:.2f}",
        f"Log-evidence of the gate {curve.gate} from {day(points[0].day)} to {day(points[-1].day)}; "
        f"at or above {curve.threshold:.2f} it speaks for {curve.toward}.",
        _rect(LEFT, TOP, WIDTH - LEFT - RIGHT, limit - TOP, f"zone {kind}"),
        _axes(on, [(v, f"{v:g}") for v in ticks(on.low, on.high)]),
        _level(limit, f"enough for {curve.toward}: {curve.threshold:.2f}{_error(curve.threshold)}", kind),
        _mark(on, first_ready, "ready first"),
        _line(line, "line plain"),
        *(_dot(at, "dot plain") for at in line[-1:]),
    )


def _error(threshold: float) -> str:
    return f" (wrong in at most 1 of {math.exp(threshold):,.0f})" if 0 < threshold < 20 else ""


def rate_plot(days: Sequence[DayRow], ident: str, *, limit: float | None, first_ready: date | None) -> Markup:
    """Discrepancies and harmful discrepancies in percent of the compared cases of each arrival day."""
    rows = [row for row in _thin(days) if row.compared]
    if not rows:
        return el("p", "Nothing has been compared yet.", class_="none")
    tops = [row.high if row.high is not None else row.discrepancies / row.compared for row in rows]
    on = scale([row.day for row in rows], [0.0, *tops, *([limit] if limit is not None else [])])
    rate = [(x(on, row.day), y(on, row.discrepancies / row.compared)) for row in rows]
    harm = [(x(on, row.day), y(on, row.harmful / row.compared)) for row in rows]
    return _svg(
        ident,
        f"Share of discrepancies by arrival day, {day(rows[0].day)} to {day(rows[-1].day)}",
        "The line is the share of compared cases with a discrepancy, the band its 95 % interval, the lower "
        "line the harmful ones; hollow points are days that are not closed yet.",
        _axes(on, [(v, percent(v).replace(".00", "").replace(".0 ", " ")) for v in ticks(on.low, on.high)]),
        _band(on, rows),
        _allowed(on, limit),
        _mark(on, first_ready, "ready first"),
        _line(harm, "line bad"),
        _line(rate, "line plain"),
        *(_dot(at, "dot plain" + _hollow(row)) for at, row in zip(rate, rows, strict=True)),
        *(_dot(at, "dot bad" + _hollow(row)) for at, row in zip(harm, rows, strict=True)),
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


def _svg(ident: str, title: str, desc: str, *children: Markup | None) -> Markup:
    drawn = el(
        "svg",
        el("title", title, id=f"{ident}-t"),
        el("desc", desc, id=f"{ident}-d"),
        *children,
        class_="plot",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_labelledby=f"{ident}-t {ident}-d",
    )
    return el("div", drawn, class_="wide")


def _axes(on: Scale, marks: Sequence[tuple[float, str]]) -> Markup:
    rows = [
        join(
            (
                el(
                    "line",
                    x1=LEFT,
                    x2=WIDTH - RIGHT,
                    y1=y(on, v),
                    y2=y(on, v),
                    class_="zero" if v == 0 else "grid",
                ),
                el("text", text, x=LEFT - 8, y=y(on, v) + 4, class_="tick", text_anchor="end"),
            )
        )
        for v, text in marks
    ]
    days = [
        el(
            "text",
            f"{d.day} {MONTHS[d.month - 1]}",
            x=x(on, d),
            y=HEIGHT - 12,
            class_="tick",
            text_anchor="middle",
        )
        for d in day_ticks(on.first, on.last)
    ]
    return join((*rows, *days))


def _allowed(on: Scale, limit: float | None) -> Markup | None:
    if limit is None or not math.isfinite(limit):
        return None
    return _level(y(on, limit), f"harmful allowed: {percent(limit)}", "bad", label_at=-6)


def _level(at: float, text: str, kind: str, *, label_at: int = 16) -> Markup:
    line = el("line", x1=LEFT, x2=WIDTH - RIGHT, y1=at, y2=at, class_=f"level {kind}")
    return join(
        (
            line,
            el("text", text, x=WIDTH - RIGHT - 8, y=at + label_at, class_=f"label {kind}", text_anchor="end"),
        )
    )


def _mark(on: Scale, at: date | None, text: str) -> Markup | None:
    if at is None or not on.first <= at <= on.last:
        return None
    here = x(on, at)
    left = here > WIDTH - 160
    label = f"{text}: {at.day} {MONTHS[at.month - 1]}"
    return join(
        (
            el("line", x1=here, x2=here, y1=TOP - 6, y2=HEIGHT - BOTTOM, class_="mark"),
            el(
                "text",
                label,
                x=here,
                y=TOP - 11,
                class_="label mark-text",
                text_anchor="end" if left else "middle",
            ),
        )
    )


def _band(on: Scale, rows: Sequence[DayRow]) -> Markup | None:
    known = [
        (row.day, row.low, row.high)
        for row in rows
        if row.low is not None and row.high is not None and math.isfinite(row.low + row.high)
    ]
    if len(known) < 2:
        return None
    over = [f"{x(on, d)},{y(on, high)}" for d, _, high in known]
    under = [f"{x(on, d)},{y(on, low)}" for d, low, _ in reversed(known)]
    return el("polygon", points=" ".join(over + under), class_="band")


def _line(points: Sequence[tuple[float, float]], kind: str) -> Markup:
    return el("polyline", points=" ".join(f"{a},{b}" for a, b in points), class_=kind)


def _dot(at: tuple[float, float], kind: str) -> Markup:
    return el("circle", cx=at[0], cy=at[1], r=3, class_=kind)


def _hollow(row: DayRow) -> str:
    return "" if row.closed else " hollow"


def _rect(left: float, top: float, width: float, height: float, kind: str) -> Markup:
    return el("rect", x=left, y=top, width=width, height=max(height, 0.0), class_=kind)


def _thin(points: Sequence[Point]) -> list[Point]:
    step = -(-len(points) // POINTS) or 1
    return [p for n, p in enumerate(points) if (len(points) - 1 - n) % step == 0]
