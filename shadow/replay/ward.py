"""The host's end of cases that are programs: each shows its own listener, is seen to be held, and only then goes on.

    case ── its cage's listener, its pid as the kernel says it ──► ward ── attested, in namespaces of its own ──► go
    case ── a socket that listens inside, where the network door is expected ──► ward ── joined to the door ──► door

One thread for all of them; the denied calls of each are answered by a listener's thread of its own.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import struct
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field

from shadow.cage.attest import NAMESPACES, Attestation, attest
from shadow.cage.broker import Broker, Dial
from shadow.cage.memory import held
from shadow.cage.notes import Blocked
from shadow.replay.relay import Relay

LISTENER, NOT_HELD, INSIDE = b"l", b"n", b"d"  # first bytes of what a case says
GO, ENOUGH = b"g", b"e"  # and of what it is told
TRIAL = 0  # the number of the case that is tried on nothing; cases begin at 1
CONNECTIONS_MOST = 100  # to the network door that one case may have open at once; a further one is closed
_LOOK_S = 0.5
_CREDENTIALS = struct.Struct("=iII")  # struct ucred
_WORDS_BYTES = 1024


@dataclass(slots=True, kw_only=True, eq=False)
class _Case:
    """A case as the ward knows it.

    Attributes:
        control: our end of its socket.
        first: process 1 of its namespaces, once it has shown itself.
        inside: the socket that listens in its network, once it has sent it.
    """

    number: int
    control: socket.socket
    first: int = 0
    broker: Broker | None = None
    inside: socket.socket | None = None
    relays: list[Relay] = field(default_factory=list)


class Ward:
    """Watches over cases that are programs; its methods are called by the replay's thread."""

    def __init__(self, *, dial: Dial | None, door: str, memory_bytes: int = 2**62) -> None:
        """Begin to watch.

        Args:
            memory_bytes: what all processes of a case may hold together; where it is more, they are ended.
            dial: connects a case to the network door; None where there is none.
            door: where that door is expected, as `127.0.0.1:3128`; empty where there is none.
        """
        self.attested: deque[Attestation] = deque()
        self.problem = ""  # why a case was not let go on, in words
        self._dial, self._door, self._memory = dial, door, memory_bytes
        self._ours = attest(os.getpid()).namespaces
        self._cases: dict[int, _Case] = {}
        self._left: dict[int, tuple[Blocked, ...]] = {}  # what cases were denied that had not ended when this closed
        self._looked = 0.0  # monotonic seconds when memory was last looked at
        self._lock, self._closed = threading.RLock(), False
        self._selector = selectors.DefaultSelector()
        self._bell, self._hand = socket.socketpair()
        self._selector.register(self._bell, selectors.EVENT_READ, self._woken)
        self._thread = threading.Thread(target=self._run, name="ward", daemon=True)
        self._thread.start()

    def expect(self, number: int) -> socket.socket:
        """Await a case; what it is to be given, and we are to close."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        ours.setblocking(False)
        case = _Case(number=number, control=ours)
        with self._lock:
            self._cases[number] = case
            self._selector.register(ours, selectors.EVENT_READ, lambda: self._hear(case))
        self._hand.send(b"!")
        return theirs

    def over(self, number: int) -> tuple[Blocked, ...]:
        """A case has ended with all that was below it: what it was denied."""
        with self._lock:
            case = self._cases.pop(number, None)
            if case is None:
                return self._left.pop(number, ())
            while case.control.fileno() >= 0:  # what it said before it ended may be here still
                self._hear(case)
            self._end(case)
        if case.broker is None:
            return ()
        case.broker.close()
        return case.broker.notes.take(number, wait=False)

    def close(self) -> None:
        """Watch no more; the cases are gone."""
        for number in list(self._cases):
            self._left[number] = self.over(number)
        self._closed = True
        self._hand.send(b"!")
        self._thread.join()
        self._bell.close()
        self._hand.close()
        self._selector.close()

    def _run(self) -> None:
        while not self._closed:
            for key, _ in self._selector.select(_LOOK_S):
                self._attend(key)
            if time.monotonic() - self._looked >= _LOOK_S:
                self._weigh()

    def _weigh(self) -> None:
        """End each case whose processes hold more memory than they may, together."""
        with self._lock:
            for case in self._cases.values():
                if case.first and held(case.first, self._memory) > self._memory:
                    self._kill(case)
        self._looked = time.monotonic()

    def _kill(self, case: _Case) -> None:
        """SIGKILL to process 1 of a case, and so to all of it; whoever may have its number by now is left alone."""
        with suppress(OSError):
            number = os.pidfd_open(case.first)
            try:
                if not self._together(attest(case.first)):
                    signal.pidfd_send_signal(number, signal.SIGKILL)
            finally:
                os.close(number)

    def _attend(self, key: selectors.SelectorKey) -> None:
        with self._lock:
            if self._selector.get_map().get(key.fd) is key:  # else it was closed since
                key.data()

    def _woken(self) -> None:
        self._bell.recv(4096)

    def _end(self, case: _Case) -> None:
        for relay in case.relays:
            relay.close()
        self._drop(case.control)
        if case.inside is not None:
            self._drop(case.inside)

    def _drop(self, source: socket.socket) -> None:
        if source.fileno() >= 0 and source.fileno() in self._selector.get_map():
            self._selector.unregister(source)
        source.close()

    def _hear(self, case: _Case) -> None:
        text, given, pid = _taken(case.control)
        if text[:1] == LISTENER and len(given) == 1 and case.broker is None:
            self._admit(case, pid, given[0])
        elif text[:1] == INSIDE and len(given) == 1 and case.inside is None and case.broker is not None:
            self._join(case, socket.socket(fileno=given[0]))
        else:
            for number in given:
                os.close(number)
            if text[:1] == NOT_HELD:
                self.problem = text[1:].decode("utf-8", "replace")
            self._drop(case.control)

    def _admit(self, case: _Case, pid: int, listener: int) -> None:
        """Answer for it from here; let it go on only once it is seen to be held."""
        case.broker = Broker(listener, None, parent=pid, case=case.number)
        try:
            seen = attest(pid)
        except ProcessLookupError:
            return  # gone: its end is told like any
        wrong = seen.problem or self._together(seen)
        if wrong:
            self.problem = wrong
            self._drop(case.control)
            return
        self.attested.append(seen)
        case.first = pid
        with suppress(OSError):
            case.control.send(ENOUGH if case.number == TRIAL else GO + self._door.encode())

    def _together(self, seen: Attestation) -> str:
        """Which namespaces are not its own, in words; empty where all are."""
        shared = [kind for kind in NAMESPACES if seen.namespaces.get(kind) in (None, self._ours.get(kind))]
        return f"its namespaces are not its own: {', '.join(shared)}" if shared else ""

    def _join(self, case: _Case, inside: socket.socket) -> None:
        inside.setblocking(False)
        case.inside = inside
        self._selector.register(inside, selectors.EVENT_READ, lambda: self._accept(case, inside))

    def _accept(self, case: _Case, inside: socket.socket) -> None:
        """Join what has connected inside to the door, as this case's own."""
        try:
            taken, _ = inside.accept()
        except OSError:
            return
        case.relays = [relay for relay in case.relays if relay.open]
        room = len(case.relays) < CONNECTIONS_MOST
        door = self._dial(case.number, self._door) if room and self._dial is not None else None
        if door is None:
            taken.close()
            return
        case.relays.append(Relay(self._selector, taken, door))


def _taken(control: socket.socket) -> tuple[bytes, list[int], int]:
    """What has come: text, descriptors, and who has sent it as the kernel says."""
    room = socket.CMSG_SPACE(4 * 2) + socket.CMSG_SPACE(_CREDENTIALS.size)
    try:
        text, found, _, _ = control.recvmsg(_WORDS_BYTES, room, socket.MSG_CMSG_CLOEXEC)
    except OSError:
        return b"", [], 0
    given, pid = list[int](), 0
    for level, kind, data in found:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            given += struct.unpack(f"={len(data) // 4}i", data[: len(data) // 4 * 4])
        elif level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
            pid = _CREDENTIALS.unpack(data)[0]
    return text, given, pid
