"""Being called from outside: the harness calls, and finds somebody there or not."""

from __future__ import annotations

import secrets
import socket
from pathlib import Path
from typing import Any

from shadow.cage.preflight.bench import Bench
from shadow.cage.preflight.families import sockets
from shadow.cage.preflight.model import Group, Scene
from shadow.cage.preflight.names import named

LISTENING = Group("listening")


def _free(family: int) -> tuple[str, int]:
    """An address of the loopback that was free just now."""
    host = "::1" if family == socket.AF_INET6 else "127.0.0.1"
    with socket.socket(family, socket.SOCK_STREAM) as made:
        made.bind((host, 0))
        return host, int(made.getsockname()[1])


def _answers(family: int, at: Any) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as made:
        made.settimeout(1)
        with named(at) as place:
            return made.connect_ex(place) == 0


def _listen(family: int, at: Any) -> Scene:
    held = []

    def attempt() -> None:
        made = socket.socket(family, socket.SOCK_STREAM)
        held.append(made)
        with named(at) as place:
            made.bind(place)
        made.listen(1)

    return Scene(attempt=attempt, landed=lambda _: _answers(family, at))


@LISTENING.attack("listen on TCP")
def tcp(_: Bench) -> Scene:
    """A back door."""
    return _listen(socket.AF_INET, _free(socket.AF_INET))


@LISTENING.attack("listen on TCP over IPv6")
def tcp6(_: Bench) -> Scene:
    """The other family."""
    return _listen(socket.AF_INET6, _free(socket.AF_INET6))


@LISTENING.attack("listen on a unix path")
def path(bench: Bench) -> Scene:
    """Leaves a file as well."""
    return _listen(socket.AF_UNIX, str(bench.room / "l"))


@LISTENING.attack("listen on an abstract unix name")
def abstract(_: Bench) -> Scene:
    """Leaves none."""
    return _listen(socket.AF_UNIX, "\0shadow-preflight-" + secrets.token_hex(8))


@LISTENING.attack("listen without bind")
def unbound(_: Bench) -> Scene:
    """listen() alone takes a free port; the harness finds it by the socket's number."""
    held = []

    def attempt() -> None:
        made = socket.socket()
        held.append(made)
        made.listen(1)

    return Scene(attempt=attempt, landed=lambda look: bool(_ports("tcp", "0A") & _inodes(look.proc)))


@LISTENING.attack("receive UDP")
def udp(_: Bench) -> Scene:
    """A bound datagram socket hears whoever speaks to it."""
    at, held = _free(socket.AF_INET), []

    def attempt() -> None:
        made = socket.socket(type=socket.SOCK_DGRAM)
        held.append(made)
        made.bind(at)

    return Scene(attempt=attempt, landed=lambda look: bool(_ports("udp", "07") & _inodes(look.proc)))


def _inodes(proc: Path) -> set[str]:
    return {name.strip("socket:[]") for name in sockets(proc)}


def _ports(protocol: str, state: str) -> set[str]:
    """The inodes of all sockets of a protocol in this state and namespace."""
    lines = Path(f"/proc/self/net/{protocol}").read_text(encoding="utf-8").split("\n")
    rows = [line.split() for line in lines[1:] if line]
    return {row[9] for row in rows if row[3] == state}
