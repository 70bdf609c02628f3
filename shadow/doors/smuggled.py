"""Texts that say one thing to a reader and another to a machine: refused in arguments before any schema is asked."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

DEEPEST = 60  # levels
_LINES = "\t\n\r"  # the control characters that a text for people may hold
_UNSEEN = frozenset({"Cf", "Zl", "Zp", "Co"})  # format (bidirectional, zero width), line separators, private use


def refused_text(value: Any, where: str, levels: int = DEEPEST) -> str:
    """Why a text in the arguments, at any depth, may not pass; empty where all may.

    Control characters are refused but for tab and line breaks, in names altogether: no tool needs them, and they
    end a line, hide a word or move a cursor where the text is used. So is what is nested deeper than so many levels:
    what looks at it later must not run out of stack.
    """
    if levels < 0:
        return f"the arguments are nested deeper than {DEEPEST} levels"
    if isinstance(value, str):
        return _control(value, where, allowed=_LINES)
    if isinstance(value, Mapping):
        for name, item in value.items():
            wrong = _control(name, f"a name in {where}", allowed="")
            wrong = wrong or refused_text(item, f"{where}.{name[:60]}", levels - 1)
            if wrong:
                return wrong
    if isinstance(value, list):
        found = (refused_text(item, f"{where}[{index}]", levels - 1) for index, item in enumerate(value))
        return next((wrong for wrong in found if wrong), "")
    return ""


def refused_key(names: Sequence[str], args: Mapping[str, Any]) -> str:
    """Why an argument that names an instance may not pass; empty where each may, or is not given.

    Two keys that look alike must be alike: what does not show, what is composed in another way, white space
    around it, and what is no single value are refused.
    """
    return next((wrong for name in names if (wrong := _key(args.get(name), f"args.{name}"))), "")


def _key(value: Any, where: str) -> str:
    if isinstance(value, dict | list):
        return f"{where} names an instance, and is no single value"
    if not isinstance(value, str):
        return ""
    if value != value.strip():
        return f"{where} names an instance, and has white space around it"
    if not unicodedata.is_normalized("NFC", value):
        return f"{where} names an instance, and is not in Unicode's form NFC"
    unseen = next((one for one in value if unicodedata.category(one) in _UNSEEN), "")
    return _control(value, where, allowed="") or (_said(unseen, where) if unseen else "")


def _control(text: str, where: str, *, allowed: str) -> str:
    if text.isprintable():
        return ""
    found = next((one for one in text if unicodedata.category(one) == "Cc" and one not in allowed), "")
    return _said(found, where) if found else ""


def _said(character: str, where: str) -> str:
    return f"{where} holds the character U+{ord(character):04X}, which does not show"
