"""Foreign text made safe to look at: cut to length, hidden and moving characters made visible."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar

# control, format (bidi overrides, zero width), surrogate, private, unassigned, line and paragraph separators
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
Shown = TypeVar("Shown")

STACK = 4  # combining marks on one letter; more than this paints over the neighbours


def cut(text: str, limit: int) -> str:
    """At most `limit` characters (≥ 1) of `text`, and how many are missing.

    Example:
        >>> cut("abcdef", 4)
        'abcd… (2 more characters)'
    """
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text) - limit:,} more characters)"


def visible(text: str, *, lines: bool = True) -> str:
    """`text` with hidden characters written as their code point; line breaks and tabs stay where `lines`.

    Example:
        >>> visible("a\\u202eb")
        'a⟨U+202E⟩b'
    """
    if text.isascii() and text.isprintable():
        return text
    if MARK * (STACK + 1) in text.translate(MARKS):
        text = _unstacked(text)
    return text.translate(LINES if lines else NO_LINES)


def _code(character: str) -> str:
    return f"⟨U+{ord(character):04X}⟩"


def _unstacked(text: str) -> str:
    out: list[str] = []
    run = 0
    for character, kind in zip(text, text.translate(MARKS), strict=True):
        run = run + 1 if kind == MARK else 0
        out.append(_code(character) if run > STACK else character)
    return "".join(out)


class _Table(dict[int, str]):
    """A translation that is worked out once for each character that is met."""

    def __init__(self, translate: Callable[[str], str]) -> None:
        super().__init__()
        self.translate = translate

    def __missing__(self, code: int) -> str:
        self[code] = self.translate(chr(code))
        return self[code]


def _hidden(character: str, keep: str) -> str:
    hidden = unicodedata.category(character) in HIDDEN and character not in keep
    return _code(character) if hidden else character


MARK = "M"
MARKS = _Table(lambda c: MARK if unicodedata.category(c) in ("Mn", "Me") else ".")
LINES = _Table(lambda c: _hidden(c, "\n\t"))
NO_LINES = _Table(lambda c: _hidden(c, ""))


def one_line(text: str, limit: int) -> str:
    """`text` cut to `limit` characters, on one line, nothing hidden: for terminals, logs and Slack."""
    return visible(cut(text, limit).replace("\n", " ").replace("\t", " "), lines=False)


def trimmed(value: Shown, limit: int, *, rows: int) -> Shown:
    """The same value with every text in it cut to `limit` characters.

    Of each tuple only the first `rows` items are gone through: the rest is counted, not shown.
    """
    cut_down: Shown = _trim(value, limit, rows)
    return cut_down


def _trim(value: Any, limit: int, rows: int) -> Any:
    if isinstance(value, str):
        return value if isinstance(value, Enum) else cut(value, limit)
    if isinstance(value, tuple):
        return tuple(_trim(item, limit, rows) for item in value[:rows]) + value[rows:]
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: _trim(getattr(value, f.name), limit, rows) for f in fields(value)})
    return _trim_mapping(value, limit, rows) if isinstance(value, Mapping) else value


def _trim_mapping(value: Mapping[Any, Any], limit: int, rows: int) -> dict[Any, Any]:
    out: dict[Any, Any] = {}
    for key, item in value.items():
        name = _trim(key, limit, rows)
        # two long names that are equal once cut stay two entries: no count may vanish
        out[name if name not in out else f"{name} ({len(out) + 1})"] = _trim(item, limit, rows)
    return out
