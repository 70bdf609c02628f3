"""What a door knows while it runs, and one request's way through it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from shadow.doors.listed import Route
from shadow.doors.network.calls import Call, CaseOf, Deeds, Settings, Visit
from shadow.doors.network.canaries import Canaries
from shadow.doors.network.certificates import Authority
from shadow.doors.network.recordings import Step
from shadow.doors.network.table import Table
from shadow.doors.network.traffic import NOBODY, Counting, Decision, Passage
from shadow.doors.network.upstream import Upstreams
from shadow.doors.network.wire import Asked, Pairs, Wire
from shadow.doors.plain import dumps, one_line
from shadow.doors.tools import Answer
from shadow.errors import ToolFailed

JSON: Pairs = (("content-type", "application/json"),)


@dataclass(slots=True, kw_only=True, eq=False)
class Session:
    """One try at one replay.

    Attributes:
        requests: how many it has made.
        steps: a model request's digest to the steps that are answered or being asked.
    """

    requests: int = 0
    steps: dict[str, set[int]] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True, eq=False)
class Keeper:
    """A running door.

    Attributes:
        asking: steps whose answer is on its way, so that nobody pays for it a second time.
        writers: the connections that are open, so that they can be closed.
    """

    table: Table
    authority: Authority
    upstreams: Upstreams
    deeds: Deeds
    case_of: CaseOf
    settings: Settings
    canaries: Canaries
    counting: Counting
    sessions: dict[Visit, Session] = field(default_factory=dict)
    asking: dict[Step, asyncio.Event] = field(default_factory=dict)
    writers: set[asyncio.StreamWriter] = field(default_factory=set)
    ticks: Callable[[], float] = time.monotonic

    def session(self, visit: Visit) -> Session:
        """The session of a visit, made when it is first asked for."""
        return self.sessions.setdefault(visit, Session())

    async def judge(self, call: Call) -> Answer:
        """What the tools door says to a call.

        Raises:
            ToolFailed: it could not be asked.
        """
        try:
            return await self.deeds(call)
        except Exception as error:  # the one place where what was handed in to judge may raise
            raise ToolFailed(f"the tools door raised {type(error).__name__}", where=call.tool) from error


@dataclass(slots=True, kw_only=True, eq=False)
class Errand:
    """One request, until it is decided, counted and answered.

    Attributes:
        notes: what its passage will say.
        settled: whether it is counted; it is before the last byte of its answer is sent.
    """

    keeper: Keeper
    visit: Visit | None
    asked: Asked
    wire: Wire
    began: float
    notes: dict[str, Any] = field(default_factory=dict)
    settled: bool = False

    def sent(self, count: int) -> None:
        """So many bytes are about to go upstream."""
        self.notes["bytes_out"] = self.notes.get("bytes_out", 0) + count

    def on(self, route: Route) -> None:
        """It has met this route."""
        self.notes.update(route=route.name, kind=str(route.kind), tool=route.tool)

    def settle(self, decision: Decision, **more: Any) -> None:
        """Count it, once; what is said later changes nothing."""
        if self.settled:
            return
        self.settled = True
        took = {"duration_s": self.keeper.ticks() - self.began}
        who = self.visit or Visit(case=NOBODY)
        passage = Passage(
            case=who.case, repeat=who.repeat, asked_s=self.began, decision=decision,
            method=one_line(self.asked.method, 20), **{**took, **self.notes, **more},
        )  # fmt: skip
        self.keeper.counting.add(passage, who)
        self.keeper.settings.seen(passage)

    async def answer(self, decision: Decision, status: int, value: Any, **more: Any) -> None:
        """Count it, then answer it with JSON."""
        self.settle(decision, status=status, **more)
        await self.wire.answer(status, JSON, dumps(value).encode())

    async def turn_away(self, decision: Decision, status: int, why: str, **more: Any) -> None:
        """Count it, then say why there is no answer."""
        word = "refused" if decision is Decision.REFUSED else "failed"
        body = {"error": {"type": f"shadow_{word}", "code": word, "message": why}}
        await self.answer(decision, status, body, why=why, **more)
