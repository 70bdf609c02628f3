"""The report as text for a terminal: at most 100 columns, nothing in it that a terminal would obey."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from shadow.reports import containment, words
from shadow.reports.parts import CauseRow, Example
from shadow.reports.report import Report
from shadow.reports.safe import one_line, trimmed

COLUMNS = 100  # most columns of a line; a wide character takes two
ROWS = 12  # most rows of a list
VALUE = 300  # most characters of a value
SIGNS = {"good": "✓", "bad": "✕", "open": "…"}


def text(report: Report, *, path: str = "") -> str:
    """Verdict, reasons, causes, what was held, where we are blind; `path` is named as the page's place."""
    shown = trimmed(report, VALUE, rows=ROWS)
    blocks = (_verdict(shown), _held(shown), _causes(shown), _blind(shown), _gates(shown), _end(shown, path))
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _verdict(report: Report) -> Iterator[str]:
    yield from _wrap(f"{report.workflow} · {report.title}")
    yield from _wrap(f"{SIGNS[words.tone_of(report)]} {words.word(report).upper()}: {words.headline(report)}.")
    yield from _void(report)
    yield from _wrap(words.standing(report), indent="  ")
    yield from _wrap(words.meaning_of(report), indent="  ")
    for reason in report.reasons[:ROWS]:
        yield from _item(reason)
    yield from _more(len(report.reasons), "reasons")
    head, outlook = words.outlook(report.forecast, ended=report.ended)
    said = (f"{head}: {outlook}" if outlook else "", words.tried(report.versions_tried, report.family))
    for line in (*said, "" if report.void else words.validity(report)):
        yield from _wrap(line, indent="  ") if line else ()
    for note in report.notes[:ROWS]:
        yield from _wrap(f"Note: {note}", indent="  ")
    yield from _wrap(words.served(report), indent="  ")


def _void(report: Report) -> Iterator[str]:
    for reason in report.void[:ROWS]:
        yield from _wrap(f"VOID: {reason}", indent="  ", hang="        ")
    yield from _more(len(report.void), "reasons why it is void")
    if report.void and report.as_of:
        yield from _wrap(words.validity(report), indent="  ")


def _held(report: Report) -> Iterator[str]:
    yield "WHAT WOULD HAVE HAPPENED"
    yield from _wrap(words.isolation(report.isolation), indent="  ")
    for line in containment.lines(report.contained):
        yield from _wrap(line, indent="  ")
    for row in report.happened.effects[:ROWS]:
        moved = words.money(row.money)
        undo = "" if row.reversible else ", irreversible"
        also = f"the control did {words.number(row.control_too)} of them too"
        yield from _item(f"{row.tool}: {row.count:,} held{', ' + moved if moved else ''}{undo}; {also}")
    yield from _more(len(report.happened.effects), "kinds of change")
    handed = sum(row.count for row in report.happened.escalations)
    refused = sum(row.count for row in report.happened.refusals)
    yield from _item(f"{words.counted(handed, 'case')} handed over to people, {words.counted(refused, 'call')} refused")


def _causes(report: Report) -> Iterator[str]:
    yield "WHERE THE TWO DIFFER, AND WHY"
    if not report.causes:
        yield "  no cause is open" if report.totals.compared else "  nothing has been compared yet"
    for rank, row in enumerate(report.causes[:ROWS], start=1):
        yield from _cause(row, rank)
    yield from _more(len(report.causes), "causes")
    if report.resolved:
        yield f"  {words.counted(len(report.resolved), 'cause')} resolved by labels"
    for row in report.resolved[:ROWS]:
        yield from _item(f"{row.sentence} ({row.resolved})")


def _cause(row: CauseRow, rank: int) -> Iterator[str]:
    yield from _wrap(f"{rank}. [{row.severity.value}] {row.sentence}", indent="  ", hang="     ")
    stake = words.money(row.money)
    often = f"{words.how_often(row)}; {row.harmful:,} harmful{'; at stake ' + stake if stake else ''}"
    yield from _wrap(often, indent="     ")
    for brought in row.consequences[:ROWS]:
        yield from _wrap(f"brings along: {brought.sentence} ({brought.count:,})", indent="     ")
    if row.example is not None:
        yield from _example(row.example)


def _example(shown: Example) -> Iterator[str]:
    differing = [side for side in shown.sides if side.differs]
    yield from _wrap(f"for example, case {shown.case_id}:", indent="     ")
    for side in differing[:3]:
        both = f"control {side.control or '(nothing)'} | candidate {side.candidate or '(nothing)'}"
        yield from _wrap(f"{side.place}: {both}", indent="       ", hang="         ")


def _blind(report: Report) -> Iterator[str]:
    yield "WHERE WE ARE BLIND"
    for row in report.blind[:ROWS]:
        share = words.ratio(row.count, row.possible)
        yield from _item(f"{row.what}: {words.counted(row.count, 'case')} ({share}). {row.sentence}")
    yield from _more(len(report.blind), "blind spots")
    yield from _wrap(words.accounting(report.totals), indent="  ")


def _gates(report: Report) -> Iterator[str]:
    yield "GATES"
    for row in report.findings[:ROWS]:
        needs = f" Still needed: {row.needs}" if row.needs else ""
        yield from _item(f"{row.gate}: {row.status}. {row.reason}{needs}")
    yield from _more(len(report.findings), "gates")


def _end(report: Report, path: str) -> Iterator[str]:
    stopped = len({row.window for row in report.quality.stopped})
    yield from _wrap(f"Data: {words.counted(report.quality.windows, 'window')} looked at, {stopped} stopped.")
    for row in report.quality.stopped[:ROWS]:
        named = f"{words.window(row.window)}: {row.check}, column {row.column or 'none'}, {row.count:,} rows."
        yield from _item(f"{named} {row.sentence}")
    held, cost = report.latency, report.cost
    yield from _wrap(
        f"Latency: half within {words.seconds(held.p50_s)}, 95 of 100 within {words.seconds(held.p95_s)}, "
        f"longest {words.seconds(held.max_s)}. Cost: {words.usd(cost.per_case_usd)} a case."
    )
    yield from _wrap(f"Decision digest: {report.digests.decision or '(none)'}")
    if path:
        yield f"Report: {one_line(path, 4000)}"  # never wrapped: it is there to be copied


def _item(sentence: str) -> Iterator[str]:
    return _wrap(sentence, indent="  - ", hang="    ")


def _more(total: int, what: str) -> Iterator[str]:
    if total > ROWS:
        yield f"  and {total - ROWS:,} more {what}"


def _wrap(sentence: str, *, indent: str = "", hang: str | None = None) -> Iterator[str]:
    """Lines of at most COLUMNS columns; a word that fits on no line is broken."""
    after = (" " * len(indent)) if hang is None else hang
    line, used = indent, len(indent)
    start = True
    for word in one_line(sentence, 4000).split():
        for piece in _pieces(word, COLUMNS - max(len(indent), len(after)) - 1):
            width = _width(piece)
            if not start and used + 1 + width > COLUMNS:
                yield line
                line, used, start = after, len(after), True
            line += piece if start else f" {piece}"
            used += width if start else width + 1
            start = False
    yield line


def _pieces(word: str, most: int) -> Iterator[str]:
    piece, used = "", 0
    for character in word:
        width = _width(character)
        if used + width > most:
            yield piece
            piece, used = "", 0
        piece += character
        used += width
    yield piece


def _width(text: str) -> int:
    """Columns that a terminal uses: wide characters take two, all others are counted as one."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
