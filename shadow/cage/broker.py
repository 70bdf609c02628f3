"""The listener of a cage: every denied call is asked here, written down for its process, and answered.

    caged process ── denied call ──► kernel ──► listener (this thread) ── answer ──► kernel ──► caged process

Nothing is decided by what stands in the caller's memory, which it may change meanwhile. What goes on in the caller
itself is `fork` of the process that cases are forked from, once per grant, whose arguments are registers. What is
handed in (/dev/null to write to, a connection of the dial's) was opened here.

A case in namespaces of its own has a listener of its own: every process that asks there is that case's. There also go
on: starting a process, up to a number of them; and connect() to where it listens on its own loopback. Whatever stands
in its memory once the kernel looks there: no other network, and no socket of another network, is within its reach.

Where this thread or its process ends, denied calls fail with ENOSYS: nothing gets out because nobody is there.
"""

from __future__ import annotations

import errno
import os
import select
import signal
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from shadow.cage.attest import Attestation, attest, listening, status_of
from shadow.cage.listener import Asked, Listener, flags_of
from shadow.cage.notes import IMPORT, Blocked, Notes
from shadow.cage.numbers import NUMBERS, name_of
from shadow.cage.rules import is_own_fork, is_plain_fork
from shadow.cage.said import destination, is_loopback, is_noise, port_of, words

Dial = Callable[[int, str], socket.socket | None]  # (case, destination) to a connected socket; None refuses

WORD = struct.Struct("=Iq")  # the parent's word: process, case; a negative case has ended
DENIED_MOST = 10_000  # denied calls after which a process is killed
STARTED_MOST = 2_000  # processes that a case in namespaces of its own may start, one after the other included
_CONNECT, _CLONE, _OPEN, _OPENAT = (NUMBERS[name] for name in ("connect", "clone", "open", "openat"))
_FORKS = frozenset(NUMBERS[name] for name in ("fork", "vfork"))


