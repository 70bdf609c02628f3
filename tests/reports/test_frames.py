"""The frames have the columns and dtypes that are documented, whatever the report holds."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from shadow.reports.frames import COLUMNS, frames
from shadow.reports.report import Report


@pytest.mark.parametrize("name", sorted(COLUMNS))
def test_columns_and_dtypes(known: Report, name: str) -> None:
    """Each frame has its documented columns in order, with their dtypes; so has an empty one."""
    empty = replace(known, findings=(), causes=(), resolved=(), days=(), curves=(), limits=())
    bare = replace(empty, happened=replace(empty.happened, effects=()))
    for frame in (frames(known)[name], frames(bare)[name]):
        assert {str(c): str(t) for c, t in frame.dtypes.items()} == dict(COLUMNS[name])
    assert len(frames(known)[name]) > 0


def test_docstring_names_every_frame_and_column() -> None:
    """What is documented and what is there are the same."""
    told = " ".join(
        str(frames.__doc__).replace(",", " ").replace(":", " ").replace(";", " ").replace(".", " ").split()
    ).split()
    wanted = {*COLUMNS, *(column for held in COLUMNS.values() for column in held)}
    assert wanted <= set(told)


def test_causes_keep_their_tree(sample: Report) -> None:
    """A consequence follows its cause and points to it; resolved causes are there, named as such."""
    held = frames(sample)["causes"]
    assert held["cause"].is_unique
    assert held["parent"].isna().tolist() == [True, False, True, False, False, True, True, True]
    assert held["parent"].dropna().tolist() == [0, 2, 2]
    assert held.iloc[-1]["resolved"] == "the control was wrong"


def test_counts_are_those_of_the_report(sample: Report) -> None:
    """Totals and days add up to what the report says."""
    held = frames(sample)
    totals = held["totals"].groupby("what")["count"].sum()
    assert totals["arrived"] == sample.totals.arrived == held["days"]["arrived"].sum()
    assert totals["discrepancies"] == sum(sample.totals.discrepancies.values())
    assert len(held["evidence"]) == sum(len(curve.points) for curve in sample.curves)


def test_a_day_without_comparisons_has_no_share(sample: Report) -> None:
    """Nothing compared gives NaN, not zero."""
    day = replace(sample.days[0], compared=0, discrepancies=0, harmful=0, low=None, high=None)
    assert frames(replace(sample, days=(day,)))["days"][["share", "low", "high", "harmful_share"]].isna().all(axis=None)


def test_pandas_comes_late() -> None:
    """Importing every way to show a report imports neither pandas nor numpy."""
    code = (
        "import sys, shadow.reports.html, shadow.reports.text, shadow.reports.frames; "
        "sys.exit(any(name in sys.modules for name in ('pandas', 'numpy', 'slack_sdk')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
