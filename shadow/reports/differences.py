"""Where the two sides differ and why, and where nothing can be said."""

from __future__ import annotations

from math import isfinite

from shadow.contract.model import Severity
from shadow.reports import words
from shadow.reports.markup import Child, Markup, el, join, value
from shadow.reports.parts import BlindRow, CauseRow, Example, SideRow
from shadow.reports.report import Report
from shadow.reports.svg import whisker
from shadow.reports.table import Caps, Column, chip, more, section, table

GRAVITY = {
    Severity.CRITICAL: ("bad", "‼"),
    Severity.MAJOR: ("bad", "!"),
    Severity.MINOR: ("open", "·"),
    Severity.COSMETIC: ("plain", "·"),
}
NOTHING_YET = "Nothing has been compared yet, so there is nothing to list here."


def causes(report: Report, caps: Caps) -> Markup:
    """The open causes, worst first, and those that labels have resolved."""
    empty = "No cause is open." if report.totals.compared else NOTHING_YET
    shown = _cards(report.causes, caps)
    return section(
        "causes",
        "Where the two differ, and why",
        *(shown or [el("p", empty, class_="none")]),
        more(len(report.causes), caps.rows, "more causes"),
        *_resolved(report, caps),
        lead="Discrepancies that share a place and a direction are one cause. The most harmful stands first.",
    )


def _resolved(report: Report, caps: Caps) -> tuple[Markup | None, ...]:
    if not report.resolved:
        return ()
    shown = _cards(report.resolved, caps)
    title = f"Resolved by labels ({len(report.resolved):,})"
    lead = "People looked at these and said what was right; they do not count against the candidate as they did."
    folded = el("details", el("summary", title), el("p", lead, class_="soft"), *shown)
    return (folded, more(len(report.resolved), caps.rows, "more resolved causes"))


def _cards(rows: tuple[CauseRow, ...], caps: Caps) -> list[Markup]:
    shown = rows[: caps.rows]
    top = (
        max([row.high for row in shown if isfinite(row.high)], default=0.0) or 1.0
    )  # one scale for all, so that they compare
    return [cause(row, caps, rank=n, top=top) for n, row in enumerate(shown, start=1)]


def cause(row: CauseRow, caps: Caps, *, rank: int, top: float) -> Markup:
    """One cause: its sentence, its numbers, what it brings along, one case with both sides.

    `rank` is its place in the list from 1; `top` the share at the right end of the interval's scale.
    """
    tone, sign = GRAVITY[row.severity]
    said = chip(row.resolved, "good", "✓") if row.resolved else chip(row.severity.value, tone, sign)
    title = el("div", el("span", f"{rank}.", class_="rank"), el("h3", value(row.sentence)), said, class_="top")
    body = el("div", _consequences(row, caps), example(row.example, caps) if row.example else None, class_="body")
    return el("article", title, _meta(row, top), body, class_="cause")


def _meta(row: CauseRow, top: float) -> Markup:
    only = ("only where ", value(row.slice[0]), " = ", value(row.slice[1])) if row.slice else ("in every slice",)
    often = el(
        "p",
        whisker(row.share, row.low, row.high, top=top),
        el("strong", words.how_often(row)),
        class_="meta",
    )
    rest = el(
        "p",
        el("span", value(row.place), ": ", value(row.direction)),
        el("span", *only),
        el("span", f"{row.harmful:,} harmful"),
        el("span", "at stake: ", value(words.money(row.money))) if words.money(row.money) else None,
        class_="meta",
    )
    return join((often, rest))


def _consequences(row: CauseRow, caps: Caps) -> Markup | None:
    if not row.consequences:
        return None
    items = [
        el(
            "li",
            value(c.sentence),
            f" ({c.count:,} of {words.counted(c.possible, 'case')}, {c.severity.value})",
        )
        for c in row.consequences[: caps.rows]
    ]
    rest = more(len(row.consequences), caps.rows, "more consequences")
    return join((el("p", "Brings along:", class_="soft"), el("ul", *items, class_="after"), rest))


def example(shown: Example, caps: Caps) -> Markup:
    """One case, both sides next to each other; places that differ are marked by sign and colour."""
    titles = (("Place", "place"), ("Control (today)", None), ("Candidate", None))
    columns = el("tr", *(el("th", name, scope="col", class_=class_) for name, class_ in titles))
    rows = [_side(side) for side in shown.sides[: caps.rows]]
    caption = el("caption", "For example, case ", value(shown.case_id))
    given = (
        el("details", el("summary", "What both were given"), el("p", value(shown.input), class_="pre"))
        if shown.input
        else None
    )
    body = el("table", caption, el("thead", columns), el("tbody", *rows), class_="sides")
    return join((body, more(len(shown.sides), caps.rows, "more places"), given))


def _side(side: SideRow) -> Markup:
    mark = el("span", "≠ ", title="differs") if side.differs else None
    return el(
        "tr",
        el("th", mark, value(side.place), scope="row"),
        el("td", value(side.control), class_="pre"),
        el("td", value(side.candidate), class_="pre"),
        class_="differs" if side.differs else None,
    )


def blind(report: Report, caps: Caps) -> Markup:
    """Where nothing can be said, with shares, and the sum that must come out."""
    columns = (
        Column(name="Blind spot"),
        Column(name="Cases", numeric=True),
        Column(name="Share", numeric=True),
        Column(name="What it means"),
    )
    missing = words.unaccounted(report.totals)
    sums = el("p", words.accounting(report.totals), class_="note bad" if missing else "note plain")
    seen = (
        table(columns, report.blind, _blind, caps=caps)
        if report.blind
        else el("p", "No blind spot is named.", class_="none")
    )
    return section("blind", "Where we are blind", sums, seen, lead=words.served(report))


def _blind(row: BlindRow) -> list[Child]:
    share = words.ratio(row.count, row.possible)
    return [value(row.what), words.number(row.count), share, value(row.sentence)]
