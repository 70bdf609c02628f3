"""What a caged process may read, and whether it may run programs; nothing may be written."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from shadow.errors import ContainmentUnavailable

# what the C library, Python and TLS look up, and what says nothing about this machine's business
_BASICS = (
    "/usr/lib", "/usr/lib64", "/usr/share", "/usr/local/lib", "/lib", "/lib64",
    "/etc/localtime", "/etc/timezone", "/etc/ssl", "/etc/pki", "/etc/ca-certificates", "/etc/nsswitch.conf",
    "/etc/hosts", "/etc/host.conf", "/etc/gai.conf", "/etc/resolv.conf", "/etc/services", "/etc/protocols",
    "/etc/passwd", "/etc/group", "/etc/mime.types", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d",
    "/dev/null", "/dev/zero", "/dev/urandom", "/dev/random", "/proc/cpuinfo", "/proc/meminfo",
    "/sys/devices/system/cpu",
)  # fmt: skip
_PROGRAMS = ("/usr/bin", "/bin", "/usr/local/bin")
SEARCHED = "/usr/local/bin:/usr/bin:/bin"  # where a program is looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a cage lets through.

    Attributes:
        read: files, and directories with all below them, that may be read.
        write: files that may be written to; none, unless somebody proves a need.
        forks: whether the process may fork; where somebody listens, he is asked each time.
        abi: the highest Landlock ABI to use; None: this kernel's.
        listed: directories of which the names alone may be read, with all below them.
        apart: whether it is in namespaces of its own, where it may listen, start processes and run what it may read.
    """

    read: tuple[str, ...]
    write: tuple[str, ...] = ()
    forks: bool = False
    abi: int | None = None
    listed: tuple[str, ...] = ()
    apart: bool = False

    @property
    def digest(self) -> str:
        """What this policy is known by: 64 hexadecimal digits."""
        told = {name: value for name, value in asdict(self).items() if name != "apart" or value}
        return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

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


def for_candidate(
    root: str, *, code: tuple[str, ...] = (), private: tuple[str, ...] = (), forks: bool = False, abi: int | None = None
) -> Policy:
    """What a candidate needs: the system's part, our own package, and its own root.

    In its root, what begins with a dot is left out (`.git`, `.env`, the store in `.shadow`), and so is what is
    private, at any depth: neither a secret nor what the control did can be read.

    Args:
        root: the candidate's directory.
        code: further files and directories that may be read.
        private: absolute paths that may not be read, though they lie below the root.

    Raises:
        ContainmentUnavailable: something private lies below what else is read.
    """
    hidden, shown = _entries(root, tuple(one for one in private if one.startswith(root + os.sep)))
    own = tuple(shown) if hidden else (root,)
    read = tuple(dict.fromkeys((*system(), *code, *own)))
    _keep_out(read, private)
    return Policy(read=read, forks=forks, abi=abi, listed=(root,) if hidden else ())


def _keep_out(read: tuple[str, ...], private: tuple[str, ...]) -> None:
    """Refuse where what is private lies among what every candidate reads, as a store below /usr/share."""
    for one in private:
        place = next((place for place in read if one == place or one.startswith(place + os.sep)), None)
        if place is not None and Path(one).exists():
            raise ContainmentUnavailable(
                "what no candidate may read lies where every candidate reads", where="isolation", seen=one,
                allowed=f"anywhere but below {place}", todo="move it, as by SHADOW_HOME or the connection's URL",
            )  # fmt: skip


def for_program(
    root: str, program: str, *, code: tuple[str, ...] = (), private: tuple[str, ...] = (), abi: int | None = None
) -> Policy:
    """What a program of any kind needs, in namespaces of its own: the system's programs, its own, and its root.

    Of a program that is installed under a prefix of its own (`bin` beside `lib`) the libraries can be read too.

    Args:
        root: the candidate's directory.
        program: the absolute path of what is run first.
        code: further files and directories that may be read.
        private: absolute paths that may not be read, though they lie below the root.
    """
    found = []
    for path in dict.fromkeys((Path(program), Path(program).resolve())):
        prefix = path.parent.parent
        beside = [prefix / name for name in ("lib", "share")] if path.parent.name == "bin" else []
        found += [str(path), *(str(one) for one in beside if one.is_dir())]
    policy = for_candidate(root, code=(*_PROGRAMS, *found, *code), private=private, forks=True, abi=abi)
    return replace(policy, apart=True)


def program_of(name: str, root: str) -> str | None:
    """The absolute path of a program: below the root where it holds a "/", else beside this Python, else searched."""
    if "/" in name:
        return shutil.which(str(Path(root) / name))
    return shutil.which(name, path=f"{Path(sys.executable).parent}:{SEARCHED}")


def _entries(root: str, private: tuple[str, ...]) -> tuple[bool, list[str]]:
    """Whether anything below the root is hidden, and what is shown; a folder that holds what is private, in parts."""
    with os.scandir(root) as entries:
        paths = sorted(str(Path(root, entry.name)) for entry in entries)
    hidden, shown = False, []
    for path in paths:
        within = tuple(one for one in private if one.startswith(path + os.sep))
        if Path(path).name.startswith(".") or path in private:
            hidden = True
        elif within:
            hidden = True
            shown += _entries(path, within)[1]
        else:
            shown.append(path)
    return hidden, shown


def _without_what_is_below(places: list[str]) -> tuple[str, ...]:
    kept = [one for one in places if not any(one != other and one.startswith(other + os.sep) for other in places)]
    return tuple(dict.fromkeys(kept))
