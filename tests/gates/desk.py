"""A desk as it looks in its first four weeks: arrivals, settling, labels; seen at the end of any day.

Weekday profile with a quiet Sunday that is twice as harmful, several cases a customer, 60 % settled
the same day and the rest within five, a few never, a few set aside, a control that is wrong in 2 % of
cases (half of them critical mismatches that a label clears), labels on the day after the comparison.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from shadow.contract.model import Severity
from shadow.evidence.evidence import Evidence
from shadow.evidence.judged import Judged, Standing
from shadow.gates import (
    Verdict,
    calendar,
    cost,
    critical_rate,
    data_quality,
    decide,
    harmful_rate,
    latency,
    set_aside,
    stale,
)
from shadow.plug import Bound
from tests.evidence.rows import evidence, row

SETTLES = 5
GATES: tuple[Bound, ...] = (
    harmful_rate(at_most=0.01, alpha=0.05),
    critical_rate(below=0.001, alpha=0.05),
    calendar(days=14),
    set_aside(at_most=0.05),
    stale(at_most=0.02),
    latency(p95_s=20),
    cost(per_case_usd=0.05),
    data_quality(),
)
Harm = Callable[[int, int], float]  # (weekday, days until it settles) -> chance of harm


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One case's fate, known to nobody before its time."""

    number: int
    day: int
    unit: str
    delay: int | None  # days until it settles; None for never
    aside: bool
    grade: Severity | None
    right: bool  # whether a label will say that the candidate was right


def evenly(rate: float) -> Harm:
    """Harm at that rate over a week, twice as much on Sundays."""
    return lambda weekday, delay: rate * (12 / 6.6 if weekday == 6 else 6 / 6.6)


def desk(seed: int, harm: Harm, *, cases: int = 10_000, grade: Severity = Severity.MAJOR) -> list[Story]:
    """All cases of 28 days, ordered by day and unit."""
    draw = Random(seed)
    liking = [draw.gammavariate(1, 1) for _ in range(5500)]
    found: list[Story] = []
    for day in range(28):
        volume = round(cases / 28 * (0.6 if day % 7 == 6 else 6.4 / 6))
        units = draw.choices(range(5500), liking, k=round(volume / 1.12))
        for unit in sorted(units + [unit for unit in units if draw.random() < 0.12]):
            found.append(_story(draw, len(found), day, unit, harm, grade))
    return found


def _story(draw: Random, number: int, day: int, unit: int, harm: Harm, grade: Severity) -> Story:
    delay = 0 if draw.random() < 0.6 else draw.randint(1, SETTLES)
    harmful, wrong = draw.random() < harm(day % 7, delay), draw.random() < 0.02
    control = draw.choice((Severity.MAJOR, Severity.CRITICAL)) if wrong else None
    return Story(
        number=number,
        day=day,
        unit=f"u{unit:05d}",
        delay=None if draw.random() < 0.003 else delay,
        aside=draw.random() < 0.025,
        grade=grade if harmful else control,
        right=not harmful,
    )


def seen(story: Story, days: int) -> Judged:
    """The case at the look after so many whole days."""
    at: dict[str, Any] = {"day": story.day, "unit": story.unit}
    last = days - 1
    if story.aside or (story.delay is None and last > story.day + SETTLES):
        return row(story.number, **at, standing=Standing.SET_ASIDE, duration_s=None, cost_usd=None)
    if story.delay is None or story.day + story.delay > last:
        return row(story.number, **at, standing=Standing.WAITING)
    if story.grade is None:
        return row(story.number, **at)
    labelled = story.day + story.delay + 1 <= last
    grade = None if labelled and story.right else story.grade
    told: dict[str, Any] = {"labelled": labelled, "label_due": not labelled, "grade": grade, "agreement": False}
    return row(story.number, **at, **told, confirmed=grade if labelled else None)


def look(stories: list[Story], days: int) -> Evidence:
    """The evidence after so many whole days."""
    return evidence((seen(story, days) for story in stories if story.day < days), days=days)


def verdict(stories: list[Story], days: int) -> Verdict:
    """What all gates together say after so many whole days, contained by the kernel."""
    return decide(look(stories, days), GATES, demonstration=False, isolation="kernel")
