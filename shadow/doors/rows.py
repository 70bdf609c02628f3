"""A case's own changes over a list of instances: patched, inserted and taken away where that can be known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Key = tuple[str, ...]
Names = tuple[str, ...]
Item = dict[str, Any]

CUTS = frozenset({"limit", "offset", "fetch", "top", "group", "having", "distinct", "union", "intersect", "except"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A read's answer with the case's own effects over it.

    Attributes:
        value: JSON data.
        own: whether anything of them is in it.
        partial: whether something of them may be missing from it.
    """

    value: Any
    own: bool = False
    partial: bool = False


@dataclass(slots=True, kw_only=True)
class Change:
    """What was done to one instance: fields set, or the whole of it deleted."""

    names: Names = ()
    fields: Item = field(default_factory=dict)
    deleted: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Own:
    """What one case has done to the instances of one entity.

    Attributes:
        changed: key to what was done to an instance that the world has.
        created: the instances that the world does not have, in order.
    """

    changed: dict[Key, Change] = field(default_factory=dict)
    created: list[Item] = field(default_factory=list)

    def change(self, keys: Sequence[Names], key: Key, fields: Mapping[str, Any], *, deletes: bool) -> None:
        """Note a change of the instance of this key, given under the first of these names."""
        mine = [one for one in self.created if any(key_in(one, names) == key for names in keys)]
        if deletes:
            self.created = [one for one in self.created if not any(one is own for own in mine)]
        for one in mine:
            one.update(fields)
        if not mine:
            known = self.changed.setdefault(key, Change(names=keys[0]))
            known.fields.update(fields)
            known.deleted = known.deleted or deletes


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A list of objects in an answer.

    Attributes:
        whole: the answer.
        items: its list.
        member: the name under which the answer holds the list; empty where it is the list.
    """

    whole: Any
    items: list[Item]
    member: str = ""

    def with_items(self, items: list[Item]) -> Any:
        """The answer with these items instead."""
        return {**self.whole, self.member: items} if self.member else items

    @property
    def counted(self) -> bool:
        """Whether the answer holds numbers beside the list, as a total, that the case's changes may have moved."""
        others = [value for name, value in self.whole.items() if name != self.member] if self.member else []
        return any(isinstance(value, int | float) and not isinstance(value, bool) for value in others)


def rows_of(answer: Any, *, single: bool) -> Rows | None:
    """The list of objects that an answer is, or alone holds; None where it is none.

    Args:
        answer: JSON data.
        single: whether one instance was asked for, so that an object is that instance.
    """
    if isinstance(answer, list):
        return Rows(whole=answer, items=answer) if _objects(answer) else None
    if single or not isinstance(answer, dict):
        return None
    lists = [name for name, value in answer.items() if isinstance(value, list)]
    if len(lists) != 1 or not _objects(answer[lists[0]]):
        return None
    return Rows(whole=answer, items=answer[lists[0]], member=lists[0])


def _objects(items: list[Any]) -> bool:
    return all(isinstance(item, dict) for item in items)


def laid_over(rows: Rows, own: Own, *, args: Mapping[str, Any], keys: Sequence[Names], sifts: frozenset[str]) -> Seen:
    """A list with the case's own changes over it.

    Where the list is sifted by what has changed, who is in it is not known, and it stays as the world has it.

    Args:
        rows: the list.
        own: the changes.
        args: the read's arguments: each may sift the list.
        keys: the names that may give an item's key.
        sifts: words by which the binding itself sifts and cuts the list, whatever the arguments are.
    """
    given = {name for name, value in args.items() if value is not None}
    moved = {name for change in own.changed.values() for name in change.fields}
    if moved & given or {name.lower() for name in moved} & sifts:
        return Seen(value=rows.whole, partial=True)
    kept = [_patched(item, own, keys) for item in rows.items]
    known = [(item, one) for item, one in zip(rows.items, kept, strict=True) if one is not None]
    new = [dict(one) for one in own.created if _would_stand(one, args, given, sifts)]
    items = [one for _, one in known] + new
    touched = len(known) < len(kept) or bool(new) or any(item != one for item, one in known)
    blurred = (
        len(new) < len(own.created)
        or any(_keyless(item, own, keys) for item in rows.items)
        or (bool(own.changed) and any(name not in item for name in given for item in rows.items or [{}]))
        or (len(known) < len(kept) and bool(CUTS & sifts))
        or (touched and rows.counted)
    )
    return Seen(value=rows.with_items(items) if touched else rows.whole, own=touched, partial=blurred)


def _patched(item: Item, own: Own, keys: Sequence[Names]) -> Item | None:
    """The item as the case has left it; None where it was deleted."""
    for key, change in own.changed.items():
        if _key_of(item, change, key, keys) == key:
            if change.deleted:
                return None
            item = {**item, **change.fields}
    return item


def _keyless(item: Item, own: Own, keys: Sequence[Names]) -> bool:
    """Whether an item does not tell if one of the changes is of it."""
    return any(_key_of(item, change, key, keys) is None for key, change in own.changed.items())


def _key_of(item: Item, change: Change, key: Key, keys: Sequence[Names]) -> Key | None:
    """The item's key under the first names that it holds: the write's own, then others of as many parts."""
    fitting = (change.names, *(names for names in keys if len(names) == len(key)))
    return next((found for names in fitting if (found := key_in(item, names)) is not None), None)


def _would_stand(one: Item, args: Mapping[str, Any], given: set[str], sifts: frozenset[str]) -> bool:
    """Whether nothing that sifts the list could leave this new instance out."""
    if {name.lower() for name in one} & (sifts - {name.lower() for name in given}) or CUTS & sifts:
        return False
    return all(name in one and key_text(one[name]) == key_text(args[name]) for name in given)


def key_in(item: Mapping[str, Any], names: Names) -> Key | None:
    """An object's key under these names; None where it lacks one of them."""
    if not names or any(item.get(name) is None for name in names):
        return None
    return tuple(key_text(item[name]) for name in names)


def key_text(value: Any) -> str:
    """A key's value as it is compared: 17, 17.0 and "17" name the same thing."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