class Broker:
    """The thread that answers the denied calls of a cage."""

    def __init__(
        self, listener: int, control: socket.socket | None, *, parent: int, dial: Dial | None = None,
        case: int | None = None,
    ) -> None:  # fmt: skip
        """Begin to answer.

        Args:
            listener: descriptor; closed by `close`.
            control: where the parent says which process is which case, closed by `close`; None where `case` is given.
            parent: the process that cases are forked from; of a case of its own, process 1 of its namespaces.
            dial: connects a case to where it wants to go, or refuses; without it every connection is refused.
            case: whose every process is that asks here, in namespaces of its own; None: cases are forked from `parent`.
        """
        self.notes = Notes(parent)
        self._case = case
        if case is not None:
            self.notes.begun(parent, case)
        self.attested: deque[Attestation | None] = deque()  # what the kernel said of each case's process
        self._listener, self._control, self._dial, self._parent = Listener(listener), control, dial, parent
        self._grants = 0 if case is None else STARTED_MOST
        self._doomed, self._waiting, self._lock = set[int](), list[Asked](), threading.Lock()
        self._woken, self._wake = os.pipe()
        if control is not None:
            control.setblocking(False)
        self._thread = threading.Thread(target=self._run, name="cage listener", daemon=True)
        self._thread.start()

    def grant(self) -> None:
        """Allow the parent one more fork."""
        with self._lock:
            self._grants += 1

    def kill(self, case: int) -> None:
        """SIGKILL to the process of a case, now or as soon as it is known which it is."""
        with self._lock:
            self._doomed.add(case)
        pid = self.notes.process_of(case)
        if pid is not None:
            self._kill(pid)

    def close(self) -> None:
        """Stop answering; from now on denied calls fail by themselves."""
        os.close(self._wake)
        self._thread.join()
        os.close(self._woken)
        if self._control is not None:
            self._control.close()

    def _run(self) -> None:
        try:
            self._serve()
        finally:
            self._listener.close()  # whatever happens here: denied calls fail, nobody waits for ever

    def _serve(self) -> None:
        poll = select.poll()
        for source in (self._listener.number, self._control, self._woken):
            if source is not None:
                poll.register(source, select.POLLIN)
        while True:
            events = dict(poll.poll())
            if self._woken in events:
                return
            for number, event in events.items():
                if not self._attend(number, event):
                    poll.unregister(number)

    def _attend(self, number: int, event: int) -> bool:
        """Take what has come; False where nothing more will."""
        if self._control is not None and number == self._control.fileno():
            return self._hear()
        if event & select.POLLIN:
            self._take()
        return bool(event & select.POLLIN)  # else nobody is left in the cage

    def _hear(self) -> bool:
        """Take the parent's words; False where it is gone."""
        while self._control is not None:
            try:
                word = self._control.recv(WORD.size)
            except BlockingIOError:
                return True
            except OSError:
                word = b""
            if len(word) != WORD.size:
                return bool(word)
            self._learn(*WORD.unpack(word))
        return True

    def _learn(self, pid: int, case: int) -> None:
        if case < 0:
            self.notes.over(pid, -case)
            return
        if not _is_child(pid, self._parent, self.attested):
            return  # of another than who says so: no word about a case
        self.notes.begun(pid, case)
        with self._lock:
            doomed = case in self._doomed
        if doomed:
            self._kill(pid)
        waiting, self._waiting = self._waiting, []
        for asked in waiting:
            self._connect(asked)

    def _kill(self, pid: int) -> None:
        """Kill a process that is a child of the parent; the number may be another's by now, the descriptor is not."""
        try:
            number = os.pidfd_open(pid)
        except OSError:
            return
        try:
            with suppress(ProcessLookupError):
                if _is_child(pid, self._parent):
                    signal.pidfd_send_signal(number, signal.SIGKILL)
        finally:
            os.close(number)

    def _take(self) -> None:
        asked = self._listener.take()
        self._hear()  # what was said before this call was made is known before it is judged
        if asked is not None:
            self._judge(asked)

    def _judge(self, asked: Asked) -> None:
        if (asked.number == _CLONE or asked.number in _FORKS) and self._may_fork(asked):
            if not self._listener.let_go_on(asked):
                self.grant()  # it was gone before it could
        elif asked.number == _CONNECT and self._case is not None and self._stays(asked):
            self._listener.let_go_on(asked)
        elif asked.number == _CONNECT and self._dial is not None:
            self._connect(asked)
        elif asked.number in (_OPEN, _OPENAT) and self._null(asked):
            return
        else:
            self._deny(asked)

    def _may_fork(self, asked: Asked) -> bool:
        """Whether this is the parent's own fork for a case that it was told to start, or a case's in its own space."""
        if self._case is not None:
            plain = asked.number in _FORKS or is_own_fork(asked.arguments[0])
        else:
            plain = (
                asked.number == _CLONE and is_plain_fork(asked.arguments[0])
                and asked.process == self._parent and asked.thread == self._parent
            )  # fmt: skip
        if not plain:
            return False
        with self._lock:
            self._grants -= 1
            if self._grants >= 0:
                return True
            self._grants = 0
            return False

    def _null(self, asked: Asked) -> bool:
        """Hand over /dev/null, opened here, to who wants to write there."""
        at = 1 if asked.number == _OPENAT else 0
        if self._listener.read(asked, asked.arguments[at], 10) != b"/dev/null\0":
            return False
        flags = asked.arguments[at + 1] & 0xFFFFFFFF
        mine = os.open("/dev/null", (os.O_RDWR if flags & os.O_ACCMODE else os.O_RDONLY) | os.O_CLOEXEC)
        try:
            number = self._listener.hand_over(asked, mine, cloexec=bool(flags & os.O_CLOEXEC))
        except OSError:
            return False
        finally:
            os.close(mine)
        self._listener.answer(asked, value=number)
        return True

    def _stays(self, asked: Asked) -> bool:
        """Whether this goes to a port of its own loopback where it listens; read for the record, not for the wall.

        Process 1, which runs none of the candidate's code, also looks whether anybody listens yet.
        """
        target = self._listener.read(asked, asked.arguments[1], min(asked.arguments[2] & 0xFFFF, 128))
        if not is_loopback(target):
            return False
        return asked.process == self._parent or port_of(target) in listening(self._parent)

    def _connect(self, asked: Asked) -> None:
        """Connect a case as the dial does; nobody is connected before it is known whose call this is."""
        case = self.notes.whose(asked.process)
        if case is None:
            self._waiting.append(asked)
            return
        dialled = self._dialled(asked, case)
        if dialled is None:
            self._deny(asked)
            return
        try:
            cloexec, waits = flags_of(asked.thread, asked.arguments[0])
            dialled.setblocking(waits)
            self._listener.hand_over(asked, dialled.fileno(), cloexec=cloexec, at=asked.arguments[0] & 0xFFFFFFFF)
        except (OSError, ValueError):
            self._deny(asked)
        else:
            self._listener.answer(asked)
        finally:
            dialled.close()

    def _dialled(self, asked: Asked, case: int) -> socket.socket | None:
        if case == IMPORT or self._dial is None:  # what an import opens, all cases would share
            return None
        target = self._listener.read(asked, asked.arguments[1], min(asked.arguments[2] & 0xFFFF, 128))
        return self._dial(case, destination(target)) if target else None

    def _deny(self, asked: Asked) -> None:
        why, about = words(
            asked.number, asked.arguments, lambda address, size: self._listener.read(asked, address, size)
        )
        noise = is_noise(asked.number, asked.arguments, about)
        blocked = Blocked(call=name_of(asked.number), why=why, about=about, noise=noise)
        times = self.notes.note(self._whole(asked), blocked)
        if times > DENIED_MOST and self._listener.waits(asked):
            self._drown(asked)
        refused = errno.ECONNREFUSED if asked.number == _CONNECT else errno.EPERM
        self._listener.answer(asked, error=errno.EACCES if asked.number in (_OPEN, _OPENAT) else refused)

    def _drown(self, asked: Asked) -> None:
        """End a process that asks and asks; it waits for our answer, so the number is its own."""
        with suppress(ProcessLookupError, PermissionError):
            os.kill(self._whole(asked), signal.SIGKILL)

    def _whole(self, asked: Asked) -> int:
        """The process that stands for all of a case; it is there for as long as one below it waits for an answer."""
        return asked.process if self._case is None else self._parent


def _is_child(pid: int, parent: int, attested: deque[Attestation | None] | None = None) -> bool:
    """Whether a process has this parent, and is caged as it is; one that is gone already was.

    Args:
        attested: is given what the kernel says of it; None where it was gone, or dead, before the kernel was asked.
    """
    told: deque[Attestation | None] = deque() if attested is None else attested
    try:
        if status_of(pid)["State"].startswith(("Z", "X")):  # the dead have no filters any more
            told.append(None)
            return int(status_of(pid)["PPid"]) == parent
        found = attest(pid)
    except ProcessLookupError:
        told.append(None)
        return True
    told.append(found)
    return found.parent == parent and not found.problem
