"""The text fits a terminal, and a terminal obeys nothing in it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import replace

import pytest

from shadow.reports.report import Report
from shadow.reports.safe import HIDDEN
from shadow.reports.text import COLUMNS, text

Fill = Callable[[Report, str], Report]


def columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def test_says_what_an_owner_asks(sample: Report) -> None:
    """Verdict, reasons, causes, what was held, blind spots and the page's place, in this order."""
    flat = " ".join(text(sample, path="/reports/one.html").split())
    parts = ["READY (DEMONSTRATION)", *sample.reasons, "refund.issue: 4,991 held", sample.causes[0].sentence]
    parts += [
        "control deny | candidate refund",
        "WHERE WE ARE BLIND",
        "stale: 41 cases",
        "Report: /reports/one.html",
    ]
    places = [flat.index(part) for part in parts]
    assert places == sorted(places)


@pytest.mark.parametrize(
    "foreign",
    [
        "\x1b[31mred\x1b]0;title\x07",
        "a\r\x08\x08b\u202ec\u2028d\x9b",
        "退款" * 300,
        "x" * 1_000_000,
        "one\ntwo\n\nREADY: three",
    ],
)
def test_no_control_and_no_long_line(sample: Report, fill: Fill, foreign: str) -> None:
    """Foreign text brings in no control character, no line of its own and no line wider than the limit."""
    shown = text(fill(sample, foreign))
    assert not {c for c in shown if unicodedata.category(c) in HIDDEN} - {"\n"}
    assert max(columns(line) for line in shown.splitlines()) <= COLUMNS
    assert not [line for line in shown.splitlines() if line.startswith("READY: three")]


def test_long_lists_are_counted(sample: Report) -> None:
    """What is not listed is counted, and the whole stays short."""
    shown = text(replace(sample, causes=sample.causes * 50))
    assert "and 188 more causes" in shown
    assert len(shown.splitlines()) < 250


def test_nothing_compared(sample: Report) -> None:
    """Without a comparison no cause is called absent."""
    bare = replace(sample, causes=(), totals=replace(sample.totals, compared=0))
    assert "nothing has been compared yet" in text(bare)
