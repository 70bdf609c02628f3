"""Whether data is plain JSON of a reasonable size, asked before anything is made of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shadow.errors import ContractError

LARGEST = 20_000  # values in one contract; a few lines of YAML can be made to stand for billions
DEEPEST = 60  # levels


def refuse_unplain(data: Any, *, where: str) -> None:
    """Refuse what JSON cannot hold or nobody could read.

    Raises:
        ContractError: names the place of the first value that is no JSON, nested too deeply, or one too many.
    """
    waiting = [(data, where, 0)]
    for _ in range(LARGEST):
        if not waiting:
            return
        value, path, depth = waiting.pop()
        wrong = _wrong(value, depth)
        if wrong:
            raise ContractError(wrong, where=path, seen=repr(value)[:80], allowed="plain JSON")
        waiting += [(item, f"{path}.{name}", depth + 1) for name, item in _items(value)]
    raise ContractError("it is too large", where=where, allowed=f"up to {LARGEST:,} values", todo="split or shorten it")


def _wrong(value: Any, depth: int) -> str:
    if depth > DEEPEST:
        return f"it is nested deeper than {DEEPEST} levels, or holds itself"
    if isinstance(value, float) and not math.isfinite(value):
        return "not a number that JSON has"
    if isinstance(value, str):
        return "" if value.isascii() or _encodes(value) else "half a character (a lone surrogate)"
    if isinstance(value, Mapping):
        strange = next((name for name in value if not isinstance(name, str)), None)
        return "" if strange is None else f"a name that is no text: {strange!r}; write it in quotes"
    if value is None or isinstance(value, bool | int | float | list | tuple):
        return ""
    return f"a {type(value).__name__} is not plain data"


def _encodes(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _items(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        return iter(value.items())
    return iter(enumerate(value)) if isinstance(value, list | tuple) else iter(())


def once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; a name that stands twice is refused, for only one of the two would hold."""
    made: dict[str, Any] = {}
    for name, value in pairs:
        if name in made:
            raise ContractError(f"{name!r} stands twice in one object", todo="leave one of them out")
        made[name] = value
    return made
