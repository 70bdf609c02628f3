"""What changed between two contracts, in sentences for somebody who signs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shadow.contract import Contract, canonical
from shadow.contract.codec import to_data

_NAMED = {
    "tools": "name",
    "stops": "name",
    "gates": "name",
    "compare": "place",
}  # lists, and what tells their items apart
_LONGEST = 160  # characters of a value that a sentence shows


def changes(before: Contract, after: Contract) -> list[str]:
    """One sentence a change, in the contract's order; empty where both say the same.

    Example:
        "gate harmful_rate: at_most was 0.01, is 0.02"
    """
    old, new = to_data(before), to_data(after)
    found: list[str] = []
    for part in [*new, *(part for part in old if part not in new)]:  # a part that is at its default is left out
        if part in _NAMED:
            found += _listed(part, old[part], new[part])
        else:
            found += _value(part, old.get(part), new.get(part))
    return found


def _listed(part: str, old: list[Mapping[str, Any]], new: list[Mapping[str, Any]]) -> list[str]:
    key, word = _NAMED[part], part if part == "compare" else part.removesuffix("s")
    was, now = ({item[key]: item for item in items} for items in (old, new))
    found = [f"{word} {name}: taken out ({_said(_rest(was[name], key))})" for name in was if name not in now]
    found += [f"{word} {name}: new ({_said(_rest(now[name], key))})" for name in now if name not in was]
    for name in now:
        if name in was:
            found += _value(f"{word} {name}", _rest(was[name], key), _rest(now[name], key))
    if not found and [item[key] for item in old] != [item[key] for item in new]:
        found.append(f"{part}: in another order: {', '.join(now)}")
    return found


def _value(where: str, old: Any, new: Any) -> list[str]:
    if canonical(old) == canonical(new):
        return []
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        names = [*old, *(name for name in new if name not in old)]
        return [said for name in names for said in _value(f"{where}: {name}", old.get(name), new.get(name))]
    return [f"{where} was {_said(old)}, is {_said(new)}"]


def _rest(item: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name != key}


def _said(value: Any) -> str:
    text = "nothing" if value in (None, "", [], {}) else value if isinstance(value, str) else canonical(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
