"""Ways out over the network: each aims at a listener of the harness on the loopback."""

from __future__ import annotations

import os
import socket
import struct
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from shadow.cage.preflight import calls
from shadow.cage.preflight.bench import Bench
from shadow.cage.preflight.model import Group, Scene
from shadow.cage.preflight.trial import REFUSED

EGRESS = Group("egress")
FAST_OPEN, FAST_OPEN_CONNECT, MPTCP, UDP_LITE = 0x20000000, 30, 262, 136
WORD = b"shadow preflight"


def accepted(listener: socket.socket) -> bool:
    """Whether somebody has connected to a listener that never waits."""
    try:
        listener.accept()[0].close()
    except (BlockingIOError, ConnectionError):
        return False
    return True


def received(target: socket.socket) -> bool:
    """Whether our word has come in on a datagram socket that never waits."""
    try:
        return WORD in target.recv(2048)
    except (BlockingIOError, ConnectionError):
        return False


def _stream(bench: Bench, how: Callable[[str, int], object], family: int = socket.AF_INET) -> Scene:
    listener = bench.socket(family, socket.SOCK_STREAM)
    host, port = listener.getsockname()[:2]
    return Scene(attempt=lambda: how(host, port), landed=lambda _: accepted(listener))


def _datagram(bench: Bench, how: Callable[[tuple[str, int]], object], family: int = socket.AF_INET) -> Scene:
    target = bench.socket(family, socket.SOCK_DGRAM)
    host, port = target.getsockname()[:2]
    return Scene(attempt=lambda: how((host, port)), landed=lambda _: received(target))


def _connect(
    host: str, port: int, *, family: int = socket.AF_INET, protocol: int = 0, option: int = 0
) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM, protocol)
    if option:
        made.setsockopt(socket.IPPROTO_TCP, option, 1)
    made.connect((host, port))
    made.send(WORD)
    return made


@EGRESS.attack("TCP connect")
def tcp(bench: Bench) -> Scene:
    """The plain way."""
    return _stream(bench, _connect)


@EGRESS.attack("TCP connect without waiting")
def tcp_later(bench: Bench) -> Scene:
    """Event loops connect like this."""

    def attempt(host: str, port: int) -> None:
        made = socket.socket()
        made.setblocking(False)
        code = made.connect_ex((host, port))
        if code and code != 115:  # EINPROGRESS
            raise OSError(code, os.strerror(code))

    return _stream(bench, attempt)


@EGRESS.attack("TCP connect from a thread")
def tcp_thread(bench: Bench) -> Scene:
    """A thread that is started inside."""

    def attempt(host: str, port: int) -> None:
        failed: list[OSError] = []

        def run() -> None:
            try:
                _connect(host, port)
            except OSError as error:
                failed.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        if failed:
            raise failed[0]

    return _stream(bench, attempt)


@EGRESS.attack("TCP Fast Open by sendto")
def fast_open(bench: Bench) -> Scene:
    """Connects without connect(); Landlock does not see it."""
    return _stream(bench, lambda host, port: socket.socket().sendto(WORD, FAST_OPEN, (host, port)))


@EGRESS.attack("TCP Fast Open by sendmsg")
def fast_open_message(bench: Bench) -> Scene:
    """The same through another call."""
    return _stream(bench, lambda host, port: socket.socket().sendmsg([WORD], [], FAST_OPEN, (host, port)))


@EGRESS.attack("TCP Fast Open by sendmmsg")
def fast_open_messages(bench: Bench) -> Scene:
    """The same through a third."""

    def attempt(host: str, port: int) -> None:
        name, word = calls.buffer(calls.inet(socket.inet_aton(host), port)), calls.buffer(WORD)
        vector = calls.buffer(struct.pack("=QQ", calls.address(word), len(WORD)))
        head = struct.pack("=QIIQQQQiIII", calls.address(name), 16, 0, calls.address(vector), 1, 0, 0, 0, 0, 0, 0)
        made = socket.socket()
        calls.call(calls.SENDMMSG, made.fileno(), calls.buffer(head), 1, FAST_OPEN)

    return _stream(bench, attempt)


@EGRESS.attack("TCP Fast Open by option and connect")
def fast_open_option(bench: Bench) -> Scene:
    """connect() that sends nothing until the first write."""
    return _stream(bench, lambda host, port: _connect(host, port, option=FAST_OPEN_CONNECT))


@EGRESS.attack("MPTCP")
def mptcp(bench: Bench) -> Scene:
    """A TCP of another protocol number; Landlock does not see it."""
    return _stream(bench, lambda host, port: _connect(host, port, protocol=MPTCP))


@EGRESS.attack("TCP Fast Open over IPv6")
def fast_open6(bench: Bench) -> Scene:
    """The other family."""

    def attempt(host: str, port: int) -> None:
        socket.socket(socket.AF_INET6).sendto(WORD, FAST_OPEN, (host, port))

    return _stream(bench, attempt, socket.AF_INET6)


