"""Which keys belong to the candidate's share: the same ones each time, in every process, on every machine."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final, Protocol

_BYTES: Final = 8
ALL: Final = 1 << (8 * _BYTES)  # how many places a key can fall on


class Seed(Protocol):
    """A hash that has taken in the workflow and the experiment, and waits for a key."""

    def copy(self) -> Seed:
        """Another one in the same state."""

    def update(self, data: bytes, /) -> None:
        """Take in the key."""

    def digest(self) -> bytes:
        """Where it falls."""


def seed(workflow: str, experiment: str) -> Seed:
    """Where keys fall depends on both: another candidate is tried on other keys."""
    begun = blake2b(digest_size=_BYTES, person=b"shadow route")
    for part in (workflow, experiment):
        data = part.encode("utf-8", "surrogatepass")
        begun.update(len(data).to_bytes(8, "big") + data)
    return begun


def border(share: float) -> int:
    """How many of the `ALL` places belong to the candidate: none at 0 %, all at 100 %; more with a larger share.

    Exact: a float is a fraction, and the smallest whole number that is not below its part of `ALL` is taken.
    """
    top, bottom = float(share).as_integer_ratio()
    return -(-top * ALL // (bottom * 100))


def place(begun: Seed, key: str) -> int:
    """Where the key falls, 0 ≤ place < `ALL`; any text has a place, half a surrogate pair too."""
    one = begun.copy()
    one.update(str.encode(key, "utf-8", "surrogatepass"))
    return int.from_bytes(one.digest(), "big")
