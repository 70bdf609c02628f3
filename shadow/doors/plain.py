"""Plain JSON data: what may pass a door, checked by naming the first thing that may not."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

TOO_DEEP = "is nested too deeply, or holds itself"


def plain(value: Any, where: str = "value") -> Any:
    """The same data as JSON holds it: Decimal and moments as text, mappings as dicts, tuples as lists.

    Raises:
        TypeError: something that JSON lacks; the message names its place and its type.
    """
    try:
        data = _plain(value, where)
    except RecursionError:
        raise TypeError(f"{where} {TOO_DEEP}") from None
    wrong = unfit(data, where)
    if wrong:
        raise TypeError(wrong)
    return data


def _plain(value: Any, where: str) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(item, f"{where}.{name}") for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, f"{where}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def unfit(value: Any, where: str = "value") -> str:
    """What keeps `value` from being plain JSON, as `value.amount is NaN`; empty where nothing does.

    Example:
        >>> unfit({"amount": float("nan")})
        'value.amount is NaN'
    """
    try:
        return _unfit(value, where)
    except RecursionError:
        return f"{where} {TOO_DEEP}"


def _unfit(value: Any, where: str) -> str:
    if isinstance(value, str):
        return _unfit_text(value, where)
    if isinstance(value, float):
        return "" if math.isfinite(value) else f"{where} is {_number_word(value)}"
    if value is None or isinstance(value, bool | int):
        return ""
    if isinstance(value, dict):
        return _unfit_object(value, where)
    if isinstance(value, list | tuple):
        found = (_unfit(item, f"{where}[{index}]") for index, item in enumerate(value))
        return next((wrong for wrong in found if wrong), "")
    return f"{where} is a {type(value).__name__}, which JSON lacks"


def _unfit_object(value: dict[Any, Any], where: str) -> str:
    for name, item in value.items():
        if not isinstance(name, str):
            return f"{where} has a name that is a {type(name).__name__}, not text"
        wrong = _unfit_text(name, f"a name in {where}") or _unfit(item, f"{where}.{name[:60]}")
        if wrong:
            return wrong
    return ""


def _unfit_text(value: str, where: str) -> str:
    # no database takes these two, so a side that used them could not be written down
    if "\x00" in value:
        return f"{where} holds the character U+0000"
    return "" if value.isascii() or _encodes(value) else f"{where} holds half a character (a lone surrogate)"


def _encodes(value: str) -> bool:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _number_word(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def dumps(value: Any) -> str:
    """Compact JSON text of plain data."""
    return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def loads(text: str | bytes) -> Any:
    """JSON data, strictly: no NaN or Infinity, no name twice in one object, no number beyond a float.

    Raises:
        ValueError: it is not such a text; also where it is nested too deeply.
    """
    try:
        return json.loads(text, parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_once)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is beyond what a float holds")
    return number


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice[:60]!r} stands twice in one object")
    return data


def safe_text(text: str, limit: int) -> str:
    """At most the last `limit` characters of `text`, with what no database takes replaced by U+FFFD."""
    return text[-limit:].encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")


def one_line(text: str, limit: int = 300) -> str:
    """The first line of `text` that is not blank, at most `limit` characters, safe to store."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return safe_text(first[:limit], limit)
