"""The few marks of our own plain-words pages as HTML: headings, bullets, bold, code, a rule. All else is text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shadow.reports.markup import Child, Markup, el, join, value

_MARK = re.compile(r"\*\*(.+?)\*\*|`([^`]+)`")
_BULLET = "* "


def rendered(text: str) -> Markup:
    """A page in plain words; a sign that is no mark of ours is shown as it is, and no link is ever made."""
    return join(_block(block) for block in re.split(r"\n{2,}", text.strip()))


def _block(block: str) -> Markup:
    lines = block.split("\n")
    if block == "---":
        return el("hr")
    if len(lines) == 1 and block.startswith("## "):
        return el("h2", *_spans(block[3:]))
    if len(lines) == 1 and block.startswith("# "):
        return el("h2", *_spans(block[2:]))
    if all(line.startswith(_BULLET) for line in lines):
        return el("ul", *(el("li", *_spans(line[len(_BULLET) :])) for line in lines))
    return el("p", *_spans(" ".join(lines)))


def _spans(text: str) -> Iterator[Child]:
    end = 0
    for found in _MARK.finditer(text):
        yield value(text[end : found.start()], empty="")
        yield el("strong", value(found[1])) if found[1] is not None else el("code", value(found[2]))
        end = found.end()
    yield value(text[end:], empty="")
