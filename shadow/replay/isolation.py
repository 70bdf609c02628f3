"""How a replay is held. Every process that runs a candidate's code passes `enter` before any of it runs.

*kernel*: the cage of `shadow.cage`. What is not allowed is refused by the kernel, and told. *cooperative*: the
well-meaning are kept apart (no inherited environment, descriptors or stdin; limits; nothing survives its case), and
a candidate that wants out gets out.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket

from shadow.cage.attest import Attestation
from shadow.cage.enter import enter as enter_cage
from shadow.cage.policy import Policy
from shadow.cage.probe import look, probe
from shadow.errors import CandidateError, ContainmentUnavailable

KERNEL, COOPERATIVE = "kernel", "cooperative"
ISOLATION = "cooperative, not enforced"  # what is recorded where nothing is enforced

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_libc = ctypes.CDLL(None, use_errno=True)


def chosen() -> str:
    """What `SHADOW_ISOLATION` asks for: `KERNEL`, or `COOPERATIVE`, which it also is where nobody asks.

    The kernel's cage is a preview: it holds, and not every agent has been seen to work in it.
    """
    return os.environ.get("SHADOW_ISOLATION", "").strip() or COOPERATIVE


def best() -> str:
    """The strongest isolation of this machine: `KERNEL` where the cage has its floor, else `COOPERATIVE`."""
    return COOPERATIVE if look().missing else KERNEL


def why_not() -> str:
    """What is missing here for `KERNEL`, in words; empty where nothing is."""
    return "; ".join(look().missing)


def check(isolation: str) -> None:
    """Refuse an isolation that is not known, or that this machine does not have.

    Raises:
        CandidateError: there is none of this name.
        ContainmentUnavailable: it is the kernel's, and the kernel lacks something.
    """
    if isolation not in (KERNEL, COOPERATIVE):
        raise CandidateError(
            "no such isolation here", where="isolation", seen=isolation, allowed=f"{KERNEL} or {COOPERATIVE}"
        )
    if isolation == KERNEL:
        probe()


def enter(
    isolation: str,
    *,
    parent: int,
    memory_bytes: int,
    policy: Policy | None = None,
    control: socket.socket | None = None,
) -> None:
    """Hold this process and all that it forks as `isolation` says, or refuse.

    In the kernel's cage it then waits for one byte over `control`: until its supervisor has seen, in what the
    kernel says of this process, that it is held.

    Args:
        isolation: `KERNEL` or `COOPERATIVE`.
        parent: id of the process that started this one; when it dies, this one dies.
        memory_bytes: address space allowed from now on, also to what is forked from here.
        policy, control: of the cage.

    Raises:
        CandidateError: another isolation is asked for, or the kernel refuses a limit.
        ContainmentUnavailable: the cage cannot be had.
    """
    check(isolation)
    _bind_to(parent)
    adopt_orphans()
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    allowed = memory_bytes if most == resource.RLIM_INFINITY else min(memory_bytes, most)
    resource.setrlimit(resource.RLIMIT_AS, (allowed, allowed))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if isolation == KERNEL:
        _enter_cage(policy, control)


def enter_case(isolation: str, *, parent: int, memory_bytes: int) -> None:
    """Hold a process that was forked for one case from one that has passed `enter`."""
    if isolation == KERNEL:  # limits, filter and policy are its parent's; only the bond is not inherited
        _bind_to(parent)
        return
    os.setsid()
    enter(isolation, parent=parent, memory_bytes=memory_bytes)


def words(seen: Attestation) -> str:
    """What every record says of a process that its supervisor has seen to be caged: at most 60 characters.

    Raises:
        ContainmentUnavailable: it is not caged.
    """
    if seen.problem:
        raise ContainmentUnavailable("a process is not held as it was asked", where="isolation", seen=seen.problem)
    user = "; root without capabilities" if seen.user == 0 else ""
    return f"kernel: seccomp, Landlock {look().landlock_abi}{user}"


def _enter_cage(policy: Policy | None, control: socket.socket | None) -> None:
    if policy is None or control is None:
        raise CandidateError("the cage needs a policy and somebody who listens", where="isolation")
    try:
        enter_cage(policy, control=control)
    except OSError as error:
        raise ContainmentUnavailable(
            "the kernel refuses a part of the cage", where="isolation", seen=str(error),
            todo="does a container's profile forbid seccomp or Landlock? `shadow doctor` says what is there",
        ) from error  # fmt: skip
    if not control.recv(1):
        os._exit(1)


def _bind_to(parent: int) -> None:
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the line above could take effect
        os._exit(1)


def adopt_orphans() -> None:
    """From now on, processes below this one whose parent ends become children of this one."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        raise CandidateError("the kernel refuses", where=f"prctl {option}", seen=os.strerror(ctypes.get_errno()))
