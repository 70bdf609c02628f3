"""Sockets of other kinds: that one can be had is the attack, for each reaches further than TCP."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from shadow.cage.preflight.bench import Bench
from shadow.cage.preflight.model import Group, Scene

FAMILIES = Group("sockets of other kinds")


def sockets(proc: Path) -> set[str]:
    """The sockets that a process holds, as the kernel names them."""
    return {name for name in descriptors(proc) if name.startswith("socket:")}


def descriptors(proc: Path) -> list[str]:
    """What a process holds open, as the kernel names it."""
    names = []
    for one in list((proc / "fd").iterdir()):
        with suppress(FileNotFoundError):  # the one by which we have just looked, where it is our own
            names.append(str(os.readlink(one)))  # noqa: PTH115
    return names


def _opening(family: int, kind: int, protocol: int) -> Callable[[Bench], Scene]:
    """A socket of a kind that reaches further than TCP: that it can be had is the attack."""

    def stage(_: Bench) -> Scene:
        held: list[socket.socket] = []
        return Scene(
            attempt=lambda: held.append(socket.socket(family, kind, protocol)),
            known=sockets,
            landed=lambda look: bool(sockets(look.proc) - look.before),
        )

    return stage


def _loaded(name: str) -> Callable[[], str]:
    """Opening such a socket would make the kernel load a module, which outlasts us."""

    def why() -> str:
        known = Path("/proc/net/protocols").read_text(encoding="utf-8").split("\n")
        there = any(line.split(" ")[0] == name for line in known)
        return "" if there else f"this kernel has no {name} loaded, and we do not make it load one"

    return why


FAMILIES.attack("UDP socket")(_opening(socket.AF_INET, socket.SOCK_DGRAM, 0))
FAMILIES.attack("UDP socket over IPv6")(_opening(socket.AF_INET6, socket.SOCK_DGRAM, 0))
FAMILIES.attack("MPTCP socket")(_opening(socket.AF_INET, socket.SOCK_STREAM, 262))
FAMILIES.attack("unix stream socket")(_opening(socket.AF_UNIX, socket.SOCK_STREAM, 0))
FAMILIES.attack("unix datagram socket")(_opening(socket.AF_UNIX, socket.SOCK_DGRAM, 0))
FAMILIES.attack("netlink socket")(_opening(socket.AF_NETLINK, socket.SOCK_RAW, 0))
FAMILIES.attack("netlink socket for the kernel's events")(_opening(socket.AF_NETLINK, socket.SOCK_RAW, 15))
FAMILIES.attack("raw IP socket")(_opening(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
FAMILIES.attack("ICMP datagram socket")(_opening(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP))
FAMILIES.attack("packet socket")(_opening(17, socket.SOCK_RAW, 0x0300))
FAMILIES.attack("vsock socket", left_out=_loaded("AF_VSOCK"))(_opening(40, socket.SOCK_STREAM, 0))
FAMILIES.attack("SCTP socket", left_out=_loaded("SCTP"))(_opening(socket.AF_INET, socket.SOCK_STREAM, 132))
