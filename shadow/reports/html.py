"""One self-contained HTML page: opens from disk, fetches nothing, runs nothing, always under a megabyte."""

from __future__ import annotations

import os
from pathlib import Path

from shadow.reports import appendix, containment, differences, growth, sections, words
from shadow.reports.markup import Markup, el, join, raw
from shadow.reports.report import Report
from shadow.reports.safe import trimmed
from shadow.reports.style import CSS
from shadow.reports.table import Caps

LIMIT = 1_000_000  # bytes of a page, at most
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
# from what a reader wants down to what always fits, whatever the report holds
STEPS = tuple(Caps(rows=r, text=t) for r, t in ((60, 800), (40, 200), (15, 60), (3, 24)))
PARTS = (
    ("happened", "What would have happened"),
    ("containment", "How it was held"),
    ("causes", "Where the two differ"),
    ("blind", "Where we are blind"),
    ("gates", "The gates"),
    ("plots", "How the evidence grew"),
    ("speed", "Speed and cost"),
    ("quality", "Data quality"),
    ("digests", "Digests"),
)


def page(report: Report, *, bar: Markup | None = None) -> str:
    """The whole page; long values and lists are shortened, and say by how much.

    Args:
        bar: what stands above the title, as links to other pages where the report is one of several.
    """
    for caps in STEPS[:-1]:
        text = _page(report, caps, bar)
        if len(text.encode()) <= LIMIT:
            return text
    return _page(report, STEPS[-1], bar)


def write(report: Report, path: Path) -> Path:
    """Write the page to `path`, whole or not at all; returns the path.

    Raises:
        OSError: the directory cannot be made or written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(page(report), encoding="utf-8")
    draft.replace(path)
    return path


def _page(report: Report, caps: Caps, bar: Markup | None) -> str:
    shown = trimmed(report, caps.text, rows=caps.rows)
    return "<!doctype html>\n" + el("html", _head(shown), _body(shown, caps, bar), lang="en").text + "\n"


def _head(report: Report) -> Markup:
    return el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=POLICY),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="referrer", content="no-referrer"),
        el("title", f"{words.word(report)}: {report.title}"),
        el("style", raw(CSS)),
    )


def _body(report: Report, caps: Caps, bar: Markup | None) -> Markup:
    links = el("ul", *(el("li", el("a", title, href=f"#{ident}")) for ident, title in PARTS))
    main = el(
        "main",
        sections.verdict(report, caps),
        sections.tiles(report),
        el("nav", links, aria_label="On this page"),
        sections.happened(report, caps),
        containment.containment(report, caps),
        differences.causes(report, caps),
        differences.blind(report, caps),
        appendix.gates(report, caps),
        growth.plots(report, caps),
        appendix.speed(report),
        appendix.quality(report, caps),
        appendix.digests(report, caps),
        id="main",
    )
    skip = el("a", "Skip to the verdict", href="#main", class_="skip")
    return el("body", join((skip, bar, sections.head(report), main, _foot(report))))


def _foot(report: Report) -> Markup:
    made = f"Look of {words.moment(report.look)}. This page fetches nothing and runs nothing."
    hidden = "Signs like ⟨U+202E⟩ stand for characters that cannot be seen or that move other text."
    return el("footer", el("p", f"{made} {hidden}"))
