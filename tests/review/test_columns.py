"""The label sheet: what is written comes back, nothing in it runs in a spreadsheet, and a wrong sheet is named."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shadow.errors import UsageError
from shadow.review.columns import COLUMNS, NEEDED, OURS, read_sheet, write_sheet

# a file is text without lone surrogates; NUL is refused
CELL = some.text(some.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"), max_size=12)
ROW = some.fixed_dictionaries(dict.fromkeys(COLUMNS, CELL))
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "=cmd|' /C calc'!A0"]


@given(some.lists(ROW, max_size=4))
def test_a_sheet_comes_back_as_it_was(rows: list[dict[str, str]]) -> None:
    """Commas, quotes, line breaks, formulas and our own quote included."""
    assert read_sheet(write_sheet(rows)) == rows


@pytest.mark.parametrize("cell", FORMULAS)
def test_no_cell_is_a_formula(cell: str) -> None:
    """What a customer or a candidate wrote does not run when the sheet is opened; read back it is what it was."""
    text = write_sheet([dict.fromkeys(COLUMNS, cell)])
    (_, found) = csv.reader(io.StringIO(text, newline=""))
    assert all(one.startswith("'") for one in found)
    assert read_sheet(text) == [dict.fromkeys(COLUMNS, cell)]


def test_the_columns_a_person_fills_in_come_last() -> None:
    """So that ours stay where they are."""
    (header,) = csv.reader(io.StringIO(write_sheet([])))
    assert header[: len(OURS)] == list(OURS)
    assert set(NEEDED) <= set(header)


def test_a_byte_order_mark_is_no_part_of_the_header() -> None:
    """Spreadsheets write one."""
    row = dict.fromkeys(COLUMNS, "x")
    assert read_sheet("\ufeff" + write_sheet([row])) == [row]


def test_line_ends_and_missing_columns() -> None:
    """Windows line ends do; a column that nobody needs may be missing, further ones are ignored."""
    text = "case,experiment,discrepancy,side,who,at,mood\r\nc1,e,d,control,ann,2026-11-01,fine\r\n"
    (row,) = read_sheet(text)
    assert (row["case"], row["at"], row["comment"]) == ("c1", "2026-11-01", "")
    assert "mood" not in row


@pytest.mark.parametrize("name", NEEDED)
def test_a_missing_column_is_named(name: str) -> None:
    """With what there is and what there should be."""
    with pytest.raises(UsageError, match=f"the sheet lacks {name}") as caught:
        read_sheet(",".join(one for one in COLUMNS if one != name) + "\n")
    assert caught.value.allowed == ", ".join(COLUMNS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the sheet lacks"),
        (";".join(COLUMNS), "the sheet lacks"),
        ("a\0b", "U+0000"),
        (",".join(COLUMNS) + '\n"' + "x" * (2**24 + 1) + '"', "no CSV"),
    ],
)
def test_what_is_no_sheet_is_refused(text: str, said: str) -> None:
    """By a UsageError, never by whatever the parser raises."""
    with pytest.raises(UsageError) as caught:
        read_sheet(text)
    assert said in str(caught.value)


def test_a_large_cell_is_read() -> None:
    """Larger than what Python's reader takes by itself."""
    row = {**dict.fromkeys(COLUMNS, ""), "candidate": "x" * 300_000}
    assert read_sheet(write_sheet([row])) == [row]
