"""What a caged process may read; nothing may be written."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

# what the C library, Python and TLS look up, and what says nothing about this machine's business
_BASICS = (
    "/usr/lib", "/usr/lib64", "/usr/share", "/usr/local/lib", "/lib", "/lib64",
    "/etc/localtime", "/etc/timezone", "/etc/ssl", "/etc/pki", "/etc/ca-certificates", "/etc/nsswitch.conf",
    "/etc/hosts", "/etc/host.conf", "/etc/gai.conf", "/etc/resolv.conf", "/etc/services", "/etc/protocols",
    "/etc/passwd", "/etc/group", "/etc/mime.types", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d",
    "/dev/null", "/dev/zero", "/dev/urandom", "/dev/random", "/proc/cpuinfo", "/proc/meminfo",
    "/sys/devices/system/cpu",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a cage lets through.

    Attributes:
        read: files, and directories with all below them, that may be read.
        write: files that may be written to; none, unless somebody proves a need.
        forks: whether the process may fork; where somebody listens, he is asked each time.
        abi: the highest Landlock ABI to use; None: this kernel's.
        listed: directories of which the names alone may be read, with all below them.
    """

    read: tuple[str, ...]
    write: tuple[str, ...] = ()
    forks: bool = False
    abi: int | None = None
    listed: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """What this policy is known by: 64 hexadecimal digits."""
        return sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Policy:
        """The policy of which `data` holds the fields."""
        lists = {name: tuple(data[name]) for name in ("read", "write", "listed")}
        return cls(**{**data, **lists})


@cache
def system() -> tuple[str, ...]:
    """What every Python program here reads: the interpreter, installed packages, time zones, certificates, devices."""
    places = [sys.prefix, sys.base_prefix, str(Path(os.__file__).parent), sys.executable]
    return _without_what_is_below([place for place in places if Path(place).exists()]) + _BASICS


def for_candidate(root: str, *, code: tuple[str, ...] = (), forks: bool = False, abi: int | None = None) -> Policy:
    """What a candidate needs: the system's part, our own package, and its own root.

    In its root, what begins with a dot is left out (`.git`, `.env`, the store in `.shadow`), so that neither a
    secret nor what the control did can be read.

    Args:
        root: the candidate's directory.
        code: further files and directories that may be read.
    """
    hidden, shown = _entries(root)
    own = tuple(shown) if hidden else (root,)
    return Policy(
        read=tuple(dict.fromkeys((*system(), *code, *own))), forks=forks, abi=abi, listed=(root,) if hidden else ()
    )


def _entries(root: str) -> tuple[bool, list[str]]:
    with os.scandir(root) as entries:
        names = sorted(entry.name for entry in entries)
    shown = [str(Path(root, name)) for name in names if not name.startswith(".")]
    return len(shown) < len(names), shown


def _without_what_is_below(places: list[str]) -> tuple[str, ...]:
    kept = [one for one in places if not any(one != other and one.startswith(other + os.sep) for other in places)]
    return tuple(dict.fromkeys(kept))
