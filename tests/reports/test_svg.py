"""Plots put days and values where they belong."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from shadow.reports.drawing import POINTS
from shadow.reports.report import Report
from shadow.reports.scale import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, day_ticks, scale, ticks, x, y
from shadow.reports.series import LookRow
from shadow.reports.svg import evidence_plot, rate_plot, strip


def test_corners() -> None:
    """The first day stands left, the last right, the lowest value at the bottom, higher values higher."""
    first, last = date(2026, 1, 1), date(2026, 1, 11)
    on = scale([first, last], [-2.0, 8.0])
    assert (x(on, first), x(on, last)) == (LEFT, WIDTH - RIGHT)
    assert y(on, -2.0) == HEIGHT - BOTTOM
    assert TOP < y(on, 8.0) < y(on, 3.0) < HEIGHT - BOTTOM


@pytest.mark.parametrize("values", [[0.0], [5.0, 5.0], [-1e300, 1e300], [float("nan")], [1e-300, 0.0], [float("inf")]])
def test_any_values_have_a_scale(values: list[float]) -> None:
    """Equal, absurd and missing values still give a scale with a few ticks inside it."""
    on = scale([date(2026, 1, 1)], values)
    assert on.low < on.high
    assert 2 <= len(ticks(on.low, on.high)) <= 12
    assert all(TOP <= y(on, v) <= HEIGHT - BOTTOM for v in values)


@pytest.mark.parametrize("days", [0, 1, 6, 27, 90, 1000])
def test_day_ticks_are_few(days: int) -> None:
    """However long the time, at most ten days are named."""
    first = date(2026, 1, 1)
    assert 1 <= len(day_ticks(first, first + timedelta(days=days))) <= 10


def test_threshold_and_first_day_are_drawn(sample: Report) -> None:
    """The last point above its threshold is drawn above it, and the first ready day is marked and named."""
    curve = sample.curves[0]
    drawn = evidence_plot(curve, "c", first_ready=sample.first_ready).text
    level = re.search(r'<line [^>]*y1="([\d.]+)"[^>]*class="level good"', drawn)
    last = re.findall(r'cy="([\d.]+)"', drawn)[-1]
    assert level is not None
    assert float(last) < float(level[1])
    assert "ready first: 17 Nov" in drawn
    assert "ready first" not in evidence_plot(curve, "c", first_ready=None).text


@pytest.mark.parametrize("top", [1.0, 150.0])
def test_the_thresholds_name_stays_inside(sample: Report, top: float) -> None:
    """However far the evidence has grown: not among the days below the plot."""
    curve = replace(sample.curves[0], points=tuple(replace(p, log_e=top) for p in sample.curves[0].points))
    found = re.search(
        r'<text [^>]*y="([\d.]+)"[^>]*class="label good"', evidence_plot(curve, "c", first_ready=None).text
    )
    assert found is not None and TOP < float(found[1]) < HEIGHT - BOTTOM - 2


def test_open_days_are_hollow(sample: Report) -> None:
    """Days that are not closed have hollow points, in both lines."""
    drawn = rate_plot(sample.days, "r", limit=0.01, first_ready=None).text
    assert drawn.count(' hollow"') == 2 * sum(not day.closed for day in sample.days)
    assert "harmful allowed: 1.00 %" in drawn


def test_long_series_are_thinned_to_the_last(sample: Report) -> None:
    """A long series keeps its last point and stays bounded."""
    point = sample.curves[0].points[0]
    many = tuple(replace(point, day=point.day + timedelta(days=n), log_e=float(n)) for n in range(5000))
    drawn = evidence_plot(replace(sample.curves[0], points=many), "c", first_ready=None).text
    found = re.search(r'<polyline points="([^"]+)"', drawn)
    assert found is not None
    assert 100 < len(found[1].split()) <= POINTS
    assert "4999.00" in drawn


def test_strip_has_a_cell_a_look() -> None:
    """Each look is a cell with its day and word; without looks there is no strip."""
    looks = [LookRow(day=date(2026, 1, 1 + n), word="inconclusive" if n < 3 else "ready") for n in range(5)]
    drawn = strip(looks, "s")
    assert drawn is not None
    assert drawn.text.count("cell open") == 3
    assert drawn.text.count("cell good") == 2
    assert strip([], "s") is None
