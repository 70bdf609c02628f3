"""The cage of one case, as the preflight enters it: the machine's own policy, the targets readable, no fork."""

from __future__ import annotations

import os
import resource
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from shadow.cage import landlock, rules
from shadow.cage.broker import Broker
from shadow.cage.enter import deepen, enter
from shadow.cage.policy import Policy, for_candidate
from shadow.cage.preflight.bench import rest
from shadow.cage.preflight.cache import surroundings
from shadow.cage.program import NOTIFY
from shadow.errors import UsageError

MEMORY_BYTES = 4 << 30
MASKS = (1, 2, 3, 4, 5, 6, 7)


def policy_here(abi: int | None = None) -> Policy:
    """What a candidate of this machine may read besides its own root; `abi` masks the kernel's Landlock.

    Raises:
        UsageError: no such ABI.
    """
    if abi is not None and abi not in MASKS:
        allowed = f"{MASKS[0]} to {MASKS[-1]}, or nothing for the kernel's own"
        raise UsageError("no such Landlock ABI", where="--abi", seen=str(abi), allowed=allowed)
    own = str(Path(__file__).resolve().parents[2])
    return replace(for_candidate(own, abi=abi), forks=True)


def cage(policy: Policy, *, heard: bool = True) -> Callable[[Path], None]:
    """What cages the process that calls it, with the targets' directory readable.

    Args:
        policy: what may be read besides.
        heard: denied calls are asked of a listener, as they are in a replay; else the kernel denies them itself.
    """

    def entering(room: Path) -> None:
        _as_a_replay_begins()
        wider = replace(policy, read=(*policy.read, str(room)))
        if heard:
            control = _listened_to()
            enter(wider, control=control)
            control.close()
        else:
            enter(wider)
            deepen()

    return entering


def _listened_to() -> socket.socket:
    """Where to send the listener: to a process beside this one, which is not its child and ends with the attempt."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    caged = os.getpid()
    between = os.fork()
    if between == 0:
        ours.close()
        if os.fork() == 0:
            _listen(theirs, caged)
        os._exit(0)
    theirs.close()
    os.waitpid(between, 0)
    return ours


def _listen(control: socket.socket, caged: int) -> NoReturn:
    try:
        _, (listener, *_), _, _ = socket.recv_fds(control, 1, 1)
        Broker(listener, control, parent=caged)
        rest()
    finally:
        os._exit(1)  # whatever happens, this process must not go on as what it is a copy of


def _as_a_replay_begins() -> None:
    """What the process that enters has no more: descriptors, input, environment, addresses without end."""
    os.environ.clear()
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def subject(policy: Policy) -> dict[str, str]:
    """What a result is shown for: everything of which a change asks for a new preflight."""
    abi = landlock.in_force(policy.abi)
    program = rules.rules(NOTIFY, policy.forks, abi, apart=policy.apart)
    return {
        **surroundings(),
        "landlock": f"ABI {abi}" + (f", masked from {landlock.kernel_abi()}" if policy.abi is not None else ""),
        "filter": rules.digest(program),
        "policy": policy.digest,
    }
