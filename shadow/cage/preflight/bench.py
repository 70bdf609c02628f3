"""What the attacks aim at: the harness's own files, listeners and processes, made new for each attempt."""

from __future__ import annotations

import ctypes
import mmap
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, NoReturn

from shadow.cage.preflight.calls import CAPSET, PR_SET_PDEATHSIG, PR_SET_PTRACER, call, prctl
from shadow.cage.preflight.names import named

LONGEST_S = 20.0  # no process of the battery outlives this, whatever happens to the others
READY_S = 10.0
PENDING = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGTERM, signal.SIGIO)  # a target blocks these and stays alive
_STAGE, _PROC, _HOW, _TOLD = 0, 8, 64, 1024


class Page:
    """Memory that two processes share whatever either of them closes: how far the attempt is, and what it read.

    Attributes:
        look: what is to be known of the attempting process before its attempt; `before`: that.
    """

    def __init__(self) -> None:
        self._map = mmap.mmap(-1, 4096)
        self.look: Callable[[Path], object] | None = None
        self.before: object = None

    def remember(self, proc: int) -> None:
        """Look at a process before its attempt; an error where it could not be looked at."""
        try:
            self.before = None if self.look is None else self.look(Path(f"/proc/{proc}"))
        except OSError as error:
            self.before = error

    def hear(self) -> None:
        """Take in what was said in another way than by this memory; here there is none."""

    def close(self) -> None:
        """Give back what it holds besides this memory."""

    @property
    def stage(self) -> int:
        """0 begun, 1 caged, 2 over."""
        self.hear()
        return self._map[_STAGE]

    @stage.setter
    def stage(self, value: int) -> None:
        self._map[_STAGE] = value

    @property
    def proc(self) -> int:
        """The process's number under /proc: another than its id where /proc is of an outer namespace."""
        self.hear()
        return int(struct.unpack_from("=i", self._map, _PROC)[0])

    @proc.setter
    def proc(self, value: int) -> None:
        struct.pack_into("=i", self._map, _PROC, value)

    @property
    def how(self) -> str:
        """How the attempt ended, in its own words."""
        return self._get(_HOW).decode(errors="replace")

    @how.setter
    def how(self, text: str) -> None:
        self._put(_HOW, text.encode()[:800])

    @property
    def told(self) -> bytes:
        """What the attempt read."""
        return self._get(_TOLD)

    @told.setter
    def told(self, content: bytes) -> None:
        self._put(_TOLD, content[:2048])

    def _get(self, at: int) -> bytes:
        self.hear()
        (size,) = struct.unpack_from("=H", self._map, at)
        return self._map[at + 2 : at + 2 + size]

    def _put(self, at: int, content: bytes) -> None:
        self._map[at + 2 : at + 2 + len(content)] = content
        struct.pack_into("=H", self._map, at, len(content))


def proc_number() -> int:
    """This process's number under /proc."""
    return int(os.readlink("/proc/self"))  # noqa: PTH115  (Path would follow its words, not the kernel's)


def rest() -> NoReturn:
    """Stay, doing nothing, until killed; not for ever."""
    end = time.monotonic() + LONGEST_S
    while time.monotonic() < end:
        time.sleep(0.05)
    os._exit(0)


def wait_for(true: Callable[[], bool], seconds: float) -> bool:
    """Whether it becomes true in time."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() >= end:
            return true()  # once more: our own late wake-up is not time that the other had
        time.sleep(0.0005)
    return True


class Victim:
    """Another process of this user: it blocks the signals of `PENDING`, holds a secret, and does nothing.

    Attributes:
        pid: its id for system calls; `proc`: its directory.
        memory: 64 bytes that are at the same place in it and in everything forked from the harness.
    """

    def __init__(self, memory: ctypes.Array[ctypes.c_char]) -> None:
        self.memory, page, here = memory, Page(), os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            self._live(page, here)
        if not wait_for(lambda: page.stage == 1, READY_S):
            raise OSError("the target process does not begin")
        self.proc = Path(f"/proc/{page.proc}")

    def _live(self, page: Page, parent: int) -> NoReturn:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        with suppress(OSError):
            prctl(PR_SET_PTRACER, 2**64 - 1)  # Yama: anybody may trace it, or the attack proves nothing
        call(CAPSET, struct.pack("=Ii", 0x20080522, 0), bytes(24))  # root's would keep a root without any from it
        signal.pthread_sigmask(signal.SIG_BLOCK, PENDING)
        ctypes.memmove(self.memory, os.urandom(16), 16)  # drawn here: nobody else knows it
        page.proc = proc_number()
        page.stage = 1
        rest()

    @property
    def place(self) -> int:
        """The address of `memory`."""
        return ctypes.addressof(self.memory)

    def holds(self) -> bytes:
        """What is in its memory now, read from outside."""
        with (self.proc / "mem").open("rb", buffering=0) as memory:
            memory.seek(self.place)
            return memory.read(64)

    def status(self, name: str) -> str:
        """A field of its /proc status."""
        return field_of(self.proc, name)

    def pending(self, number: int) -> bool:
        """Whether this signal has reached it (it blocks it, so it is still there)."""
        return bool((int(self.status("ShdPnd"), 16) | int(self.status("SigPnd"), 16)) >> (number - 1) & 1)

    def end(self) -> None:
        """Kill and wait."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def field_of(proc: Path, name: str) -> str:
    """A field of a process's status.

    Raises:
        OSError: it is gone.
    """
    for line in (proc / "status").read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith(name + ":"):
            return line.partition(":")[2].strip()
    return ""


