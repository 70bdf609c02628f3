"""The one way in which customer data becomes storable: named fields are replaced by a keyed digest.

The same value gets the same mark everywhere in one store, so that two sides can still be compared for
equality; without the key nothing can be read back. A redacted value is also found inside other texts of the
same case (a mail's body, a traceback).
"""

from __future__ import annotations

import hmac
import json
import os
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from shadow.contract import canonical
from shadow.errors import StoreError

_MARK = re.compile("‹redacted:[0-9a-f]{12}›")
_SHORTEST = 4  # a shorter value would blank half of any text that it is looked for in


@dataclass(frozen=True, slots=True, kw_only=True)
class Redactor:
    """Replaces the values of `fields`, at any depth, by `‹redacted:0123456789ab›`.

    Attributes:
        fields: names of object members whose values are never stored in clear.
        key: 32 bytes that never stand in the database.
    """

    fields: frozenset[str]
    key: bytes

    def clean(self, data: Any, *, known: Mapping[str, str] | None = None) -> Any:
        """The same JSON data without the named fields' values; `known` maps clear texts to their marks."""
        if not self.fields:
            return data
        marks = {**(known or {}), **self.marks(data)}
        return self._walk(data, _replacer(marks))

    def marks(self, data: Any) -> dict[str, str]:
        """Clear text to mark for every named field in `data`; to clean what else is said of the same case."""
        found: dict[str, str] = {}
        self._collect(data, found, hidden=False)
        return found

    def _collect(self, data: Any, marks: dict[str, str], *, hidden: bool) -> None:
        if isinstance(data, Mapping):
            for name, value in data.items():
                self._collect(value, marks, hidden=hidden or name in self.fields)
        elif isinstance(data, list | tuple):
            for value in data:
                self._collect(value, marks, hidden=hidden)
        elif hidden and _tells(data):
            marks[str(data)] = self._mark(str(data))

    def _walk(self, data: Any, replaced: Callable[[str], str]) -> Any:
        if isinstance(data, Mapping):
            return {
                replaced(name): self._hide(value) if name in self.fields else self._walk(value, replaced)
                for name, value in data.items()
            }
        if isinstance(data, list | tuple):
            return [self._walk(value, replaced) for value in data]
        return replaced(data) if isinstance(data, str) else data

    def _hide(self, value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, list | tuple):
            return [self._hide(item) for item in value]
        text = canonical(value) if isinstance(value, Mapping) else str(value)
        return text if _MARK.fullmatch(text) else self._mark(text)

    def _mark(self, value: str) -> str:
        # one mark for one value whatever the field: a mail's "to" and a customer's "email" must still compare equal
        return f"‹redacted:{hmac.new(self.key, value.encode(), sha256).hexdigest()[:12]}›"


def _tells(data: Any) -> bool:
    """Whether a value is worth looking for in other texts: long enough, and no mark already."""
    scalar = isinstance(data, str | int | float) and not isinstance(data, bool)
    return scalar and len(str(data)) >= _SHORTEST and not _MARK.fullmatch(str(data))


def _replacer(marks: Mapping[str, str]) -> Callable[[str], str]:
    """Puts the mark for every clear text in one pass: what is a mark already is never cut in two."""
    spelled = {spelling: mark for clear, mark in marks.items() for spelling in _spellings(clear)}
    if not spelled:
        return lambda text: text
    longest_first = sorted(spelled, key=lambda clear: (-len(clear), clear))
    pattern = re.compile("|".join([_MARK.pattern, *map(re.escape, longest_first)]))
    return lambda text: pattern.sub(lambda found: spelled.get(found[0], found[0]), text)


def _spellings(clear: str) -> set[str]:
    """A text as it stands in plain text, and as JSON inside a text would spell it."""
    return {clear, json.dumps(clear)[1:-1], json.dumps(clear, ensure_ascii=False)[1:-1]}


def load_key(home: Path, *, drawn: bool = False) -> bytes:
    """The store's key: `SHADOW_REDACTION_KEY` (64 hex digits), else a file made once in `home`.

    Args:
        drawn: the store holds rows, so its key was drawn before; another one would hide and sign under a wrong key.

    Raises:
        StoreError: the variable or the file holds something else, or the key was drawn elsewhere.
    """
    told = os.environ.get("SHADOW_REDACTION_KEY")
    if drawn and not told and not (home / "redaction.key").exists():
        raise StoreError(
            "this store's key is not here",
            where=str(home / "redaction.key"),
            todo="set SHADOW_REDACTION_KEY, or copy the file from the machine that made the store",
        )
    text = told or _key_file(home)
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != 32:
        raise StoreError(
            "no redaction key",
            where="SHADOW_REDACTION_KEY or redaction.key",
            seen=f"{len(text)} characters",
            allowed="64 hexadecimal digits",
            todo="restore the key: without it old and new data cannot be compared",
        )
    return key


def _key_file(home: Path) -> str:
    path = home / "redaction.key"
    home.mkdir(parents=True, exist_ok=True)
    fresh = home / f".redaction.{os.getpid()}.{secrets.token_hex(4)}"
    if not path.exists():
        fresh.write_text(secrets.token_hex(32), encoding="ascii")
        fresh.chmod(0o600)
        _first_wins(fresh, path)
    return path.read_text(encoding="ascii")


def _first_wins(fresh: Path, path: Path) -> None:
    """Link, not rename: of two processes that start together, the first one's key stays."""
    try:
        os.link(fresh, path)
    except FileExistsError:
        return
    finally:
        fresh.unlink()


def redactor(names: Iterable[str], key: bytes) -> Redactor:
    """A redactor for these field names."""
    return Redactor(fields=frozenset(names), key=key)
