"""How a replay is held. Every process that runs a candidate's code passes `enter` before any of it runs.

*kernel*: the cage of `shadow.cage`. What is not allowed is refused by the kernel, and told. *cooperative*: the
well-meaning are kept apart (no inherited environment, descriptors or stdin; limits; nothing survives its case), and
a candidate that wants out gets out. *external*: a sandbox that is not ours, with our filter inside it.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
from collections.abc import Callable

from shadow.cage import sandboxed
from shadow.cage.attest import Attestation
from shadow.cage.enter import enter as enter_cage
from shadow.cage.policy import Policy
from shadow.cage.probe import look, probe
from shadow.errors import CandidateError, ContainmentUnavailable

KERNEL, EXTERNAL, COOPERATIVE = "kernel", "external", "cooperative"
ISOLATION = "cooperative, not enforced"  # what is recorded where nothing is enforced

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_libc = ctypes.CDLL(None, use_errno=True)


def chosen() -> str:
    """What `SHADOW_ISOLATION` asks for; where nobody asks, `KERNEL`: what enforces nothing is asked for by name."""
    return os.environ.get("SHADOW_ISOLATION", "").strip() or KERNEL


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
    if isolation not in (KERNEL, EXTERNAL, COOPERATIVE):
        allowed = f"{KERNEL}, {EXTERNAL} or {COOPERATIVE}"
        raise CandidateError("no such isolation here", where="isolation", seen=isolation, allowed=allowed)
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
        isolation: `KERNEL`, `EXTERNAL` or `COOPERATIVE`.
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
    elif isolation == EXTERNAL:
        _hold_there(sandboxed.hold)


def enter_case(isolation: str, *, parent: int, memory_bytes: int) -> None:
    """Hold a process that was forked for one case from one that has passed `enter`."""
    if isolation == KERNEL:  # limits, filter and policy are its parent's; only the bond is not inherited
        _bind_to(parent)
        return
    if isolation == EXTERNAL:
        _bind_to(parent)
        _hold_there(sandboxed.hold_case)
        return
    os.setsid()
    enter(isolation, parent=parent, memory_bytes=memory_bytes)


def enter_apart(policy: Policy, control: socket.socket, *, parent: int) -> str:
    """Hold a process that was forked for one case of a program, in namespaces of its own; return in another.

    Like `enter`, it then waits until its supervisor has seen that it is held.

    Returns:
        Where the network door is expected, as `127.0.0.1:3128`; empty where there is none.

    Raises:
        ContainmentUnavailable: the cage or the namespaces cannot be had.
        OSError: the kernel refuses a part.
    """
    os.setsid()
    _bind_to(parent)
    enter_cage(policy, control=control)
    told = control.recv(100)
    if told[:1] != b"g":  # enough was seen, as of a case that is tried on nothing; or the host is gone
        os._exit(0 if told else 1)
    return told[1:].decode("ascii")


def words(seen: Attestation, *, apart: bool = False) -> str:
    """What every record says of a process that its supervisor has seen to be caged: at most 60 characters.

    Args:
        apart: it was also seen to be in namespaces of its own.

    Raises:
        ContainmentUnavailable: it is not caged.
    """
    if seen.problem:
        raise ContainmentUnavailable("a process is not held as it was asked", where="isolation", seen=seen.problem)
    if apart:
        user = "; root, no capabilities" if seen.user == 0 else ""
        return f"kernel: seccomp, Landlock {look().landlock_abi}, apart{user}"
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


def _hold_there(hold: Callable[[], None]) -> None:
    try:
        hold()
    except OSError as error:
        raise ContainmentUnavailable(
            "the sandbox does not let our filter be set inside it", where="isolation", seen=str(error),
            todo="let the sandbox allow seccomp filters, without privileges",
        ) from error  # fmt: skip


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