@EGRESS.attack("MPTCP over IPv6")
def mptcp6(bench: Bench) -> Scene:
    """The other family."""
    family = socket.AF_INET6
    return _stream(bench, lambda host, port: _connect(host, port, family=family, protocol=MPTCP), family)


@EGRESS.attack("TCP over IPv6")
def tcp6(bench: Bench) -> Scene:
    """The other family."""
    return _stream(bench, lambda host, port: _connect(host, port, family=socket.AF_INET6), socket.AF_INET6)


@EGRESS.attack("TCP to an IPv4 address written as IPv6")
def tcp_mapped(bench: Bench) -> Scene:
    """::ffff:127.0.0.1 is 127.0.0.1."""
    return _stream(bench, lambda host, port: _connect(f"::ffff:{host}", port, family=socket.AF_INET6))


@EGRESS.attack("UDP datagram")
def udp(bench: Bench) -> Scene:
    """One datagram."""
    return _datagram(bench, lambda at: socket.socket(type=socket.SOCK_DGRAM).sendto(WORD, at))


@EGRESS.attack("UDP datagram after connect")
def udp_connected(bench: Bench) -> Scene:
    """One datagram on a connected socket."""

    def attempt(at: tuple[str, int]) -> None:
        made = socket.socket(type=socket.SOCK_DGRAM)
        made.connect(at)
        made.send(WORD)

    return _datagram(bench, attempt)


@EGRESS.attack("DNS question")
def dns(bench: Bench) -> Scene:
    """What leaves hidden in a name, to a resolver of the harness."""
    name = b"".join(bytes([len(part)]) + part for part in (WORD, b"example")) + b"\0"
    question = struct.pack("!6H", 1, 0x0100, 1, 0, 0, 0) + name + struct.pack("!2H", 16, 1)
    return _datagram(bench, lambda at: socket.socket(type=socket.SOCK_DGRAM).sendto(question, at))


@EGRESS.attack("UDP over IPv6")
def udp6(bench: Bench) -> Scene:
    """The other family."""

    def attempt(at: tuple[str, int]) -> None:
        socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto(WORD, at)

    return _datagram(bench, attempt, socket.AF_INET6)


@EGRESS.attack("UDP-Lite datagram")
def udp_lite(bench: Bench) -> Scene:
    """A datagram of another protocol number."""
    target = bench.socket(socket.AF_INET, socket.SOCK_DGRAM, UDP_LITE)
    at = target.getsockname()
    return Scene(
        attempt=lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM, UDP_LITE).sendto(WORD, at),
        landed=lambda _: received(target),
    )


@EGRESS.attack("TCP by raw system calls")
def raw_calls(bench: Bench) -> Scene:
    """socket and connect through ctypes, past whatever Python offers to hooks."""

    def attempt(host: str, port: int) -> None:
        made = calls.call(calls.SOCKET, 2, 1, 0)
        calls.call(calls.CONNECT, made, calls.buffer(calls.inet(socket.inet_aton(host), port)), 16)

    return _stream(bench, attempt)


@EGRESS.attack("TCP by machine code of one's own")
def machine_code(bench: Bench) -> Scene:
    """The system call instruction without libc."""

    def attempt(host: str, port: int) -> None:
        code, name = calls.own_syscall(), calls.buffer(calls.inet(socket.inet_aton(host), port))
        code(calls.CONNECT, code(calls.SOCKET, 2, 1, 0), calls.address(name), 16)

    return _stream(bench, attempt)


@EGRESS.attack("TCP by 32-bit system calls (int 0x80)")
def int80(bench: Bench) -> Scene:
    """Another table of numbers: 359 is socket and 362 is connect there."""

    def attempt(host: str, port: int) -> None:
        code, name = calls.int80(), calls.low_memory(calls.inet(socket.inet_aton(host), port))
        code(362, code(359, 2, 1, 0), name, 16)

    return _stream(bench, attempt)


@EGRESS.attack("TCP by x32 numbers")
def x32(bench: Bench) -> Scene:
    """The same numbers with bit 30 set."""

    def attempt(host: str, port: int) -> None:
        made = calls.call(0x40000000 | calls.SOCKET, 2, 1, 0)
        calls.call(0x40000000 | calls.CONNECT, made, calls.buffer(calls.inet(socket.inet_aton(host), port)), 16)

    return _stream(bench, attempt)


@EGRESS.attack("TCP by another program")
def another_program(bench: Bench) -> Scene:
    """The process becomes a program that knows nothing of us (curl, git, …)."""
    listener = bench.socket(socket.AF_INET, socket.SOCK_STREAM)
    code = f"""
import socket, sys
try:
    socket.create_connection({listener.getsockname()!r}).send(b"x")
except OSError:
    sys.exit({REFUSED})
"""
    command = [str(Path(sys.executable)), "-I", "-S", "-c", code]
    return Scene(
        attempt=lambda: os.execve(command[0], command, {}), landed=lambda _: accepted(listener), until_exit=True
    )
