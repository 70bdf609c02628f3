"""The host's end of a zygote: start it, tell it, hear it, end it."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from shadow.cage.attest import Attestation, attest
from shadow.cage.broker import Broker
from shadow.cage.landlock import in_force
from shadow.cage.notes import Blocked
from shadow.cage.policy import for_candidate
from shadow.cage.program import NOTIFY
from shadow.cage.rules import digest, rules
from shadow.candidates import Candidate
from shadow.errors import CandidateError, ContainmentUnavailable
from shadow.places import private
from shadow.replay.external import Sandbox, asked_for
from shadow.replay.inside.guard import MESSAGE_BYTES
from shadow.replay.inside.zygote import Order
from shadow.replay.isolation import ISOLATION, KERNEL, words
from shadow.replay.tree import children_of
from shadow.replay.wanted import CODE, ENVIRONMENT, HOME, Wanted
from shadow.replay.ward import Ward

IMPORT_S = 120.0  # how long a candidate's import may take
END_S = 10.0  # how long a zygote may take to end what it was told to end
TAIL_BYTES = 4096

_BOOT = "import sys; sys.path.append(sys.argv[1]); from shadow.replay.inside.zygote import main; main()"


@dataclass(slots=True, kw_only=True, eq=False)
class Nursery:
    """A running zygote with its guard.

    Attributes:
        process: the guard.
        line: our end of their socket; where it is closed they end, and everything below them.
        output: what the import prints, a descriptor; `tail` keeps the last of it.
        left: what the import left behind, in words; empty where nothing.
        control: our end of the cage's socket until the listener has come over it.
        broker: the cage's listener; None where there is no cage, or each case has its own.
        ward: what watches over cases that are programs, each with a listener of its own; None for other candidates.
        isolation: how it is held, in the words that every record carries.
        policy, filter: digests of what the cage lets through; empty where there is none.
        attested: what the kernel says of the zygote.
    """

    process: subprocess.Popen[bytes]
    line: socket.socket
    output: int
    control: socket.socket | None = None
    broker: Broker | None = None
    ward: Ward | None = None
    isolation: str = ISOLATION
    policy: str = ""
    filter: str = ""
    attested: list[Attestation | None] = field(default_factory=list)
    tail: bytearray = field(default_factory=bytearray)
    left: str = ""

    def start(self, case: int, *, line: socket.socket, output: int) -> bool:
        """Fork a case; False where the zygote is gone."""
        if self.broker is not None:
            self.broker.grant()
        if self.ward is None:
            return self._tell({"start": case}, [line.fileno(), output])
        with self.ward.expect(case) as control:
            return self._tell({"start": case}, [line.fileno(), output, control.fileno()])

    def kill(self, case: int) -> bool:
        """End a case and all below it; that it has ended is heard like any end."""
        if self.broker is None:
            return self._tell({"kill": case}, [])
        self.broker.kill(case)
        return True

    def denied(self, case: int, *, wait: bool = True) -> tuple[Blocked, ...]:
        """What the cage denied a case that has ended.

        Raises:
            ContainmentUnavailable: it was not held as asked, and so was not let go on.
        """
        if self.ward is not None:
            told = self.ward.over(case)
            if self.ward.problem:
                raise ContainmentUnavailable("a case's process is not held", where="isolation", seen=self.ward.problem)
            return told
        return () if self.broker is None else self.broker.notes.take(case, wait=wait)

    def denied_at_import(self) -> tuple[Blocked, ...]:
        """What the cage denied the import, since this was last asked."""
        return () if self.broker is None else self.broker.notes.take_import()

    def take_attested(self) -> list[Attestation | None]:
        """What the kernel said of processes since this was last asked; None for each that was gone too soon."""
        found, self.attested = self.attested, []
        while self.ward is not None and self.ward.attested:
            found.append(self.ward.attested.popleft())
        while self.broker is not None and self.broker.attested:
            found.append(self.broker.attested.popleft())
        return found

    def nobodys(self) -> tuple[Blocked, ...]:
        """What the cage denied to processes that nobody has named; to be asked once this is closed."""
        return () if self.broker is None else self.broker.notes.rest()

    def _tell(self, message: dict[str, Any], descriptors: list[int]) -> bool:
        try:
            socket.send_fds(self.line, [json.dumps(message).encode()], descriptors)
        except OSError:  # gone, or so far behind that its socket is full
            return False
        return True

    def hear(self) -> Iterator[dict[str, Any] | None]:
        """What it says now, without waiting; None, last of all, where it is gone."""
        while True:
            try:
                text = self.line.recv(MESSAGE_BYTES)
            except BlockingIOError:
                return
            except OSError:
                text = b""
            yield json.loads(text) if text else None
            if not text:
                return

    def drain(self) -> None:
        """Take what was printed on import, so that nobody waits for us to read it."""
        while True:
            try:
                part = os.read(self.output, 65_536)
            except BlockingIOError:
                return
            if not part:
                return
            self.tail = (self.tail + part)[-TAIL_BYTES:]

    def close(self) -> None:
        """End zygote, guard and every case, and wait until they are gone."""
        self.line.close()
        try:
            self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.control is not None:
            self.control.close()
        if self.broker is not None:
            self.broker.close()
        if self.ward is not None:
            self.ward.close()
        os.close(self.output)


def open_nursery(candidate: Candidate, wanted: Wanted) -> Nursery | None:
    """A zygote that is ready for cases; None where `stop` said so meanwhile.

    Raises:
        CandidateError: the candidate cannot be imported, or has no such function.
        ContainmentUnavailable: it cannot be held as wanted; nothing of it was run.
    """
    caged = wanted.isolation == KERNEL
    code = (*CODE, *wanted.readable)
    policy = for_candidate(candidate.root, code=code, private=private(), forks=True) if caged else None
    order = Order(
        target=candidate.target, root=candidate.root, preload=wanted.preload, isolation=wanted.isolation,
        memory_bytes=wanted.memory_bytes, environment=dict(wanted.environment),
        policy=None if policy is None else asdict(policy),
    )  # fmt: skip
    nursery = _spawn(order, asked_for(wanted.isolation, wanted.sandbox))
    if policy is not None:
        nursery.policy = policy.digest
        nursery.filter = digest(rules(NOTIFY, policy.forks, in_force(policy.abi)))
    try:
        ready = _until_ready(nursery, candidate, wanted)
    except BaseException:
        nursery.close()
        raise
    if not ready:
        nursery.close()
        return None
    return nursery


def _spawn(order: Order, sandbox: Sandbox | None) -> Nursery:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    control, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) if order.policy else (None, None)
    read_end, write_end = os.pipe()
    given = [theirs] if far is None else [theirs, far]
    if far is not None:
        order = replace(order, control=far.fileno())
    launcher, host = (sandbox.launcher, 0) if sandbox else ((), os.getpid())  # from there we are not seen
    said = [str(theirs.fileno()), str(host), json.dumps(asdict(order))]
    try:
        process = subprocess.Popen(
            [*launcher, sys.executable, "-s", "-P", "-B", "-u", "-c", _BOOT, HOME, *said],
            stdin=subprocess.DEVNULL, stdout=write_end, stderr=write_end, env=ENVIRONMENT, cwd="/",
            close_fds=True, pass_fds=[one.fileno() for one in given], start_new_session=True,
        )  # fmt: skip
    except OSError:
        for one in (ours, control):
            if one is not None:
                one.close()
        os.close(read_end)
        raise
    finally:
        for one in given:
            one.close()
        os.close(write_end)
    ours.setblocking(False)
    os.set_blocking(read_end, False)
    held = sandbox.words if sandbox else ISOLATION
    return Nursery(process=process, line=ours, output=read_end, control=control, isolation=held)


def _until_ready(nursery: Nursery, candidate: Candidate, wanted: Wanted) -> bool:
    poll = select.poll()
    for source in (nursery.line, nursery.output, nursery.control):
        if source is not None:
            poll.register(source, select.POLLIN)
    deadline = time.monotonic() + IMPORT_S
    while not wanted.stop():
        happened = {number for number, _ in poll.poll(100)}
        if nursery.control is not None and nursery.control.fileno() in happened:
            poll.unregister(nursery.control)
            _listen(nursery, nursery.control, wanted)
        nursery.drain()
        for message in nursery.hear():
            return _judge(message, nursery, candidate)
        if time.monotonic() > deadline:
            raise CandidateError(
                f"importing it takes longer than {IMPORT_S:.0f} s", where=candidate.target,
                seen=_tail(nursery), todo="does it wait for something while it is imported?",
            )  # fmt: skip
    return False


def _listen(nursery: Nursery, control: socket.socket, wanted: Wanted) -> None:
    """Take the listener, see that the process which sent it is held, answer for it, and only then let it go on.

    Raises:
        ContainmentUnavailable: it is not held as it says.
    """
    text, given, _, _ = socket.recv_fds(control, 1, 1)
    if not text or not given:
        return  # it is gone, or says over its line why it is not held
    (zygote,) = children_of(nursery.process.pid)
    nursery.broker, nursery.control = Broker(given[0], control, parent=zygote, dial=wanted.dial), None
    seen = attest(zygote)
    nursery.isolation, nursery.attested = words(seen), [seen]
    control.send(b"g")


def _judge(message: dict[str, Any] | None, nursery: Nursery, candidate: Candidate) -> bool:
    if message is None:
        raise CandidateError(
            "its process ended while it was imported", where=candidate.target, seen=_tail(nursery),
            todo="import it by hand: does it exit, or need more memory than allowed?",
        )  # fmt: skip
    if "not held" in message:
        raise ContainmentUnavailable(
            "nothing of the candidate was run: its process is not held", where=candidate.target,
            seen=message["not held"],
        )  # fmt: skip
    if nursery.control is not None:  # it speaks of its import and has never shown a listener
        raise ContainmentUnavailable("its process is not held, and does not say why", where=candidate.target)
    if "broken" in message:
        raise CandidateError(
            f"cannot be imported: {message['broken']}", where=candidate.target, seen="\n" + message["detail"],
            todo=f"make its import work in {candidate.root} with an empty environment",
        )  # fmt: skip
    nursery.left = message["ready"]
    return True


def _tail(nursery: Nursery) -> str:
    return bytes(nursery.tail).decode("utf-8", "replace")[-1000:]
