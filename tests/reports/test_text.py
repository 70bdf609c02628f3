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


def test_void_over_and_versions_are_said(known: Report) -> None:
    """Each reason loudly under the word and as of when; the end of the trial; the versions. An older report is calm."""
    flat = " ".join(text(known).split())
    for part in (
        "READY (DEMONSTRATION), VOID: Candidate",
        "VOID: the contract's gate harmful_rate changed VOID: gate recency is version 2 here, was 1 Void as of 3 Dec",
        "Nothing may be decided on a void verdict",
        "3 candidate versions were tried on this contract: one error rate holds for all of them, this is version 2.",
    ):
        assert part in flat
    over = replace(known, void=(), verdict="inconclusive", ended=True, forecast="")
    assert "The trial is over: it reached its horizon without an answer" in " ".join(text(over).split())
    assert "It held as of 3 Dec 2026, 18:40 UTC. It expires" in " ".join(text(over).split())


def test_an_older_report_says_nothing_of_it(sample: Report) -> None:
    """What was not looked up when it was kept is not claimed."""
    shown = text(sample).lower()
    assert "void" not in shown and "it held" not in shown and "error rate holds" not in shown
    assert not [line for line in text(replace(sample, void=("x",))).splitlines() if line and not line.strip()]
