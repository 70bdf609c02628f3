"""Into the cage: what a process does to itself, for good, before a candidate's code runs in it."""

from __future__ import annotations

import array
import ctypes
import errno
import os
import resource
import signal
import socket
from pathlib import Path

from shadow.cage import kernel, landlock
from shadow.cage.namespaces import isolate
from shadow.cage.policy import Policy
from shadow.cage.privileges import become, drop
from shadow.cage.program import NOTIFY
from shadow.cage.rules import DENY, NEW_LISTENER, no_fork, rules
from shadow.errors import ContainmentUnavailable

FILES_MOST = 1024  # open descriptors of one process
PROCESSES_MOST = 256  # processes and threads at once in namespaces of their own
_SET_PDEATHSIG, _GET_PDEATHSIG, _NO_NEW_PRIVS = 1, 2, 38
_SET_FILTER, _ONLY_KILLED = 1, 32  # the latter: a call that the listener has taken is not interrupted (Linux 5.19)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def enter(policy: Policy, *, control: socket.socket | None = None) -> None:
    """Cage this process and all that it will start; there is no way back.

    Where the policy says *apart*, this returns in another process: process 1 of namespaces of its own, with which the
    caller's ends and which ends with the caller's.

    Args:
        policy: what may be read, and whether it may fork.
        control: the listener is sent over it, with one byte, so that every denied call is asked there; without it
            the kernel refuses denied calls by itself, and nobody hears of them.

    Raises:
        ContainmentUnavailable: this machine has no such cage, or the process runs threads that would stay outside.
        OSError: the kernel refuses; the process is then not to run anybody's code.
    """
    _alone()
    abi = landlock.in_force(policy.abi)
    with_parent = _death_signal()
    if policy.apart:
        become(policy)
        isolate()
        with_parent = signal.SIGKILL
    drop(policy)
    kernel.prctl(_SET_PDEATHSIG, with_parent)  # a change of user has taken it away
    _bound(writes=bool(policy.write), apart=policy.apart)
    kernel.prctl(_NO_NEW_PRIVS, 1)
    landlock.restrict(read=policy.read, write=policy.write, listed=policy.listed, apart=policy.apart, abi=abi)
    if control is None:
        _install(rules(DENY, policy.forks, abi, apart=policy.apart))
        return
    listener = _install_heard(rules(NOTIFY, policy.forks, abi, apart=policy.apart))
    control.sendmsg([b"l"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [listener]))])
    os.close(listener)


def deepen() -> None:
    """No new process from here, where nobody listens who could refuse it.

    A process that a listener hears does not need this: there every fork is asked, granted to the one that cases are
    forked from alone, and reported otherwise. This filter would refuse it too, and hide the attempt.
    """
    _install(no_fork())


def _alone() -> None:
    """Landlock holds the thread that asks for it, so there must be no other."""
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads > 1:
        raise ContainmentUnavailable(
            "a process with threads cannot be caged whole", where="isolation", seen=f"{threads} threads", allowed="1",
            todo="enter before anything starts a thread",
        )  # fmt: skip


def _death_signal() -> int:
    number = ctypes.c_int()
    kernel.prctl(_GET_PDEATHSIG, ctypes.addressof(number))
    return number.value


def _bound(*, writes: bool, apart: bool) -> None:
    """What is not needed is not there: core files, message queues, growing files, descriptors without end.

    Processes can be counted only where the namespace is one's own: elsewhere the limit counts all of one user's.
    """
    if apart:
        resource.setrlimit(resource.RLIMIT_NPROC, (PROCESSES_MOST, PROCESSES_MOST))
    none = [resource.RLIMIT_CORE, getattr(resource, "RLIMIT_MSGQUEUE", 12)]
    for limit in none if writes else [*none, resource.RLIMIT_FSIZE]:
        resource.setrlimit(limit, (0, 0))
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = FILES_MOST if most == resource.RLIM_INFINITY else min(FILES_MOST, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, allowed))


def _install(program: bytes, flags: int = 0) -> int:
    text = ctypes.create_string_buffer(program, len(program))
    return kernel.call("seccomp", _SET_FILTER, flags, _Program(len(program) // 8, ctypes.addressof(text)))


def _install_heard(program: bytes) -> int:
    try:
        return _install(program, NEW_LISTENER | _ONLY_KILLED)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return _install(program, NEW_LISTENER)
