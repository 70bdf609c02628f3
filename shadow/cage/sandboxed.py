"""What a process does to itself inside a sandbox that is not ours, where there is neither listener nor Landlock.

Its walls are the sandbox's: what is seen of the file system, of other processes, of the network. The filter is ours
all the same, so that what the cage refuses is refused here too; nobody hears of it, and nothing at all is opened to
be written.
"""

from __future__ import annotations

import ctypes
import resource
import struct
from functools import cache

from shadow.cage import kernel
from shadow.cage.enter import FILES_MOST, deepen
from shadow.cage.numbers import NUMBERS
from shadow.cage.program import ALLOW, ANY_BIT, answer, assemble, on, only_x86_64, when
from shadow.cage.rules import DENY, WRITES, digest, rules

_NO_NEW_PRIVS, _SET_FILTER, _OLDEST_LANDLOCK, _CAPABILITIES_V3 = 38, 1, 1, 0x20080522


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def hold() -> None:
    """Hold this process and all that it forks; it may fork, and `deepen` takes that from a case.

    Raises:
        OSError: the sandbox does not let a filter be set; the process is then not to run anybody's code.
    """
    for limit in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE, getattr(resource, "RLIMIT_MSGQUEUE", 12)):
        resource.setrlimit(limit, (0, 0))
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = FILES_MOST if most == resource.RLIM_INFINITY else min(FILES_MOST, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, allowed))
    kernel.call("capset", struct.pack("=Ii", _CAPABILITIES_V3, 0), bytes(24))
    kernel.prctl(_NO_NEW_PRIVS, 1)
    for program in (_no_writing(), _as_caged()):
        text = ctypes.create_string_buffer(program, len(program))
        kernel.call("seccomp", _SET_FILTER, 0, _Program(len(program) // 8, ctypes.addressof(text)))


def hold_case() -> None:
    """Hold what was forked from a held process for one case: it starts no process."""
    deepen()


def filters() -> str:
    """What these filters are known by: 64 hexadecimal digits."""
    return digest(_no_writing() + _as_caged())


def _as_caged() -> bytes:
    return rules(DENY, True, _OLDEST_LANDLOCK)


@cache
def _no_writing() -> bytes:
    """What Landlock does in the cage: where it is not, nobody says which file may be written."""
    refused = answer(DENY)
    return assemble(
        only_x86_64(),
        on(NUMBERS["open"], when(1, ANY_BIT, WRITES, refused, answer(ALLOW))),
        on(NUMBERS["openat"], when(2, ANY_BIT, WRITES, refused, answer(ALLOW))),
        answer(ALLOW),
    )
