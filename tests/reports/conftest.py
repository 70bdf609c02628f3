"""The sample report, and the same report with other words in every place."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from shadow.reports.report import Report
from shadow.reports.series import LimitCurve, LimitPoint

SAMPLE = Path(__file__).with_name("sample.json")
Fill = Callable[[Report, str], Report]


@pytest.fixture(scope="session")
def sample() -> Report:
    """A realistic report of the refund desk: four weeks, ready on day 16."""
    return Report.from_json(json.loads(SAMPLE.read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def known(sample: Report) -> Report:
    """The same report with all that was not yet told when the sample was kept: void, over, versions, limits."""
    days = [point.day for point in sample.curves[0].points]
    harm = [LimitPoint(day=day, upper=0.12 / (n + 1), seen=0.002) for n, day in enumerate(days)]
    alike = [LimitPoint(day=day, lower=0.97 - 0.3 / (n + 1), upper=0.99, seen=0.98) for n, day in enumerate(days)]
    slow = [LimitPoint(day=day, upper=3.0 + n % 2) for n, day in enumerate(days)]
    return replace(
        sample,
        notes=(),
        void=("the contract's gate harmful_rate changed", "gate recency is version 2 here, was 1"),
        as_of=datetime(2026, 12, 3, 18, 40, tzinfo=UTC),
        until=datetime(2026, 12, 7, 6, tzinfo=UTC),
        versions_tried=3,
        family=2,
        limits=(
            limit_curve("harmful_rate", "share", 0.01, harm),
            limit_curve("similarity", "share", 0.95, alike, below=False),
            limit_curve("latency", "s", 20.0, slow),
        ),
    )


def limit_curve(gate: str, unit: str, limit: float, points: list[LimitPoint], *, below: bool = True) -> LimitCurve:
    """A gate's limits over time."""
    return LimitCurve(
        gate=gate, title=f"How {gate} can still be", unit=unit, limit=limit, below=below, alpha=0.05,
        points=tuple(points),
    )  # fmt: skip


@pytest.fixture(scope="session")
def fill() -> Fill:
    """`fill(report, text)`: the report with `text` in place of every text in it, keys of mappings too."""
    return _fill


def _fill(value: Any, text: str) -> Any:
    if isinstance(value, str) and not isinstance(value, Enum):
        return text
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: _fill(getattr(value, f.name), text) for f in fields(value)})
    if isinstance(value, tuple):
        return tuple(_fill(item, text) for item in value)
    if isinstance(value, Mapping):
        return {k if isinstance(k, Enum) else f"{n}{text}": _fill(v, text) for n, (k, v) in enumerate(value.items())}
    return value
