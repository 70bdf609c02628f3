"""What a machine knows of a workflow's stage: one small file, written whole or not at all, and checked when read."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

FORMAT = 1
_MOST = 65_536  # bytes of a route file; ours take a few hundred
_TYPES: dict[str, tuple[type, ...]] = {
    "workflow": (str,),
    "stage": (str,),
    "share": (int, float),
    "experiment": (str,),
    "number": (int,),
    "demonstration": (bool,),
    "reached": (bool,),
    "why": (str,),
    "written_at": (int, float),
}

Signature = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the store said when it was last asked.

    Attributes:
        share: percent of the keys that are the candidate's, 0 to 100.
        number: of the stage row; 0 where the workflow never left shadow.
        reached: whether the store answered; where it did not, the rest is empty.
        why: why it did not answer.
        written_at: seconds since 1970, UTC, by this machine's clock.
    """

    workflow: str
    stage: str
    share: float
    experiment: str
    number: int
    demonstration: bool
    reached: bool
    why: str
    written_at: float


def signature(seen: os.stat_result) -> Signature:
    """What changes whenever the file is written: it is replaced as a whole, by a file of its own."""
    return seen.st_mtime_ns, seen.st_ino, seen.st_size


def write_known(path: str, known: Known) -> None:
    """Replace the file; a reader meets the old one or the new one.

    Raises:
        OSError: the directory cannot be written.
    """
    fresh = Path(f"{path}.{os.getpid()}.new")
    fresh.parent.mkdir(parents=True, exist_ok=True)
    data = asdict(known)
    fresh.write_text(json.dumps({"format": FORMAT, "known": data, "sum": _sum(data)}), encoding="utf-8")
    fresh.replace(path)


def read_known(path: str) -> tuple[Signature, Known | None]:
    """The file's signature, and what it says; None where that is not to be trusted.

    Raises:
        OSError: there is no file that could be read.
    """
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe in its place must not hold us
    try:
        seen = os.fstat(handle)
        plain = stat.S_ISREG(seen.st_mode) and seen.st_size <= _MOST
        text = os.read(handle, _MOST) if plain else b""
    finally:
        os.close(handle)
    return signature(seen), _parsed(text)


def _parsed(text: bytes) -> Known | None:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        return None
    known = data.get("known")
    if not isinstance(known, dict) or set(known) != set(_TYPES) or data.get("sum") != _sum(known):
        return None
    right = all(type(known[name]) in kinds for name, kinds in _TYPES.items())
    return Known(**known) if right and 0 <= known["share"] <= 100 and known["written_at"] >= 0 else None


def _sum(data: dict[str, Any]) -> str:
    return sha256(json.dumps(data, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
