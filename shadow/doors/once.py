"""One idempotency key, one held effect: a call that comes again under its key is answered as before, not held twice.

Two equal calls without a key are two effects: a refund that is asked for twice must be seen twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shadow.contract.digests import canonical

LONGEST = 255  # characters of a key


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A write as it was asked for.

    Attributes:
        tool, args: the call.
        key: as the candidate gave it; empty where it gave none.
        names: the arguments that the contract takes for a key; empty where it takes none.
    """

    tool: str
    args: Mapping[str, Any]
    key: str = ""
    names: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """The key as an effect keeps it: the candidate's own, or in brackets the arguments that are one."""
        return self.key or (f"({', '.join(self.names)})" if self._declared else "")

    @property
    def keys(self) -> list[tuple[tuple[str, str], str]]:
        """What the call is known under, and how that is called in a sentence."""
        found = [((self.tool, f"key {self.key}"), "the idempotency key")] if self.key else []
        if self._declared:
            by = canonical([self.args[name] for name in self.names])
            found.append(((self.tool, f"args {by}"), f"the same {', '.join(self.names)}"))
        return found

    @property
    def _declared(self) -> bool:
        return bool(self.names) and all(self.args.get(name) is not None for name in self.names)


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """The first call under a key: its place among the case's effects, its arguments, and what it was answered."""

    number: int
    args: str
    value: Any


@dataclass(slots=True, kw_only=True, eq=False)
class Once:
    """The keys that one case has used, each with the call that was held under it."""

    known: dict[tuple[str, str], First] = field(default_factory=dict)

    def find(self, asked: Asked) -> tuple[First | None, str]:
        """The call that was held under the key of this one, and why this one may not go on; else None and empty."""
        if len(asked.key) > LONGEST or not asked.key.isprintable():
            return None, f"an idempotency key is up to {LONGEST} characters that show"
        for place, what in asked.keys:
            first = self.known.get(place)
            if first is not None:
                same = first.args == canonical(asked.args)
                return (first, "") if same else (None, f"{what} was used before with other arguments")
        return None, ""

    def note(self, asked: Asked, number: int, value: Any) -> None:
        """Remember a call that was held as the effect of this number, from 0."""
        for place, _ in asked.keys:
            self.known[place] = First(number=number, args=canonical(asked.args), value=value)
