"""The pieces that every section is built of: capped lists and tables that say what they leave out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from shadow.reports.markup import Child, Markup, el, join, value
from shadow.reports.words import VOID

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
    columns: Sequence[Column], items: Sequence[Item], row: Callable[[Item], Sequence[Child]], *, caps: Caps
) -> Markup:
    """A table of `row(item)` for each item, headed by its first cell; says how many are not shown."""
    head = [el("th", c.name, scope="col", class_="n" if c.numeric else None) for c in columns]
    body = [_row(columns, row(item)) for item in items[: caps.rows]]
    whole = el("table", el("thead", el("tr", *head)), el("tbody", *body))
    return join((el("div", whole, class_="wide"), more(len(items), caps.rows)))


def _row(columns: Sequence[Column], row: Sequence[Child]) -> Markup:
    first, *rest = row
    cells = [el("td", cell, class_="n" if c.numeric else None) for c, cell in zip(columns[1:], rest, strict=True)]
    return el("tr", el("th", first, scope="row"), *cells)


def more(total: int, shown: int, what: str = "more") -> Markup | None:
    """`and 12 more`, or nothing where all is shown."""
    return el("p", f"and {total - shown:,} {what}, not shown", class_="none") if total > shown else None


def bullets(items: Sequence[str], *, caps: Caps) -> Markup:
    """A list of foreign sentences, capped."""
    shown = [el("li", value(item)) for item in items[: caps.rows]]
    return join((el("ul", *shown, class_="reasons"), more(len(items), caps.rows)))


def void_note(reasons: Sequence[str], *, caps: Caps, said: str = "") -> Markup | None:
    """Loud: that a verdict is void, each reason, and last what is `said` of it; nothing where it holds."""
    if not reasons:
        return None
    loud = el("p", el("strong", "✕ This verdict is void. "), VOID)
    last = el("p", said, class_="soft") if said else None
    return el("div", loud, bullets(reasons, caps=caps), last, class_="note bad")


def facts(pairs: Iterable[tuple[str, Child]], *, class_: str = "facts") -> Markup:
    """Terms and their values."""
    return el("dl", *(el("div", el("dt", name), el("dd", what)) for name, what in pairs), class_=class_)


def chip(text: str, tone: str, sign: str = "") -> Markup:
    """A small coloured word; the sign before it says the same without colour."""
    return el("span", f"{sign} {text}" if sign else text, class_=f"chip {tone}")
