"""The battery against a sandbox that is not ours: each attempt is made by a program that its launcher starts.

    harness ── fork ──► launcher ── starts ──► interpreter: holds itself as a case does, then makes one attempt
       ▲                                            │
       └───────── one inherited socket: how far it is, what it read; the kernel adds whose words they are

The positive control is the same program without launcher and without holding itself.
"""

from __future__ import annotations

import os
import pickle
import resource
import secrets
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import shadow
from shadow.cage import sandboxed
from shadow.cage.preflight.battery import ATTACKS, tried
from shadow.cage.preflight.bench import Bench, Page, proc_number, rest
from shadow.cage.preflight.carried import pack, unpack
from shadow.cage.preflight.model import Attack, Group, Result, Scene
from shadow.cage.preflight.trial import Entering, Way
from shadow.errors import ContainmentUnavailable

ATTEMPT_S = 15.0  # a container takes its time to start
MEMORY_BYTES = 4 << 30
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
_CODE = str(Path(shadow.__file__).resolve().parent.parent)
_BOOT = "import sys; sys.path.append(sys.argv[1]); from shadow.cage.preflight.launched import main; main(*sys.argv[2:])"
_READ = "import sys; sys.stdout.write(open(sys.argv[1]).read())"
_STAGE, _HOW, _TOLD = b"s", b"h", b"t"
_GO = b"g"
_LONGEST = 4096
_CREDENTIALS = struct.Struct("=iii")
_SO_PASSCRED, _SCM_CREDENTIALS = 16, 2


class Channel(Page):
    """A page that also hears over a socket, from a program that shares no memory with us."""

    def __init__(self) -> None:
        super().__init__()
        self._begun = False
        self._ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._ours.setsockopt(socket.SOL_SOCKET, _SO_PASSCRED, 1)
        self._ours.setblocking(False)

    def say(self, text: bytes) -> None:
        """What the program at the other end takes first."""
        self._ours.send(text)

    def hear(self) -> None:
        """Take in what has been said; of what says nothing of ours, nothing is taken."""
        with suppress(BlockingIOError, ConnectionError):
            while True:
                text, given, _, _ = self._ours.recvmsg(_LONGEST, socket.CMSG_SPACE(_CREDENTIALS.size))
                if not text:
                    return
                who = [_CREDENTIALS.unpack(facts)[0] for _, kind, facts in given if kind == _SCM_CREDENTIALS]
                self._take(text[:1], text[1:], who[0] if who else 0)

    def _take(self, word: bytes, content: bytes, who: int) -> None:
        if word == _STAGE and content == b"\1":  # once: what it forks would say so too
            if not self._begun:
                self._begun, self.proc, self.stage = True, who, 1
                self.remember(who)
                self._ours.send(_GO)
        elif word == _STAGE:
            self.stage = 2
        elif word == _HOW:
            self.how = content.decode(errors="replace")
        elif word == _TOLD:
            self.told = content

    def close(self) -> None:
        """Close both ends."""
        self._ours.close()
        self.theirs.close()


class Voice:
    """The other end of a channel; what is set is said."""

    def __init__(self, line: socket.socket) -> None:
        object.__setattr__(self, "_line", line)

    def __setattr__(self, name: str, value: int | str | bytes) -> None:
        if isinstance(value, int):
            text = _STAGE + bytes([value])
        else:
            text = _HOW + value.encode()[:800] if isinstance(value, str) else _TOLD + bytes(value)[:2048]
        self._line.send(text)  # type: ignore[attr-defined]


def launched(
    launcher: Sequence[str],
    *,
    home: Path | None = None,
    within: Path | None = None,
    attacks: Sequence[Attack] = ATTACKS,
    progress: Callable[[int, int], object] | None = None,
) -> Result:
    """What the battery shows of a sandbox.

    Args:
        launcher: what is put before a program's words to start it there; it hands on the descriptors it is given.
        home: a directory that the sandbox must not show: the store's.
        within: where the targets are made: a directory that the sandbox shows; the temporary directory by default.
        attacks, progress: as `battery` takes them.

    Raises:
        ContainmentUnavailable: no program starts there, or it does not see the targets.
    """
    way = Way(
        outside=lambda scene, page, _: _becoming((), scene, page),
        inside=lambda scene, page, _: _becoming(launcher, scene, page),
        page=Channel, ready=lambda room: _sees(launcher, room), attempt_s=ATTEMPT_S,
    )  # fmt: skip
    more = () if home is None else _kept_from(home).attacks
    return tried(way, within=within, attacks=(*attacks, *more), progress=progress)


