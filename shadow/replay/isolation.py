"""How a replay is held. Every process that runs a candidate's code passes `enter` before any of it runs.

This is where the kernel's cage goes. Until it is there a candidate that wants out gets out: what is done
here keeps the well-meaning apart (no inherited environment, descriptors or stdin; limits; nothing survives
its case), and the words that every record carries say so.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal

from shadow.errors import CandidateError

ISOLATION = "cooperative, not enforced"

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_libc = ctypes.CDLL(None, use_errno=True)


def enter(isolation: str, *, parent: int, memory_bytes: int) -> str:
    """Hold this process as `isolation` says, or refuse.

    Args:
        isolation: the words that are to be true; only `ISOLATION` is known.
        parent: id of the process that started this one; when it dies, this one dies.
        memory_bytes: address space allowed from now on, also to what is forked from here.

    Returns:
        The words that are true now.

    Raises:
        CandidateError: another isolation is asked for, or the kernel refuses.
    """
    if isolation != ISOLATION:
        raise CandidateError("no such isolation here", where="isolation", seen=isolation, allowed=ISOLATION)
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the line above could take effect
        os._exit(1)
    adopt_orphans()
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    allowed = memory_bytes if most == resource.RLIM_INFINITY else min(memory_bytes, most)
    resource.setrlimit(resource.RLIMIT_AS, (allowed, allowed))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return ISOLATION


def adopt_orphans() -> None:
    """From now on, processes below this one whose parent ends become children of this one."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        raise CandidateError("the kernel refuses", where=f"prctl {option}", seen=os.strerror(ctypes.get_errno()))
