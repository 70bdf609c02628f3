"""Giving up what root can do, before anything else is given up."""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Iterable
from pathlib import Path

from shadow.cage import kernel
from shadow.cage.policy import Policy, system

NOBODY = 65534
_ENTRIES_MOST = 5000  # looked at before root stays root, without its capabilities
_DUMPABLE, _CAPBSET_DROP, _SECUREBITS, _AMBIENT, _CLEAR_ALL = 4, 24, 28, 47, 4
_NOROOT_FOR_GOOD = 0b11  # user id 0 means nothing to the kernel, and that cannot be changed
_CAPABILITIES_V3 = 0x20080522


def drop(policy: Policy) -> None:
    """Become nobody where all that is to be read stays readable, else stay who we are; keep no capability.

    Raises:
        OSError: the kernel refuses.
    """
    become(policy)
    _no_ambient()
    kernel.call("capset", struct.pack("=Ii", _CAPABILITIES_V3, 0), bytes(24))


def become(policy: Policy) -> None:
    """The first half of `drop`: who stays root keeps its capabilities for now, and no way back to them.

    Raises:
        OSError: the kernel refuses.
    """
    root = os.geteuid() == 0
    if root and _readable_by_nobody(policy):
        _secure()
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        kernel.prctl(_DUMPABLE, 1)  # else the supervisor, where it is not root, could not look at it
    elif root:
        _secure()


def _secure() -> None:
    """Close the ways by which user id 0 gets its capabilities back. Only root has any, and only root may."""
    try:
        kernel.prctl(_SECUREBITS, _NOROOT_FOR_GOOD)
        for capability in range(64):
            kernel.prctl(_CAPBSET_DROP, capability)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EPERM):  # there are no more of them; a container took CAP_SETPCAP
            raise


def _no_ambient() -> None:
    try:
        kernel.prctl(_AMBIENT, _CLEAR_ALL)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a kernel without them
            raise


def _readable_by_nobody(policy: Policy) -> bool:
    """Whether user and group `NOBODY` can read what the policy lets it read; what is not there counts for nothing."""
    groups = os.getgroups()
    here = os.getresuid(), os.getresgid()
    try:
        os.setgroups([])
    except PermissionError:  # a user namespace whose groups may not be changed
        return False
    try:
        os.setresgid(NOBODY, 0, 0)
        os.setresuid(NOBODY, 0, 0)  # `os.access` asks for the real user
        own = set(policy.read) - set(system())
        return all(_reachable(path) for path in policy.read) and all(map(os.access, *_asked(own)))
    except OSError as error:  # a container's root that may not become somebody else; a namespace that knows nobody
        if error.errno not in (errno.EPERM, errno.EINVAL):
            raise
        return False
    finally:
        os.setresuid(*here[0])
        os.setresgid(*here[1])
        os.setgroups(groups)


def _reachable(path: str) -> bool:
    return os.access(path, os.R_OK) or not Path(path).exists()


def _asked(places: Iterable[str]) -> tuple[list[str], list[int]]:
    """Each file and directory below these places with what must be allowed; one that never is, where there are many."""
    paths = list(places)
    for place in places:
        for folder, folders, files in os.walk(place):
            paths += [str(Path(folder, name)) for name in (*folders, *files)]
            if len(paths) > _ENTRIES_MOST:
                return [""], [os.R_OK]
    return paths, [os.R_OK | (os.X_OK if Path(path).is_dir() else 0) for path in paths]