def _kept_from(home: Path) -> Group:
    """Whoever reads the store reads what the control did, and the key under which papers are signed."""
    group = Group("external")

    @group.attack("read what lies beside the store")
    def beside(bench: Bench) -> Scene:
        path, secret = home / f"shadow-preflight-{bench.room.name}", secrets.token_hex(16).encode()
        path.write_bytes(secret)
        bench.after(path.unlink)

        def attempt() -> None:
            bench.page.told = path.read_bytes()

        return Scene(attempt=attempt, landed=lambda look: look.told == secret)

    return group


def _sees(launcher: Sequence[str], room: Path) -> None:
    """An attack that fails for not seeing its target shows nothing, so the targets must be seen inside."""
    if proc_number() != os.getpid():
        raise ContainmentUnavailable(
            "/proc is of another process namespace: nobody could tell whose words are heard", where="preflight",
            todo="run it where /proc is mounted for its own namespace",
        )  # fmt: skip
    word, file = secrets.token_hex(8), room / "seen"
    file.write_text(word, encoding="ascii")
    command = [*launcher, sys.executable, "-I", "-S", "-c", _READ, str(file)]
    try:
        done = subprocess.run(
            command, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=2 * ATTEMPT_S, check=False,
        )  # fmt: skip
        seen = (
            done.stdout or "".join(done.stderr.strip().splitlines()[-1:])[-300:] or f"it ended with {done.returncode}"
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        seen = str(error)
    file.unlink()
    if seen != word:
        raise ContainmentUnavailable(
            "the launcher starts no interpreter that sees the targets", where=" ".join(launcher), seen=seen,
            allowed=f"{sys.executable}, {_CODE} and the room can be read inside",
            todo="show them to the sandbox read-only, or name a directory that it shows: --room DIR",
        )  # fmt: skip


def _becoming(launcher: Sequence[str], scene: Scene, page: Page) -> Entering:
    """What turns the forked process into the program that makes the attempt: held where there is a launcher."""
    if not isinstance(page, Channel):
        raise TypeError("only a channel is heard from another program")
    try:
        page.say(pack(scene.attempt))
    except (pickle.PicklingError, TypeError, AttributeError, OSError) as error:
        return _raising(f"it cannot be carried into another program: {error}")
    number, held = page.theirs.fileno(), bool(launcher)
    command = [*launcher, sys.executable, "-I", "-S", "-c", _BOOT, _CODE, str(number), "held" if held else ""]

    def become() -> None:
        if held:
            _as_a_replay_begins(number)
            os.execvpe(command[0], command, ENVIRONMENT)
        for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - numbers
            with suppress(OSError):
                os.set_inheritable(int(name), True)
        os.execve(command[0], command, os.environ)

    return become


def _raising(words: str) -> Entering:
    def refuse() -> None:
        raise OSError(words)

    return refuse


def _as_a_replay_begins(keep: int) -> None:
    """What the launcher is not given: descriptors, input, terminal."""
    with suppress(PermissionError):  # it leads one already
        os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.closerange(3, keep)
    os.closerange(keep + 1, os.sysconf("SC_OPEN_MAX"))
    os.set_inheritable(keep, True)


def main(number: str, held: str) -> NoReturn:
    """The other end: take the attempt, hold oneself as a case does, make it, say how it went, stay."""
    line = socket.socket(fileno=int(number))
    voice, begun = Voice(line), False
    try:
        attempt = unpack(line.recv(1 << 20), voice)
        if held:
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
            sandboxed.hold()
            sandboxed.hold_case()
        voice.stage = 1
        begun = line.recv(1) == _GO  # once it was looked at
        attempt()
        voice.how = "returned"
    except OSError as error:
        voice.how = f"refused: {error.strerror or error}" if begun else f"not held: {error}"
    except BaseException as error:  # whatever it is, it is said
        voice.how = f"{'failed' if begun else 'not held'}: {type(error).__name__}: {error}"
    if not begun:
        os._exit(1)
    voice.stage = 2
    rest()