def below(proc: int) -> dict[int, int]:
    """The children of a process by their number under /proc: that number, and their id in our namespace."""
    found, ours = {}, _ids(Path("/proc/self"))
    for number in _children(proc):
        with suppress(OSError):  # it ended meanwhile
            ids = _ids(Path(f"/proc/{number}"))  # the last is that in its own namespace, which may not be ours
            found[number] = int(ids[len(ours) - 1]) if len(ids) >= len(ours) > 0 else number
    return found


def _ids(proc: Path) -> list[str]:
    """A process's ids, from the namespace that /proc is of to its own."""
    return field_of(proc, "NSpid").split()


def _children(proc: int) -> list[int]:
    try:
        tasks = [one / "children" for one in Path(f"/proc/{proc}/task").iterdir()]
        return [int(number) for one in tasks for number in one.read_text().split()]
    except OSError:  # a kernel without that file: look at everybody
        everybody = [one for one in Path("/proc").iterdir() if one.name.isdigit()]
        return [int(one.name) for one in everybody if _parent(one) == str(proc)]


def _parent(proc: Path) -> str:
    try:
        return field_of(proc, "PPid")
    except OSError:
        return ""


class Bench:
    """A room with fresh targets for one attempt; all are taken away when it ends.

    Attributes:
        room: an empty directory which the cage lets be read (not written).
        page: what attempt and harness share.
    """

    def __init__(self, within: Path, *, page: Page | None = None) -> None:
        self._stack = ExitStack()
        self.room = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="aim-", dir=within)))
        self.page = page or Page()
        self._stack.callback(self.page.close)
        self.memory = ctypes.create_string_buffer(64)

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def after(self, function: Callable[..., object], *arguments: Any) -> None:
        """Call this when the attempt is over and judged."""
        self._stack.callback(_if_there, function, *arguments)

    def file(self, name: str = "target", content: bytes = b"as it was\n") -> Path:
        """A file of ours."""
        path = self.room / name
        path.write_bytes(content)
        path.chmod(0o600)
        return path

    def opened(self, path: Path, flags: int = os.O_RDONLY) -> int:
        """A descriptor of ours."""
        number = os.open(path, flags)
        self.after(os.close, number)
        return number

    def socket(self, family: int, kind: int, protocol: int = 0, *, at: Any = None) -> socket.socket:
        """A socket of ours, bound to a free port of the loopback or to `at`, listening where it can; never waiting."""
        made = self._stack.enter_context(socket.socket(family, kind, protocol))
        made.setblocking(False)
        with named(at if at is not None else ("::1" if family == socket.AF_INET6 else "127.0.0.1", 0)) as place:
            made.bind(place)
        if kind in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET):
            made.listen(8)
        return made

    def pipe(self) -> tuple[int, int]:
        """A pipe of ours: (read end that never waits, write end)."""
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        self.after(os.close, reading)
        self.after(os.close, writing)
        return reading, writing

    def victim(self) -> Victim:
        """Another process of this user."""
        victim = Victim(self.memory)
        self.after(victim.end)
        return victim

    def program(self, environment: dict[str, str]) -> int:
        """Another program of this user with this environment; its number under /proc."""
        code = f"import time; time.sleep({LONGEST_S})"
        command = [sys.executable, "-I", "-S", "-c", code]
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL)
        self.after(process.wait)
        self.after(process.kill)
        return next(number for number, pid in below(proc_number()).items() if pid == process.pid)


def _if_there(function: Callable[..., object], *arguments: Any) -> None:
    with suppress(OSError):
        function(*arguments)
