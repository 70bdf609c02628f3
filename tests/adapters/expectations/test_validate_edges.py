"""Validation at its edges: nothing to validate, missing columns, timezones, JSON, secrets, quiet."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shadow.adapters.expectations.validate import Profile, Validation, validate
from shadow.case import Arrival
from shadow.errors import SourceError, UsageError

Make = Callable[..., Any]


def named(result: Validation, column: str) -> dict[str, int]:
    """Expectation to count, of the problems of one column."""
    return {problem.expectation: problem.count for problem in result.problems if problem.column == column}


def test_an_empty_window_is_refused(desk: Make) -> None:
    """Great Expectations calls an empty frame a success."""
    one = desk(10)
    result = one.validate(3, [])
    assert not result.ok
    assert result.rows == result.checked == 0
    assert [(p.column, p.what) for p in result.problems] == [("", "no rows arrived in the window")]


def test_a_missing_column_is_named(desk: Make) -> None:
    """A required column, a slice or the unit stops; an optional one is a note until there is a past."""
    one = desk(11)

    def without(day: int, name: str) -> Validation:
        def strip(row: Arrival) -> Arrival:
            return replace(row, input={key: value for key, value in row.input.items() if key != name})

        result: Validation = one.validate(day, [strip(row) for row in one.arrivals(day)])
        return result

    for name in ("amount", "country"):
        result = without(0, name)
        assert named(result, name) == {"expect_column_to_exist": result.rows}
        assert f"{name} is missing from all {result.rows} rows" in {p.what for p in result.problems}
    optional = without(0, "message")
    assert optional.ok
    assert "message is in no row; the contract does not require it" in optional.notes
    later = without(2, "message")
    assert named(later, "message") == {"expect_column_values_to_not_be_null": later.rows}


def test_a_window_of_local_days_knows_its_weekday(desk: Make) -> None:
    """Local midnights are not UTC's, and the clock changes on the second Sunday; it stays a Sunday."""
    one, zone = desk(12), ZoneInfo("Europe/Berlin")

    def sunday(day: int, past: list[Profile]) -> Validation:
        window = datetime(2026, 10, day, tzinfo=zone), datetime(2026, 10, day + 1, tzinfo=zone)
        later = window[0].astimezone(UTC) - one.window(6)[0]
        rows = [replace(row, arrived_at=row.arrived_at + later) for row in one.arrivals(6)]
        return validate(rows, contract=one.contract, window=window, reference=past)

    first = sunday(18, [])
    assert first.profile.weekday == "Sunday"
    assert first.profile.hours == 24
    second = sunday(25, [first.profile])
    assert (second.ok, second.notes, second.profile.hours) == (True, (), 25)


def test_later_windows_are_no_reference(desk: Make) -> None:
    """A window that is validated again, after later ones, is judged as the first time."""
    one = desk(13)
    rows = one.arrivals(8)
    first = one.validate(8, rows)
    again = validate(
        rows,
        contract=one.contract,
        window=one.window(8),
        reference=one.profiles(range(12)),
    )
    assert again == first


def test_it_travels_as_json(desk: Make) -> None:
    """Validation and profile come back equal, and a validation on profiles read back is the same."""
    one = desk(14)
    rows = one.arrivals(2)[::3]
    result = one.validate(2, rows)
    back = Validation.from_json(json.loads(json.dumps(result.to_json(), allow_nan=False)))
    assert back == result
    assert not back.ok
    read = [Profile.from_json(json.loads(json.dumps(p.to_json()))) for p in one.profiles(range(2))]
    assert validate(rows, contract=one.contract, window=one.window(2), reference=read) == result


def test_redacted_values_are_nowhere(desk: Make) -> None:
    """Of a redacted column only the share of nulls is kept, whatever its values look like."""
    one = desk(15, redact=("phone", "channel", "amount"))
    result = one.validate(1, one.arrivals(1))
    assert result.ok
    for part in (result.profile.categories, result.profile.numbers, result.profile.words):
        assert not {name for name in part if "channel" in name or "amount" in name or "phone" in name}
    assert "+49" not in str(result.to_json())
    assert result.profile.nulls["channel"] == 0


def test_moments_without_a_timezone_are_refused(desk: Make) -> None:
    """Neither a window nor an arrival is guessed into a timezone; an empty window is wrong use."""
    one = desk(16)
    row, (start, end) = one.arrivals(0)[0], one.window(0)
    naive = replace(row, arrived_at=row.arrived_at.replace(tzinfo=None))
    with pytest.raises(SourceError, match="1 of 1 arrivals has no timezone"):
        validate([naive], contract=one.contract, window=(start, end), reference=[])
    for window in ((start.replace(tzinfo=None), end.replace(tzinfo=None)), (end, start), (start, start)):
        with pytest.raises(UsageError, match="half-open span"):
            validate([row], contract=one.contract, window=window, reference=[])


QUIET = """
import logging, sys
logging.basicConfig(level=logging.INFO)
import shadow.adapters.expectations.validate as room
heavy = {"great_expectations", "pandas", "numpy"} & set(sys.modules)
from datetime import datetime, timedelta, UTC
from shadow.case import Arrival
from shadow.contract.model import Contract
start = datetime(2026, 1, 1, tzinfo=UTC)
contract = Contract(workflow="w", owner="o", unit="u", produces={}, tools=(), compare={}, gates=(),
                    accepts={"required": ["u"], "properties": {"u": {"type": "string"}}})
rows = [Arrival(id=str(i), arrived_at=start, began_at=start, input={"u": "x"}) for i in range(30)]
result = room.validate(rows, contract=contract, window=(start, start + timedelta(days=1)), reference=[])
sys.exit(0 if result.ok and not heavy and "great_expectations" in sys.modules else 1)
"""


def test_it_is_imported_late_and_says_and_writes_nothing(tmp_path: Path) -> None:
    """Nothing on stdout or stderr, logging at INFO and warnings on; no file in home or temporary folder."""
    root = str(Path(__file__).parents[3])
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": root, "PYTHONDONTWRITEBYTECODE": "1"}
    env |= {"HOME": str(tmp_path), "TMPDIR": str(tmp_path), "PYTHONWARNINGS": "default"}
    done = subprocess.run(
        [sys.executable, "-c", QUIET], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []
