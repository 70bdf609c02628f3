"""`shadow labels export|import`."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from shadow.cli.terminal import complain, say, write
from shadow.errors import UsageError
from shadow.review.columns import read_sheet, write_sheet
from shadow.review.labels import export_rows, import_rows
from shadow.store import open_store
from shadow.store.registry import find_experiment


def export(given: Namespace) -> int:
    """Write the sheet of discrepancies that nobody has labelled."""
    store = open_store(given.store)
    held = find_experiment(store, given.workflow, label=given.candidate)
    rows = export_rows(store, held.id, every=given.every)
    sheet = write_sheet(rows)
    if given.out == "-":
        say(sheet)
    else:
        write(given.out, sheet)
        complain(f"{len(rows)} discrepancies of {held.workflow} {held.label} written to {given.out}")
    return 0


def take_in(given: Namespace) -> int:
    """Import a filled-in sheet."""
    try:
        text = Path(given.file).read_bytes().decode("utf-8")  # as it is: line ends inside a cell too
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("cannot read the sheet", where=given.file, seen=str(error)) from error
    counts = import_rows(open_store(given.store), read_sheet(text))
    say(f"{counts['imported']} labels imported, {counts['known']} known already, {counts['empty']} rows left empty")
    return 0
