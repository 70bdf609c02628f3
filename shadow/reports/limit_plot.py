"""The plot of what a gate's evidence does not rule out, by day, against what the contract allows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

from shadow.reports import drawing
from shadow.reports.markup import Markup, el
from shadow.reports.scale import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Scale, scale, ticks, x, y
from shadow.reports.series import LimitCurve, LimitPoint
from shadow.reports.words import day, figure, percent, seconds

REACH = 4  # limits that the plot goes far at least, so that the limit is always seen; what lies beyond is at the edge
FARTHEST = 11  # limits that it goes at most, where the newest look lies so far
LABEL = 200  # units that a label takes from the side
NEXT = 24  # units within which a line runs through a label
DOTS = 60  # most looks that are drawn as points
NEAR = 1e-9  # a limit that is nearer to what is allowed than this has reached it, as the gates find it


def limit_plot(curve: LimitCurve, ident: str, *, first_ready: date | None) -> Markup:
    """One gate's limit at each day's look, what the contract allows, and the day on which ready was first reached.

    Both are on a plain scale from 0. `ident` is unique on the page. A curve without a point is a sentence.
    """
    held = [(p, v) for p in drawing.thin(curve.points) if (v := _value(curve, p)) is not None]
    if not held or not math.isfinite(curve.limit):
        return el("p", "No look has produced this limit yet.", class_="none")
    on = _scale(curve, [p for p, _ in held])
    limit, edge = y(on, curve.limit), HEIGHT - BOTTOM
    under = 16 if curve.below and edge - limit > NEXT else -6
    line = [(x(on, p.day), y(on, v)) for p, v in held]
    seen = [(x(on, p.day), y(on, p.seen)) for p, _ in held if _real(p.seen) is not None and p.seen is not None]
    far = [v if not on.low <= v <= on.high else None for _, v in held]
    return drawing.frame(
        ident,
        _title(curve, held[-1]),
        _description(curve, held, far),
        drawing.zone(limit, edge, "good") if curve.below else drawing.zone(TOP, limit, "good"),
        drawing.axes(on, [(v, _tick(curve, v)) for v in ticks(on.low, on.high)]),
        drawing.band(on, [(p.day, p.lower, p.upper) for p, _ in held]),
        drawing.level(
            limit, f"{_named(curve)}: {bound_of(curve)}", "good", label_at=under, left=_freer_left(line, limit + under)
        ),
        drawing.mark(on, first_ready, "ready first"),
        drawing.line(seen, "line seen") if len(seen) > 1 else None,
        drawing.line(_other(curve, on, [p for p, _ in held]), "line edge"),
        drawing.line(line, "line plain"),
        *(drawing.dot(at, "dot plain") for at in (line if len(line) <= DOTS else line[-1:])),
        _beyond(curve, far, line),
    )


def bound_of(curve: LimitCurve) -> str:
    """What the contract allows: `at most 1.00 %`."""
    return f"at {'most' if curve.below else 'least'} {figure_of(curve, curve.limit)}"


def _named(curve: LimitCurve) -> str:
    return "allowed" if curve.below else "asked for"


def figure_of(curve: LimitCurve, value: float) -> str:
    """A value in the curve's unit: `1.20 %`, `3.40 s`, `1.5 times`, `0.05 USD`."""
    if curve.unit == "share":
        return percent(value)
    if curve.unit == "s":
        return seconds(value)
    return f"{value:.3g} {curve.unit}" if curve.unit in ("times", "USD") else figure(value)


def within(curve: LimitCurve, point: LimitPoint) -> bool:
    """Whether all that is not ruled out is what the contract allows."""
    value = _value(curve, point)
    if value is None:
        return False
    return value <= curve.limit + NEAR if curve.below else value >= curve.limit - NEAR


def _value(curve: LimitCurve, point: LimitPoint) -> float | None:
    """The limit that the gate decides by."""
    value = point.upper if curve.below else point.lower
    return None if value is None or math.isnan(value) else value


