"""The label sheet: one row a discrepancy; the first seven columns are ours, the rest a person fills in."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from shadow.errors import UsageError

OURS = ("experiment", "case", "discrepancy", "severity", "places", "control", "candidate")
THEIRS = ("side", "grade", "comment", "who", "at")
COLUMNS = (*OURS, *THEIRS)
NEEDED = ("experiment", "case", "discrepancy", "side", "who", "at")

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # a spreadsheet would run such a cell
_QUOTED = ("'", *_FORMULA)  # a cell that begins with our own quote is quoted too, so that it comes back as it was
_LARGEST = 2**24  # characters of one cell that are read; Python's own limit is smaller than what a side may produce


def write_sheet(rows: Iterable[Mapping[str, str]]) -> str:
    """CSV text with a header; a cell that a spreadsheet would take for a formula gets a quote before it."""
    out = io.StringIO(newline="")
    # every cell in quotes: a carriage return alone would else end the row for whoever reads it
    writer = csv.DictWriter(out, fieldnames=COLUMNS, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _safe(row.get(name, "")) for name in COLUMNS})
    return out.getvalue()


def read_sheet(text: str) -> list[dict[str, str]]:
    """Rows of a filled-in sheet, in order.

    Raises:
        UsageError: a column that is needed is missing, there is no header, or it is no CSV.
    """
    if "\0" in text:
        raise UsageError("the sheet is no text", seen="the character U+0000", todo="save it as CSV in UTF-8")
    try:
        return _rows(text)
    except csv.Error as error:
        raise UsageError(
            "the sheet is no CSV", seen=str(error), todo="save it as CSV, with commas, in UTF-8"
        ) from error


def _rows(text: str) -> list[dict[str, str]]:
    csv.field_size_limit(_LARGEST)
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    names: Sequence[str] = reader.fieldnames or ()
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise UsageError(
            f"the sheet lacks {', '.join(missing)}",
            where="line 1",
            seen=", ".join(names) or "nothing",
            allowed=", ".join(COLUMNS),
            todo="fill in the sheet that `shadow labels export` wrote",
        )
    return [{name: _clear(row.get(name) or "") for name in COLUMNS} for row in reader]


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_QUOTED) else cell


def _clear(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_QUOTED) else cell
