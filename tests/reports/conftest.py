"""The sample report, and the same report with other words in every place."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from shadow.reports.report import Report

SAMPLE = Path(__file__).with_name("sample.json")
Fill = Callable[[Report, str], Report]


@pytest.fixture(scope="session")
def sample() -> Report:
    """A realistic report of the refund desk: four weeks, ready on day 16."""
    return Report.from_json(json.loads(SAMPLE.read_text(encoding="utf-8")))


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
