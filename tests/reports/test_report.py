"""The report goes to JSON and back unchanged, and says where a wrong one is wrong."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shadow.contract.model import Severity
from shadow.errors import UsageError
from shadow.reports.report import Report
from shadow.reports.series import Curve, CurvePoint


def test_round_trip(sample: Report) -> None:
    """A report equals what its JSON text gives back, types included."""
    again = Report.from_json(json.loads(json.dumps(sample.to_json(), allow_nan=False)))
    assert again == sample
    assert isinstance(again.happened.effects[0].money["EUR"], Decimal)
    assert isinstance(again.causes[0].severity, Severity)
    assert set(again.totals.discrepancies) == set(Severity)


def test_what_is_known_beside_the_word_goes_round(known: Report, sample: Report) -> None:
    """Void, moments, versions and limits come back as they were; a report from before them is read without them."""
    assert Report.from_json(json.loads(json.dumps(known.to_json(), allow_nan=False))) == known
    assert (sample.void, sample.limits, sample.as_of, sample.ended, sample.versions_tried) == ((), (), None, False, 0)


def test_numbers_that_json_has_not(sample: Report) -> None:
    """Infinite log-evidence survives JSON that forbids NaN and Infinity."""
    point = CurvePoint(day=date(2026, 11, 2), log_e=float("-inf"))
    curve = Curve(gate="harmful_rate", title="t", threshold=3.0, toward="ready", points=(point,))
    report = replace(sample, curves=(curve,))
    assert Report.from_json(json.loads(json.dumps(report.to_json(), allow_nan=False))) == report


def test_frozen(sample: Report) -> None:
    """Nothing in a report can be changed."""
    with pytest.raises(FrozenInstanceError):
        sample.verdict = "ready"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"format": 99}, "format"),
        ({"title": 3}, "report.title"),
        ({"holds_now": "yes"}, "report.holds_now"),
        ({"surprise": 1}, "unknown field"),
        ({"first_ready": "soon"}, "report.first_ready"),
        ({"causes": [{}]}, "report.causes[0]"),
        ({"totals": []}, "report.totals"),
    ],
)
def test_wrong_json_is_named(sample: Report, change: dict[str, Any], named: str) -> None:
    """Another format, an unknown, missing or wrongly typed field: an error with the field's path."""
    with pytest.raises(UsageError) as caught:
        Report.from_json({**sample.to_json(), **change})
    assert named in str(caught.value)


def test_a_true_is_no_count(sample: Report) -> None:
    """`true` is not taken for the number 1."""
    data = sample.to_json()
    data["served"]["units"] = True
    with pytest.raises(UsageError, match=r"report\.served\.units"):
        Report.from_json(data)
