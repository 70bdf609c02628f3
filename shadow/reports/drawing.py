"""The pieces that plots are drawn from: frame, axes, levels, marks, lines, bands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import TypeVar

from shadow.reports.markup import Markup, el, join
from shadow.reports.scale import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Scale, day_ticks, x, y
from shadow.reports.words import MONTHS

POINTS = 400  # most points of one line; a longer one is thinned, its last point kept
Item = TypeVar("Item")
Place = tuple[float, float]


def frame(ident: str, title: str, desc: str, *children: Markup | None) -> Markup:
    """A plot with its title and its description in words; `ident` is unique on the page."""
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


def axes(on: Scale, marks: Sequence[tuple[float, str]]) -> Markup:
    """A line and its text at each of these values, and the days below."""
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


def level(at: float, text: str, kind: str, *, label_at: int = 16, left: bool = False) -> Markup:
    """A line from side to side, with its text `label_at` units below it, on the right or on the left."""
    across = el("line", x1=LEFT, x2=WIDTH - RIGHT, y1=at, y2=at, class_=f"level {kind}")
    place, anchor = (LEFT + 8, "start") if left else (WIDTH - RIGHT - 8, "end")
    return join((across, el("text", text, x=place, y=at + label_at, class_=f"label {kind}", text_anchor=anchor)))


def mark(on: Scale, at: date | None, text: str) -> Markup | None:
    """A day marked from top to bottom; nothing where it lies outside."""
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


def band(on: Scale, rows: Sequence[tuple[date, float | None, float | None]]) -> Markup | None:
    """The ground between a low and a high value a day; nothing where fewer than two days have both."""
    known = [
        (day, low, high)
        for day, low, high in rows
        if low is not None and high is not None and math.isfinite(low + high)
    ]
    if len(known) < 2:
        return None
    over = [f"{x(on, d)},{y(on, high)}" for d, _, high in known]
    under = [f"{x(on, d)},{y(on, low)}" for d, low, _ in reversed(known)]
    return el("polygon", points=" ".join(over + under), class_="band")


def line(points: Sequence[Place], kind: str) -> Markup:
    """A line through these places."""
    return el("polyline", points=" ".join(f"{a},{b}" for a, b in points), class_=kind)


def dot(at: Place, kind: str) -> Markup:
    """A point."""
    return el("circle", cx=at[0], cy=at[1], r=3, class_=kind)


def zone(top: float, bottom: float, kind: str) -> Markup:
    """The ground from side to side between two heights."""
    wide, high = WIDTH - LEFT - RIGHT, max(bottom - top, 0.0)
    return el("rect", x=LEFT, y=top, width=wide, height=round(high, 1), class_=f"zone {kind}")


def short(percent: str) -> str:
    """A percentage at an axis, without places that say nothing: `2 %`."""
    return percent.replace(".00", "").replace(".0 ", " ")


def thin(points: Sequence[Item]) -> list[Item]:
    """At most POINTS of them, evenly, the last among them."""
    step = -(-len(points) // POINTS) or 1
    return [p for n, p in enumerate(points) if (len(points) - 1 - n) % step == 0]