def _real(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _scale(curve: LimitCurve, points: Sequence[LimitPoint]) -> Scale:
    """From 0, or where more is better from where the line begins; never so far that the limit cannot be seen."""
    found = [v for p in points for v in (p.upper, p.lower, p.seen) if v is not None and math.isfinite(v)]
    days, limit = [p.day for p in points], curve.limit
    low, high = min(found, default=limit), max(found, default=limit)
    if curve.below:
        now = _value(curve, points[-1]) or 0.0
        times = now / limit if limit > 0 and now <= FARTHEST * limit else 0.0
        reach = max(REACH, times) * abs(limit) or math.inf
        return scale(days, [0.0, limit, max(-reach, min(low, 0.0)), min(reach, high)])
    room = (REACH - 1) * (1 - limit if curve.unit == "share" else abs(limit)) or math.inf
    return scale(days, [limit, max(limit - room, low), min(limit + room, high)])


def _tick(curve: LimitCurve, value: float) -> str:
    return "0 s" if curve.unit == "s" and value == 0 else drawing.short(figure_of(curve, value))


def _freer_left(line: Sequence[drawing.Place], height: float) -> bool:
    """Whether the line keeps farther from a label at this height on the left than on the right."""
    sides = ([b for a, b in line if a < LEFT + LABEL], [b for a, b in line if a > WIDTH - RIGHT - LABEL])
    left, right = (min((abs(b - height) for b in side), default=math.inf) for side in sides)
    return left > right


def _other(curve: LimitCurve, on: Scale, points: Sequence[LimitPoint]) -> list[drawing.Place]:
    """The other end of what is not ruled out, where the gate gives it."""
    ends = [(p.day, _real(p.lower if curve.below else p.upper)) for p in points]
    return [(x(on, at), y(on, v)) for at, v in ends if v is not None]


def _beyond(curve: LimitCurve, far: Sequence[float | None], line: Sequence[drawing.Place]) -> Markup | None:
    """That the line runs along the plot's edge, and how far off it really is; beside where it comes into the plot."""
    off, now = [v for v in far if v is not None], far[-1]
    if not off:
        return None
    worst = figure_of(curve, max(off) if curve.below else min(off))
    said = (
        f"{'up' if curve.below else 'down'} to {worst}" if now is None else f"{figure_of(curve, now)} at the last look"
    )
    text = f"{'higher' if curve.below else 'lower'} than drawn: {said}"
    at = TOP + 18 if curve.below else HEIGHT - BOTTOM - 10
    last = max((n for n, (_, b) in enumerate(line) if abs(b - at) < NEXT), default=0)
    place = line[min(last + 1, len(line) - 1)][0] + 8
    place = LEFT + 8 if place > WIDTH - 2 * LABEL else place
    return el("text", text, x=round(place, 1), y=at, class_="label plain", text_anchor="start")


def _title(curve: LimitCurve, last: tuple[LimitPoint, float]) -> str:
    point, value = last
    end = "most" if curve.below else "least"
    return f"{curve.title}: at {end} {figure_of(curve, value)} on {day(point.day)}, {_named(curve)}: {bound_of(curve)}"


def _description(curve: LimitCurve, held: Sequence[tuple[LimitPoint, float]], far: Sequence[float | None]) -> str:
    (first, begun), (last, ended) = held[0], held[-1]
    most = "highest" if curve.below else "lowest"
    rate = f" at error rate {percent(curve.alpha)}" if curve.alpha is not None else ""
    reached = next((p.day for p, _ in held if within(curve, p)), None)
    way = f"It went from {figure_of(curve, begun)} on {day(first.day)} to {figure_of(curve, ended)} on {day(last.day)}"
    when = f"and was within that first on {day(reached)}" if reached else "and was never within that"
    edge = " Where it is beyond the plot it stands at its edge." if any(v is not None for v in far) else ""
    return (
        f"The line is the {most} value that the evidence of the gate {curve.gate} did not rule out{rate} at each day's "
        f"look; within {bound_of(curve)} it speaks for ready. {way}, {when}.{edge}"
    )
