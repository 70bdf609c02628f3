"""The host's end of a zygote: start it, tell it, hear it, end it."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import shadow
from shadow.candidates import Candidate
from shadow.errors import CandidateError
from shadow.replay.isolation import ISOLATION
from shadow.replay.zygote import MESSAGE_BYTES, Order

IMPORT_S = 120.0  # how long a candidate's import may take
END_S = 10.0  # how long a zygote may take to end what it was told to end
TAIL_BYTES = 4096

# All that a candidate finds in its environment. One thread a numeric library: their pools cannot be forked.
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}
_HOME = str(Path(shadow.__file__).resolve().parent.parent)
_BOOT = "import sys; sys.path.append(sys.argv[1]); from shadow.replay.zygote import main; main()"


@dataclass(slots=True, kw_only=True, eq=False)
class Nursery:
    """A running zygote with its guard.

    Attributes:
        process: the guard.
        line: our end of their socket; where it is closed they end, and everything below them.
        output: what the import prints, a descriptor; `tail` keeps the last of it.
        left: what the import left behind, in words; empty where nothing.
    """

    process: subprocess.Popen[bytes]
    line: socket.socket
    output: int
    tail: bytearray = field(default_factory=bytearray)
    left: str = ""

    def start(self, case: int, *, line: socket.socket, output: int) -> bool:
        """Fork a case; False where the zygote is gone."""
        return self._tell({"start": case}, [line.fileno(), output])

    def kill(self, case: int) -> bool:
        """End a case and all below it; that it has ended is heard like any end."""
        return self._tell({"kill": case}, [])

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
        os.close(self.output)


def open_nursery(candidate: Candidate, *, preload: bool, memory_bytes: int, stop: Callable[[], bool]) -> Nursery | None:
    """A zygote that is ready for cases; None where `stop` said so meanwhile.

    Raises:
        CandidateError: the candidate cannot be imported, or has no such function.
    """
    order = Order(
        target=candidate.target, root=candidate.root, preload=preload, isolation=ISOLATION, memory_bytes=memory_bytes
    )
    nursery = _spawn(order)
    try:
        ready = _until_ready(nursery, candidate, stop)
    except BaseException:
        nursery.close()
        raise
    if not ready:
        nursery.close()
        return None
    return nursery


def _spawn(order: Order) -> Nursery:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    read_end, write_end = os.pipe()
    words = [str(theirs.fileno()), str(os.getpid()), json.dumps(asdict(order))]
    try:
        process = subprocess.Popen(
            [sys.executable, "-s", "-P", "-B", "-u", "-c", _BOOT, _HOME, *words],
            stdin=subprocess.DEVNULL, stdout=write_end, stderr=write_end, env=ENVIRONMENT, cwd="/",
            close_fds=True, pass_fds=(theirs.fileno(),), start_new_session=True,
        )  # fmt: skip
    except OSError:
        ours.close()
        os.close(read_end)
        raise
    finally:
        theirs.close()
        os.close(write_end)
    ours.setblocking(False)
    os.set_blocking(read_end, False)
    return Nursery(process=process, line=ours, output=read_end)


def _until_ready(nursery: Nursery, candidate: Candidate, stop: Callable[[], bool]) -> bool:
    poll = select.poll()
    poll.register(nursery.line, select.POLLIN)
    poll.register(nursery.output, select.POLLIN)
    deadline = time.monotonic() + IMPORT_S
    while not stop():
        poll.poll(100)
        nursery.drain()
        for message in nursery.hear():
            return _judge(message, nursery, candidate)
        if time.monotonic() > deadline:
            raise CandidateError(
                f"importing it takes longer than {IMPORT_S:.0f} s", where=candidate.target,
                seen=_tail(nursery), todo="does it wait for something while it is imported?",
            )  # fmt: skip
    return False


def _judge(message: dict[str, Any] | None, nursery: Nursery, candidate: Candidate) -> bool:
    if message is None:
        raise CandidateError(
            "its process ended while it was imported", where=candidate.target, seen=_tail(nursery),
            todo="import it by hand: does it exit, or need more memory than allowed?",
        )  # fmt: skip
    if "broken" in message:
        raise CandidateError(
            f"cannot be imported: {message['broken']}", where=candidate.target, seen="\n" + message["detail"],
            todo=f"make its import work in {candidate.root} with an empty environment",
        )  # fmt: skip
    nursery.left = message["ready"]
    return True


def _tail(nursery: Nursery) -> str:
    return bytes(nursery.tail).decode("utf-8", "replace")[-1000:]
