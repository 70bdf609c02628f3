"""The network door for callers that are not on asyncio: in a thread of its own, its calls judged in theirs."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from shadow.doors.listed import Route
from shadow.doors.network.calls import Call, CaseOf, Deeds, Settings, Visit
from shadow.doors.network.gateway import NetworkDoor, gateway
from shadow.doors.tools import Answer
from shadow.errors import ToolFailed

__all__ = ["Mailbox", "Visits", "dial", "serving_door"]


class Visits:
    """Whose a connection is, told before it is made; each telling holds for one connection."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], Visit] = {}

    def expect(self, peer: tuple[str, int], visit: Visit) -> None:
        """The next connection from this address and port is this visit's."""
        self._known[peer] = visit

    def __call__(self, peer: tuple[str, int]) -> Visit | None:
        return self._known.pop(peer, None)


def dial(door: NetworkDoor, visits: Visits, visit: Visit) -> socket.socket:
    """A connection to the door that it knows to be this visit's, whoever is given it.

    Raises:
        OSError: the door is gone.
    """
    line = socket.socket()
    try:
        line.bind((door.address[0], 0))
        visits.expect(line.getsockname(), visit)
        line.connect(door.address)
    except OSError:
        line.close()
        raise
    return line


class Mailbox:
    """Calls on their way to the thread that the cases' tools doors live in; give it to a door as `deeds`.

    That thread waits until the mailbox can be read (it has a descriptor, for `select`), and answers.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[Call, asyncio.AbstractEventLoop, asyncio.Future[Answer]]] = deque()
        self._bell, self._hand = socket.socketpair()
        self._bell.setblocking(False)
        self._hand.setblocking(False)
        self._closed = False

    def fileno(self) -> int:
        """The descriptor that can be read while calls wait."""
        return self._bell.fileno()

    async def __call__(self, call: Call) -> Answer:
        if self._closed:
            raise ToolFailed("nobody judges calls any more")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((call, loop, future))
        try:
            self._hand.send(b"!")
        except BlockingIOError:  # it has been rung often enough
            return await future
        return await future

    def answer(self, judge: Callable[[Call], Answer]) -> int:
        """Judge every call that waits; what `judge` raises goes to the door, which fails that request.

        Returns:
            How many there were.
        """
        try:
            self._bell.recv(65_536)
        except BlockingIOError:
            return 0
        count = 0
        while self._waiting:
            call, loop, future = self._waiting.popleft()
            count += 1
            try:
                answer = judge(call)
            except Exception as error:  # handed to whoever asked: the door fails the request, and says so
                _tell(loop, future, error)
            else:
                _tell(loop, future, answer)
        return count

    def close(self) -> None:
        """Judge no more; calls that wait fail."""
        self._closed = True
        while self._waiting:
            _, loop, future = self._waiting.popleft()
            _tell(loop, future, ToolFailed("nobody judges calls any more"))
        self._bell.close()
        self._hand.close()


def _tell(loop: asyncio.AbstractEventLoop, future: asyncio.Future[Answer], what: Answer | Exception) -> None:
    def tell() -> None:
        if future.done():  # the door no longer waits for it
            return
        if isinstance(what, Answer):
            future.set_result(what)
        else:
            future.set_exception(what)

    if not loop.is_closed():
        loop.call_soon_threadsafe(tell)


@dataclass(slots=True, kw_only=True, eq=False)
class _Hosted:
    """What the thread and the one that started it tell each other."""

    ready: threading.Event = field(default_factory=threading.Event)
    loop: asyncio.AbstractEventLoop | None = None
    leave: asyncio.Event | None = None
    door: NetworkDoor | None = None
    error: BaseException | None = None


@contextmanager
def serving_door(
    routes: Iterable[Route], *, deeds: Deeds, case_of: CaseOf, settings: Settings | None = None
) -> Iterator[NetworkDoor]:
    """A network door in a thread of its own, until the block ends; see `gateway` for the arguments.

    Where `deeds` is a `Mailbox`, its calls are judged by the thread that calls `Mailbox.answer`; any other
    runs in the door's thread.
    """
    hosted, listed = _Hosted(), tuple(routes)

    async def serve() -> None:
        hosted.loop, hosted.leave = asyncio.get_running_loop(), asyncio.Event()
        async with gateway(listed, deeds=deeds, case_of=case_of, settings=settings) as door:
            hosted.door = door
            hosted.ready.set()
            await hosted.leave.wait()

    thread = threading.Thread(target=_run, args=(serve, hosted), name="shadow-network-door", daemon=True)
    thread.start()
    hosted.ready.wait()
    try:
        if hosted.door is None:
            raise hosted.error or RuntimeError("the network door did not open")
        yield hosted.door
    finally:
        if hosted.loop is not None and hosted.leave is not None and thread.is_alive():
            hosted.loop.call_soon_threadsafe(hosted.leave.set)
        thread.join()


def _run(serve: Callable[[], Coroutine[None, None, None]], hosted: _Hosted) -> None:
    try:
        asyncio.run(serve())
    except BaseException as error:  # told to the thread that waits for the door
        hosted.error = error
    finally:
        hosted.ready.set()
