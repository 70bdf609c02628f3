"""A replay's side of its network door: whose a connection is, and what each case has asked over it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

from shadow.doors.listed import Route
from shadow.doors.network.calls import Call, Settings, Visit, answer_call
from shadow.doors.network.gateway import NetworkDoor
from shadow.doors.network.hosting import Mailbox, Visits, dial, serving_door
from shadow.doors.network.traffic import Passage, Traffic
from shadow.doors.tools import Answer, ToolsDoor

_OVER = Answer(word="failed", value="the case has ended")


@dataclass(slots=True, kw_only=True, eq=False)
class Network:
    """The open network door of one replay. `dial` is called by the cage's listener, all else by the replay's thread.

    Attributes:
        door: it runs in a thread of its own; `mail`: where it leaves the calls that the cases' tools doors judge.
        visits: whose the next connection from a port is.
        repeat: 0 for the replay that is compared; n for the nth taken again for noise.
        running: a case's number in the replay to whose visit it is.
    """

    door: NetworkDoor
    mail: Mailbox
    visits: Visits
    repeat: int
    running: dict[int, Visit] = field(default_factory=dict)
    _open: ExitStack = field(repr=False)

    @property
    def environment(self) -> Mapping[str, str]:
        """What leads a well-meaning HTTP client to the door; one that is not well-meaning meets the cage."""
        return self.door.environment()

    @property
    def readable(self) -> tuple[str, ...]:
        """What a candidate must be able to read for that."""
        return (str(self.door.ca_file),)

    @property
    def traffic(self) -> Traffic:
        """What has passed the door so far, and what has not."""
        return self.door.traffic()

    def begin(self, number: int, case: str, *, attempt: int) -> None:
        """From now on what this case dials is its own."""
        self.running[number] = Visit(case=case, repeat=self.repeat, attempt=attempt)

    def dial(self, number: int, destination: str) -> socket.socket | None:
        """A connection to the door for a case that wants to go there; None, which refuses, for anywhere else."""
        host, port = self.door.address
        visit = self.running.get(number)
        if visit is None or destination not in (f"{host}:{port}", f"[::ffff:{host}]:{port}"):
            return None
        try:
            return dial(self.door, self.visits, visit)
        except OSError:  # the door is gone, and so shall we be
            return None

    def answer(self, door_of: Callable[[int], ToolsDoor | None]) -> None:
        """Have every call that waits judged by its case's tools door; one without a door fails."""
        numbers = {visit: number for number, visit in self.running.items()}

        def judge(call: Call) -> Answer:
            door = door_of(numbers.get(call.visit, 0))
            return _OVER if door is None else answer_call(door, call)

        self.mail.answer(judge)

    def end(self, number: int) -> tuple[Passage, ...]:
        """A case has ended: what it has asked, in the order in which it was decided."""
        visit = self.running.pop(number, None)
        return () if visit is None else self.door.finish(visit)

    def close(self) -> None:
        """Close the door, with every connection."""
        self.mail.close()
        self._open.close()


def open_network(routes: Iterable[Route], settings: Settings | None = None, *, repeat: int = 0) -> Network:
    """A network door for one replay, which closes it.

    Args:
        routes: as `routes_of(bindings, passes)` gives them; what is not listed is refused.
        settings: recordings, secrets, canaries, limits.
        repeat: 0 for the replay that is compared; n for the nth taken again for noise.
    """
    mail, visits, opened = Mailbox(), Visits(), ExitStack()
    door = opened.enter_context(serving_door(routes, deeds=mail, case_of=visits, settings=settings))
    return Network(door=door, mail=mail, visits=visits, repeat=repeat, _open=opened)
