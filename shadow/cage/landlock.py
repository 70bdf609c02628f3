"""What a process may open, by Landlock: what is listed here and below it to read, everything else not at all.

Source: the kernel's Documentation/userspace-api/landlock.rst and include/uapi/linux/landlock.h.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
from collections.abc import Iterable

from shadow.cage import kernel
from shadow.errors import ContainmentUnavailable

EXECUTE, _WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_RIGHTS_OF = ((1, 13), (2, 14), (3, 15), (5, 16))  # from this ABI on: so many rights on files, the lowest bits
_NETWORK, _SCOPE = 4, 6  # the ABIs that first hold TCP's bind and connect; signals and abstract sockets
_VERSION, _PATH_BENEATH = 1, 1


def kernel_abi() -> int:
    """The ABI that this kernel speaks; 0 where it has no Landlock, or where it is off."""
    try:
        return kernel.call("landlock_create_ruleset", None, 0, _VERSION)
    except OSError as error:
        if error.errno in (errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM):
            return 0
        raise


def handled(abi: int, *, network: bool = True) -> bytes:
    """Every right that an ABI knows, as the kernel takes them: what is handled and not given is refused.

    Args:
        network: whether TCP's bind and connect are among them; not so where the whole network is one's own.
    """
    ports = 3 if network else 0
    files = (1 << max(count for first, count in _RIGHTS_OF if abi >= first)) - 1
    if abi >= _SCOPE:
        return struct.pack("=QQQ", files, ports, 3)
    return struct.pack("=QQ", files, ports) if abi >= _NETWORK else struct.pack("=Q", files)


def in_force(mask: int | None) -> int:
    """The ABI that `restrict` uses: the kernel's, or an older one that is asked for.

    Raises:
        ContainmentUnavailable: the kernel has none.
    """
    abi = kernel_abi()
    if abi < 1:
        raise ContainmentUnavailable(
            "this kernel has no Landlock", where="isolation", seen="Landlock ABI 0",
            allowed="ABI 1 (Linux 5.13) or newer",
            todo="turn it on (boot with lsm=landlock,…), use a newer kernel, or an isolation from outside",
        )  # fmt: skip
    return abi if mask is None else min(abi, mask)


def restrict(
    *, read: Iterable[str], write: Iterable[str] = (), listed: Iterable[str] = (), apart: bool = False,
    abi: int | None = None,
) -> int:  # fmt: skip
    """Hold this thread, and all that it will start, to these paths; for good. no_new_privs is set before.

    Args:
        read: files, and directories with all below them, that may be read.
        write: files that may be read and written to.
        listed: directories whose names may be read, here and below.
        apart: for namespaces of its own: programs among what may be read may be run, and ports taken.
        abi: use no more than this ABI's rights, as an older kernel would.

    Returns:
        The ABI that is in force.

    Raises:
        ContainmentUnavailable: the kernel has no Landlock.
        OSError: the kernel refuses.
    """
    known, reading = in_force(abi), READ_FILE | READ_DIR | (EXECUTE if apart else 0)
    attributes = handled(known, network=not apart)
    ruleset = kernel.call("landlock_create_ruleset", attributes, len(attributes), 0)
    try:
        for rights, paths in ((reading, read), (READ_FILE | _WRITE_FILE, write), (READ_DIR, listed)):
            for path in paths:
                _allow(ruleset, path, rights)
        kernel.call("landlock_restrict_self", ruleset, 0)
    finally:
        os.close(ruleset)
    return known


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        number = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return  # what is not there, or cannot be reached, needs no right
    try:
        if not stat.S_ISDIR(os.fstat(number).st_mode):
            rights &= EXECUTE | READ_FILE | _WRITE_FILE
        if rights:
            kernel.call("landlock_add_rule", ruleset, _PATH_BENEATH, struct.pack("=Qi", rights, number), 0)
    finally:
        os.close(number)
