"""What a running replay knows."""

from __future__ import annotations

import selectors
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shadow.candidates import Candidate
from shadow.case import Case
from shadow.doors.checks import Checks
from shadow.doors.served import Binding
from shadow.replay.account import Gathered
from shadow.replay.flight import Flight
from shadow.replay.limits import Limits
from shadow.replay.nursery import Nursery

if TYPE_CHECKING:
    from shadow.replay.external import Sandbox
    from shadow.replay.network import Network  # needs more packages; only where a route is bound


@dataclass(slots=True, kw_only=True, eq=False)
class State:
    """A running replay.

    Attributes:
        cases: those not yet taken; `exhausted` once there are none.
        stop: asked before each step.
        nursery: the zygote, while there is one.
        mode, restarts: as `Replay` tells them.
        isolation: how the candidate is to be held; `held`: how it is, in words.
        sandbox: the admitted one, where it is held from outside.
        repeat: 0 for the replay that is compared; n for the nth taken again for noise.
        network: the network door, with whose each connection to it is; None: every connection is refused.
        gathered: what is known so far of its processes, for the certificate.
        numbers: how many cases were started.
        flights: cases in flight by number.
        suspects: cases that were in flight when a zygote was lost; each is tried once more, alone.
    """

    cases: Iterator[Case]
    candidate: Candidate
    checks: Checks
    bindings: Mapping[str, Binding]
    experiment: str
    limits: Limits
    stop: Callable[[], bool]
    isolation: str
    sandbox: Sandbox | None = None
    repeat: int = 0
    network: Network | None = None
    held: str = ""
    gathered: Gathered = field(default_factory=Gathered)
    nursery: Nursery | None = None
    mode: str = ""
    restarts: int = 0
    numbers: int = 0
    exhausted: bool = False
    closed: bool = False
    flights: dict[int, Flight] = field(default_factory=dict)
    suspects: deque[Case] = field(default_factory=deque)
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
