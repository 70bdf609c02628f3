"""HTML and SVG elements: the one place where text becomes markup, and all of it is escaped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from shadow.reports.safe import visible

VOID = frozenset({"meta", "link", "input", "br", "hr"})  # SVG has none: its empty elements need an end tag in HTML


@dataclass(frozen=True, slots=True)
class Markup:
    """Markup that is already safe; only `el`, `join` and `raw` make it."""

    text: str


Child = Markup | str | int | None


def el(tag: str, *children: Child, **attributes: str | int | float | None) -> Markup:
    """One element; children that are not `Markup` are escaped, hidden characters made visible.

    Attribute names: `class_` reads class, `aria_label` reads aria-label; None leaves the attribute out.

    Example:
        >>> el("p", "<b>", class_="x").text
        '<p class="x">&lt;b&gt;</p>'
    """
    named = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(visible(str(value)), quote=True)}"'
        for name, value in attributes.items()
        if value is not None
    )
    if tag in VOID and not children:
        return Markup(f"<{tag}{named}>")
    return Markup(f"<{tag}{named}>{join(children).text}</{tag}>")


def join(children: Iterable[Child]) -> Markup:
    """Children one after the other, each escaped unless it is `Markup`."""
    return Markup("".join(_text(child) for child in children))


def raw(text: str) -> Markup:
    """Our own constant text as it stands; never for a value."""
    return Markup(text)


def value(text: str, *, empty: str = "(nothing)") -> Markup:
    """Foreign text, set apart so that right-to-left letters in it cannot reorder what stands beside it."""
    return el("bdi", text) if text else el("span", empty, class_="none")


def _text(child: Child) -> str:
    if isinstance(child, Markup):
        return child.text
    return "" if child is None else escape(visible(str(child)), quote=True)
