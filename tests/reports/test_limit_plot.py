"""What is not ruled out is drawn against what is allowed, and both are always seen."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from shadow.reports.drawing import POINTS
from shadow.reports.limit_plot import limit_plot, within
from shadow.reports.report import Report
from shadow.reports.scale import BOTTOM, HEIGHT, TOP
from shadow.reports.series import LimitCurve, LimitPoint

DAY = date(2026, 11, 2)


def curve(*uppers: float, limit: float = 0.01, **more: object) -> LimitCurve:
    """A gate that asks for less than a limit, with a look a day."""
    points = tuple(LimitPoint(day=DAY + timedelta(days=n), upper=upper) for n, upper in enumerate(uppers))
    given = {"gate": "g", "title": "How high", "unit": "share", "limit": limit, "below": True, "alpha": 0.05}
    return LimitCurve(**{**given, "points": points, **more})  # type: ignore[arg-type]


def drawn(one: LimitCurve) -> str:
    return limit_plot(one, "l", first_ready=None).text


def level(text: str) -> float:
    found = re.search(r'<line [^>]*y1="([\d.]+)"[^>]*class="level good"', text)
    assert found is not None
    return float(found[1])


def heights(text: str) -> list[float]:
    """Of the points, in order; a lower value has a larger number."""
    return [float(found) for found in re.findall(r'<circle [^>]*cy="([\d.]+)"', text)]


@pytest.mark.parametrize(
    "uppers", [(1.0, 0.9, 0.5), (0.002, 0.001), (0.5, 0.02, 0.009), (0.0101,), (float("inf"), 0.2)]
)
def test_the_limit_is_always_seen(uppers: tuple[float, ...]) -> None:
    """However far off the evidence is, the limit lies well inside the plot, and points on their side of it."""
    text = drawn(curve(*uppers))
    at = level(text)
    assert TOP + 10 < at < HEIGHT - BOTTOM - 40
    assert [height > at for height in heights(text)] == [upper < 0.01 for upper in uppers]


def test_what_lies_beyond_stands_at_the_edge_and_is_said() -> None:
    """A line at the edge is no value: how far off it is stands beside it; without it nothing is claimed."""
    text = drawn(curve(0.63, 0.03, 0.008))
    assert heights(text)[0] == TOP < heights(text)[1]
    assert "higher than drawn: up to 63.0 %" in text and "stands at its edge" in text
    assert "than drawn" not in drawn(curve(0.03, 0.008))


def test_where_it_stands_now_is_seen_as_long_as_the_limit_is() -> None:
    """A newest look of nine limits lies inside; one of eighty stands at the edge, where its value is said."""
    text = drawn(curve(1.0, 0.2, 0.09))
    assert TOP < heights(text)[-1] < level(text) < HEIGHT - BOTTOM - 15
    assert "higher than drawn: up to 100.0 %" in text
    text = drawn(curve(1.0, 0.2, 0.8))
    assert heights(text)[-1] == TOP and "higher than drawn: 80.0 % at the last look" in text
    assert level(text) < HEIGHT - BOTTOM - 40


@pytest.mark.parametrize("uppers", [(0.09,), (0.5, 0.108), (0.02,), (0.001,)])
def test_the_limits_name_stays_inside(uppers: tuple[float, ...]) -> None:
    """Below its line, or above it where that is too near to the days."""
    found = re.search(r'<text [^>]*y="([\d.]+)"[^>]*class="label good"', drawn(curve(*uppers)))
    assert found is not None and TOP < float(found[1]) < HEIGHT - BOTTOM - 8


def test_it_is_told_in_words() -> None:
    """Title and description say where it went, at which error rate, what is allowed, and since when it is within."""
    text = drawn(curve(0.63, 0.03, 0.008))
    assert "How high: at most 0.80 % on 4 Nov 2026, allowed: at most 1.00 %" in text
    assert "did not rule out at error rate 5.00 % at each day" in text
    assert "from 63.0 % on 2 Nov 2026 to 0.80 % on 4 Nov 2026, and was within that first on 4 Nov 2026." in text
    assert "and was never within that" in drawn(curve(0.63, 0.03))


def test_the_band_is_drawn_where_both_ends_are_known(known: Report) -> None:
    """Between them; a gate with one end has a line alone."""
    harm, alike, _ = known.limits
    assert 'class="band"' in drawn(alike) and 'class="line edge"' in drawn(alike)
    assert 'class="band"' not in drawn(harm)


def test_more_is_better_the_other_way_round(known: Report) -> None:
    """The ground of what is asked for lies above the limit, and the deciding line is the lower one."""
    alike = known.limits[1]
    text = drawn(alike)
    zone = re.search(r'<rect x="[\d.]+" y="([\d.]+)" width="[\d.]+" height="([\d.]+)" class="zone good"', text)
    assert zone is not None and float(zone[1]) == TOP
    assert float(zone[1]) + float(zone[2]) == pytest.approx(level(text), abs=0.2)
    assert heights(text)[0] > level(text) > heights(text)[-1]
    assert "asked for: at least 95.0 %" in text and "lower than drawn" in text
    assert [within(alike, p) for p in (alike.points[0], alike.points[-1])] == [False, True]


def test_within_is_as_the_gates_find_it() -> None:
    """At the limit is within it, and so is what is nearer than limits are looked for."""
    for upper, is_within in ((0.01, True), (0.01 + 5e-10, True), (0.01001, False)):
        one = curve(upper)
        assert within(one, one.points[0]) is is_within
    assert not within(curve(0.5), LimitPoint(day=DAY))


@pytest.mark.parametrize(
    ("unit", "said"),
    [("s", "at most 20.00 s"), ("times", "at most 20 times"), ("USD", "at most 20 USD"), ("", "at most 20")],
)
def test_every_unit_is_said(unit: str, said: str) -> None:
    """Seconds, ratios, and what nobody knows the unit of."""
    assert said in drawn(curve(3.0, limit=20.0, unit=unit))


def test_what_is_no_number_is_not_drawn() -> None:
    """NaN, infinity and absurd numbers reach no coordinate; without a point or a limit it is a sentence."""
    nan, inf = float("nan"), float("inf")
    wild = [
        LimitPoint(day=DAY + timedelta(days=n), upper=v, lower=v, seen=v)
        for n, v in enumerate((nan, inf, -inf, 1e308, 0.5))
    ]
    text = drawn(curve(limit=0.01, points=tuple(wild)))
    assert not re.search(r'(?:[xy12]|points|height)="[^"]*(?:nan|inf)', text)
    assert "No look has produced this limit yet." in drawn(curve()) + drawn(curve(nan))
    assert "No look" in drawn(curve(0.5, limit=nan))
    assert "<polyline" in drawn(curve(0.5, 0.4, limit=0.0))


def test_a_long_trial_keeps_its_last_look() -> None:
    """Thinned, and still bounded; only the last of many looks is a point."""
    text = drawn(curve(*[0.03] * 5000, 0.0042))
    line = re.findall(r'<polyline points="([^"]+)" class="line plain"', text)
    assert len(line[0].split()) <= POINTS and "at most 0.42 %" in text and len(heights(text)) == 1


def test_the_first_ready_day_is_marked(known: Report) -> None:
    """As in the plot of the evidence above it."""
    assert "ready first: 17 Nov" in limit_plot(known.limits[0], "l", first_ready=known.first_ready).text
