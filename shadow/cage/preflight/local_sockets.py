"""Ways out by local sockets: docker.sock, journald, D-Bus and their like, here sockets of the harness."""

from __future__ import annotations

import array
import os
import secrets
import socket

from shadow.cage.preflight.bench import Bench
from shadow.cage.preflight.egress import WORD, accepted, received
from shadow.cage.preflight.model import Group, Scene
from shadow.cage.preflight.names import named

LOCAL = Group("local sockets")


def _reach(bench: Bench, kind: int, at: str) -> Scene:
    listener = bench.socket(socket.AF_UNIX, kind, at=at)

    def attempt() -> None:
        made = socket.socket(socket.AF_UNIX, kind)
        with named(at) as place:
            made.connect(place)
        made.send(WORD)

    datagrams = kind == socket.SOCK_DGRAM
    return Scene(attempt=attempt, landed=lambda _: received(listener) if datagrams else accepted(listener))


@LOCAL.attack("unix stream socket by path")
def stream(bench: Bench) -> Scene:
    """As docker.sock; Landlock and read-only mounts let it through."""
    return _reach(bench, socket.SOCK_STREAM, str(bench.room / "s"))


@LOCAL.attack("unix stream socket by abstract name")
def abstract(bench: Bench) -> Scene:
    """As a session bus."""
    return _reach(bench, socket.SOCK_STREAM, "\0shadow-preflight-" + secrets.token_hex(8))


@LOCAL.attack("unix seqpacket socket by path")
def seqpacket(bench: Bench) -> Scene:
    """As udev's."""
    return _reach(bench, socket.SOCK_SEQPACKET, str(bench.room / "s"))


@LOCAL.attack("unix datagram by connect")
def datagram_connected(bench: Bench) -> Scene:
    """As /dev/log."""
    return _reach(bench, socket.SOCK_DGRAM, str(bench.room / "s"))


@LOCAL.attack("unix datagram by sendto")
def datagram(bench: Bench) -> Scene:
    """As /dev/log, without connect()."""
    at = str(bench.room / "s")
    target = bench.socket(socket.AF_UNIX, socket.SOCK_DGRAM, at=at)

    def attempt() -> None:
        with named(at) as place:
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(WORD, place)

    return Scene(attempt=attempt, landed=lambda _: received(target))


@LOCAL.attack("unix datagram from one of a pair")
def datagram_pair(bench: Bench) -> Scene:
    """socketpair() gives a socket that may send to any path, where socket() is refused."""
    at = str(bench.room / "s")
    target = bench.socket(socket.AF_UNIX, socket.SOCK_DGRAM, at=at)

    def attempt() -> None:
        with named(at) as place:
            socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendto(WORD, place)

    return Scene(attempt=attempt, landed=lambda _: received(target))


@LOCAL.attack("unix datagram from one of a pair by sendmsg")
def datagram_pair_message(bench: Bench) -> Scene:
    """The same through another call."""
    at = str(bench.room / "s")
    target = bench.socket(socket.AF_UNIX, socket.SOCK_DGRAM, at=at)

    def attempt() -> None:
        with named(at) as place:
            socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendmsg([WORD], [], 0, place)

    return Scene(attempt=attempt, landed=lambda _: received(target))


@LOCAL.attack("hand a descriptor to another process")
def hand_over(bench: Bench) -> Scene:
    """A descriptor in a message: what the receiver may do with it is no longer ours to say."""
    at = str(bench.room / "s")
    target = bench.socket(socket.AF_UNIX, socket.SOCK_DGRAM, at=at)

    def attempt() -> None:
        held = array.array("i", [os.open(os.devnull, os.O_RDONLY)])
        made = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0]
        with named(at) as place:
            made.sendmsg([WORD], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, held)], 0, place)

    return Scene(attempt=attempt, landed=lambda _: received(target))
