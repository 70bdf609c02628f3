"""The candidate's own held effects, laid over the world that it reads.

A write's template says what it would do: fields that it sets, an instance that it creates, one that it deletes. A
later read of the same entity gets that over its answer, be it one instance or a list of them. What cannot be known
is not guessed: such a read is answered as far as it is known, and marked as partial.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from shadow.contract.model import Tool
from shadow.doors.rows import Change, Key, Names, Own, Seen, key_in, key_text, laid_over, rows_of
from shadow.doors.served import Changes, Serves


@dataclass(slots=True, kw_only=True, eq=False)
class Overlay:
    """One case's changes, by entity.

    Attributes:
        entities: entity to what the held effects have done to its instances.
        unsaid: entities of which a held write did not say what it would do.
        writes: whether any write was held.
    """

    entities: dict[str, Own] = field(default_factory=dict)
    unsaid: set[str] = field(default_factory=set)
    writes: bool = False

    def lay(self, tool: Tool, args: Mapping[str, Any], changes: Changes, keys: tuple[Names, ...] = ()) -> bool:
        """Remember what a held write of `tool` would have done; later writes win.

        Args:
            tool, args: the write as it was asked for.
            changes: what its template says that it would do.
            keys: the names under which the contract's tools give the entity's key.

        Returns:
            Whether later reads see anything of it; where it is not said or not known, they are marked as partial.
        """
        self.writes = True
        key = entity_key(tool, args)
        if not changes.said or (key is None and (changes.fields or changes.deletes)):
            self.unsaid.add(tool.entity)
            return False
        changed = key if changes.fields or changes.deletes else None
        if changed is None and changes.creates is None:
            return False  # it says that reads show nothing of it
        own = self.entities.setdefault(tool.entity, Own())
        if changes.creates is not None:
            own.created.append(dict(changes.creates))
        if changed is not None:
            own.change((tool.key, *keys), changed, changes.fields, deletes=changes.deletes)
        return True

    def over(
        self, tool: Tool, args: Mapping[str, Any], answer: Any, binding: Serves, keys: tuple[Names, ...] = ()
    ) -> Seen:
        """The world's answer with the case's own changes over it.

        Args:
            tool, args: the read as it was asked.
            answer: what the world says.
            binding: what gave the answer.
            keys: the names under which the contract's tools give the entity's key.
        """
        if not tool.entity:  # it may show anything, so also what was changed
            return Seen(value=answer, partial=self.writes)
        own, unsaid = self.entities.get(tool.entity), tool.entity in self.unsaid
        if own is None:
            return Seen(value=answer, partial=unsaid)
        key = entity_key(tool, args)
        rows = rows_of(answer, single=key is not None)
        if binding.forwards:
            seen = _unseen(own, key, tool.key)
        elif rows is not None:
            seen = laid_over(rows, own, args=args, keys=(*keys, tool.key), sifts=binding.sifts)
        else:
            seen = _one(own, key, tool.key, answer)
        return replace(seen, partial=seen.partial or unsaid)


def _one(own: Own, key: Key | None, names: Names, answer: Any) -> Seen:
    """One instance; what is none, as a count or a text, may have changed in a way that nobody declared."""
    if key is None or not isinstance(answer, dict | None):
        return Seen(value=answer, partial=True)
    made = [one for one in own.created if key_in(one, names) == key]
    change = own.changed.get(key, Change())
    if made:
        return Seen(value={**(answer or {}), **made[-1]}, own=True)
    if change.deleted:
        return Seen(value=None, own=True)
    nameless = answer is None and any(key_in(one, names) is None for one in own.created)
    strange = nameless or any(len(other) != len(key) for other in own.changed)
    if not change.fields or answer is None:
        return Seen(value=answer, partial=strange or bool(change.fields))
    return Seen(value={**answer, **change.fields}, own=True, partial=strange)


def _unseen(own: Own, key: Key | None, names: Names) -> Seen:
    """The fields to lay over an object that is not seen here, since the network door fetches it."""
    change = own.changed.get(key, Change()) if key is not None else Change()
    others = change.deleted or bool(own.created) or key is None or any(len(other) != len(key) for other in own.changed)
    return Seen(value=dict(change.fields), own=bool(change.fields), partial=others)


def entity_key(tool: Tool, args: Mapping[str, Any]) -> Key | None:
    """Which instance of its entity a call is about; None where the tool or the call does not tell.

    Key values are compared as text and by position, so that a read's `id` meets a write's `order_id`.
    """
    if not tool.entity or not tool.key or any(args.get(name) is None for name in tool.key):
        return None
    return tuple(key_text(args[name]) for name in tool.key)
