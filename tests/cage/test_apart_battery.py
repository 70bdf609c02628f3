"""The preflight's attacks against the cage of programs: namespaces of its own let nothing out that was held without.

Dies where a rule of `shadow/cage/rules.py` is left out for `apart`, or `namespaces.isolate` leaves a namespace out.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from shadow.cage.broker import Broker
from shadow.cage.enter import enter
from shadow.cage.policy import Policy, for_program
from shadow.cage.preflight import caged
from shadow.cage.preflight.battery import ATTACKS, battery
from shadow.cage.preflight.bench import rest
from shadow.cage.preflight.model import LEAST_PROVEN
from tests.cage.test_namespaces import needs_namespaces

pytestmark = [pytest.mark.kill, needs_namespaces]
# Starting a process is what a program may do. These look at the process that stands for it outside, which has one
# child and namespaces of its own by design; that no further namespace can be made is in test_namespaces.
DESIGNED = {
    "fork", "vfork", "clone without a thread's flags", "fork as libc does", "posix_spawn", "subprocess", "clone3",
    "a user namespace of one's own", "a network namespace of one's own",
}  # fmt: skip
NOBODY = 1 << 22  # no process has this number, so none is taken for process 1


@pytest.mark.parametrize(("abi", "heard"), [(None, True), (1, False)], ids=["with a listener", "by Landlock's ABI 1"])
def test_nothing_lands_in_namespaces_of_its_own(abi: int | None, heard: bool) -> None:
    """All attacks but those that do what a program may do, as a replay holds it, and by the kernel alone."""
    attacks = [one for one in ATTACKS if one.name not in DESIGNED]
    assert len(attacks) == len(ATTACKS) - len(DESIGNED)
    policy = replace(for_program(str(Path(caged.__file__).parents[2]), sys.executable), abi=abi)
    shown = battery(entering(policy, heard), attacks=attacks)
    assert [f"{row.group}: {row.name}" for row in shown.inside] == []
    assert [f"{row.name}: {row.reason}" for row in shown.unclear] == []
    assert len(shown.proven) >= LEAST_PROVEN


def entering(policy: Policy, heard: bool) -> Callable[[Path], None]:
    """What enters this cage, with the targets' directory readable."""

    def enters(room: Path) -> None:
        caged._as_a_replay_begins()
        wider = replace(policy, read=(*policy.read, str(room)))
        if not heard:
            return enter(wider)
        control = _listened_to()
        enter(wider, control=control)
        return control.close()

    return enters


def _listened_to() -> socket.socket:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    between = os.fork()
    if between == 0:
        ours.close()
        if os.fork() == 0:
            _listen(theirs)
        os._exit(0)
    theirs.close()
    os.waitpid(between, 0)
    return ours


def _listen(control: socket.socket) -> NoReturn:
    try:
        _, (listener, *_), _, _ = socket.recv_fds(control, 1, 1)
        Broker(listener, None, parent=NOBODY, case=1)
        rest()
    finally:
        os._exit(1)
