"""The pieces that every section is built of: capped lists and tables that say what they leave out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from shadow.reports.markup import Child, Markup, el, join

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """How much one page shows: `rows` of each list (≥ 1) and `text` characters of each value (≥ 1)."""

    rows: int
    text: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A table's column: its heading, and whether it holds numbers (set to the right)."""

    name: str
    numeric: bool = False


def section(ident: str, title: str, *children: Child, lead: str = "") -> Markup:
    """One card of the page with its heading."""
    intro = el("p", lead, class_="soft") if lead else None
    return el(
        "section",
        el("h2", title, id=f"{ident}-h"),
        intro,
        *children,
        class_="card",
        id=ident,
        aria_labelledby=f"{ident}-h",
    )


def table(
    columns: Sequence[Column], rows: Sequence[Sequence[Child]], *, caps: Caps, caption: str = ""
) -> Markup:
    """A table whose first column heads its rows; a sentence below says how many rows are not shown."""
    head = [el("th", c.name, scope="col", class_="n" if c.numeric else None) for c in columns]
    body = [_row(columns, row) for row in rows[: caps.rows]]
    named = el("caption", caption) if caption else None
    whole = el("table", named, el("thead", el("tr", *head)), el("tbody", *body))
    return join((el("div", whole, class_="wide"), more(len(rows), caps.rows)))


def _row(columns: Sequence[Column], row: Sequence[Child]) -> Markup:
    first, *rest = row
    cells = [
        el("td", cell, class_="n" if c.numeric else None) for c, cell in zip(columns[1:], rest, strict=True)
    ]
    return el("tr", el("th", first, scope="row"), *cells)


def more(total: int, shown: int, what: str = "more") -> Markup | None:
    """`and 12 more`, or nothing where all is shown."""
    return el("p", f"and {total - shown:,} {what}, not shown", class_="none") if total > shown else None


def bullets(items: Iterable[Child], *, caps: Caps, class_: str = "reasons") -> Markup:
    """A list, capped."""
    held = list(items)
    shown = [el("li", item) for item in held[: caps.rows]]
    return join((el("ul", *shown, class_=class_), more(len(held), caps.rows)))


def facts(pairs: Iterable[tuple[str, Child]], *, class_: str = "facts") -> Markup:
    """Terms and their values."""
    return el("dl", *(el("div", el("dt", name), el("dd", what)) for name, what in pairs), class_=class_)


def chip(text: str, tone: str, sign: str = "") -> Markup:
    """A small coloured word; the sign before it says the same without colour."""
    return el("span", f"{sign} {text}" if sign else text, class_=f"chip {tone}")
