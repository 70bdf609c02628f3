"""What every page is set in: its head, the bar of links, the title."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from shadow.reports.markup import Child, Markup, el, value
from shadow.reports.safe import cut
from shadow.reports.table import Caps, void_note

FOOT = "Signs like ⟨U+202E⟩ stand for characters that cannot be seen or that move other text."
SHORT = Caps(rows=6, text=200)  # why a verdict is void, among other things
LONGEST = 4000  # characters of one foreign value that a page shows


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Where the pages are, as seen from a browser.

    Attributes:
        root: the path in front of all of them, without a slash at its end.
        dag: the workflow's DAG id; empty on pages of no workflow.
    """

    root: str
    dag: str = ""

    def to(self, room: str, *parts: str, **query: str) -> str:
        """`<root>/<room>/<dag>/<parts>?<query>`; every part quoted, empty query values left out."""
        path = "/".join(quote(part, safe="") for part in (room, self.dag, *parts) if part)
        held = urlencode({name: text for name, text in query.items() if text})
        return f"{self.root}/{path}" + (f"?{held}" if held else "")

    def of(self, workflow: str) -> Links:
        """The same for one workflow."""
        return Links(root=self.root, dag=dag_of(workflow))


def dag_of(workflow: str) -> str:
    """The id of the DAG of a workflow."""
    return f"shadow-{workflow}"


def document(title: str, *body: Child, links: Links, lead: Child = None, bar: Markup | None = None) -> str:
    """A whole page; `lead` stands under its title, `bar` above it."""
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("title", cut(title, 120)),
        el("link", rel="stylesheet", href=f"{links.root}/pages.css"),
    )
    top = el("header", el("h1", value(cut(title, 200))), el("p", lead, class_="soft") if lead else None)
    skip = el("a", "Skip to the content", href="#main", class_="skip")
    foot = el("footer", el("p", FOOT))
    page = el("body", skip, bar or bar_of(links), top, el("main", *body, id="main"), foot)
    return "<!doctype html>\n" + el("html", head, page, lang="en").text + "\n"


def bar_of(links: Links, *more: Child) -> Markup:
    """The links above the title: home, and what else there is."""
    return el("nav", el("a", "Shadow", href=f"{links.root}/"), *more, class_="bar", aria_label="Pages")


def shown(data: Any) -> Markup:
    """A foreign value as text, cut to a length that a page can bear."""
    return value(cut(as_text(data), LONGEST))


def void(reasons: Sequence[str]) -> Markup | None:
    """That a verdict is void, and the first reasons, short; nothing where it holds."""
    return void_note([cut(reason, SHORT.text) for reason in reasons], caps=SHORT)


def as_text(data: Any) -> str:
    """A text as it is, all else as JSON; empty where there is nothing."""
    if data is None or data == [] or data == {}:
        return ""
    if isinstance(data, str):
        return data
    plain = dict(data) if isinstance(data, Mapping) else data
    return json.dumps(plain, ensure_ascii=False, default=str)
