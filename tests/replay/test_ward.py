"""The ward: who is not seen to be held, in namespaces of its own, is not let go on."""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shadow.cage.enter import enter
from shadow.cage.policy import Policy, system
from shadow.replay.relay import Relay
from shadow.replay.ward import Ward
from tests.cage.test_namespaces import apart, needs_namespaces
from tests.replay.desk import held

pytestmark = [pytest.mark.kill, needs_namespaces]


_NEEDED: list[int] = []


def _needed() -> list[int]:
    """Descriptors that a test's process shows besides."""
    return _NEEDED


@contextmanager
def shown(ward: Ward, enters: Callable[[socket.socket], object]) -> Iterator[int]:
    """A process that shows itself to the ward as case 1: the end of a pipe by which it says what it was told."""
    reading, writing = os.pipe()
    control = ward.expect(1)
    pid = os.fork()
    if pid == 0:
        try:
            keep = sorted({control.fileno(), writing, *_needed()})
            for first, last in zip([2, *keep], [*keep, 1024], strict=True):
                os.closerange(first + 1, last)  # also the ward's own end, which would keep the line open
            enters(control)
            os.write(writing, control.recv(100) or b"nothing")
        finally:
            os._exit(0)
    control.close()
    os.close(writing)
    try:
        yield reading
    finally:
        os.waitpid(pid, 0)
        os.close(reading)
        ward.over(1)
        ward.close()


@held("kernel")
def test_one_that_is_held_is_told_where_the_door_is(tmp_path: Path) -> None:
    """Once, after the kernel was asked about it."""
    ward = Ward(dial=None, door="127.0.0.1:3128")
    with shown(ward, lambda control: enter(apart(tmp_path), control=control)) as told:
        assert os.read(told, 100) == b"g127.0.0.1:3128"
        assert [one.problem for one in ward.attested] == [""] and ward.problem == ""


@held("kernel")
def test_one_that_shares_our_namespaces_is_not_let_go_on() -> None:
    """Caged, and on our network: it would reach what listens here (`ward._together`)."""
    ward = Ward(dial=None, door="")
    with shown(ward, lambda control: enter(Policy(read=system(), forks=True), control=control)) as told:
        assert os.read(told, 100) == b"nothing"
        assert ward.problem == "its namespaces are not its own: user, mnt, pid, net, ipc, uts, cgroup"
        assert not ward.attested


@held("kernel")
def test_one_that_is_not_held_is_not_let_go_on() -> None:
    """Whatever descriptor it shows as its listener (`ward._admit`)."""

    def enters(control: socket.socket) -> None:
        reading, _ = os.pipe()
        socket.send_fds(control, [b"l"], [reading])

    ward = Ward(dial=None, door="")
    with shown(ward, enters) as told:
        assert os.read(told, 100) == b"nothing"
        assert "NoNewPrivs" in ward.problem and not ward.attested


@held("kernel")
def test_what_it_hands_over_before_it_is_held_is_not_served() -> None:
    """A socket that listens on our network is no door's (`ward._hear`)."""
    dialled: list[int] = []

    def dial(case: int, where: str) -> None:
        dialled.append(case)

    ward = Ward(dial=dial, door="127.0.0.1:3128")
    with socket.create_server(("127.0.0.1", 0)) as outside:

        def enters(control: socket.socket) -> None:
            socket.send_fds(control, [b"d"], [outside.fileno()])

        _NEEDED.append(outside.fileno())
        with shown(ward, enters) as told:
            _NEEDED.clear()
            assert os.read(told, 100) == b"nothing"
            assert dialled == []


@held("kernel")
@pytest.mark.parametrize("size", [1, 65_536, 3_000_000])
def test_a_relay_brings_every_byte_both_ways(size: int) -> None:
    """In order, and the end of each side as well, however slowly the other side takes it."""
    import selectors

    near, one = socket.socketpair()
    far, other = socket.socketpair()
    selector = selectors.DefaultSelector()
    relay = Relay(selector, one, other)
    sent = [struct.pack("=I", number) * 64 for number in range(max(1, size // 256))]
    text, heard = b"".join(sent)[:size] or b"x", {}

    def talk(side: socket.socket, name: str) -> None:
        def write() -> None:
            side.sendall(text)
            side.shutdown(socket.SHUT_WR)

        writer = threading.Thread(target=write)
        writer.start()
        found = bytearray()
        while part := side.recv(1000):
            found += part
        heard[name] = bytes(found)
        writer.join()

    threads = [threading.Thread(target=talk, args=(near, "near")), threading.Thread(target=talk, args=(far, "far"))]
    for thread in threads:
        thread.start()
    while relay.open:
        for key, _ in selector.select():
            key.data()
    for thread in threads:
        thread.join()
    assert heard == {"near": text, "far": text}
    near.close()
    far.close()
    selector.close()


@held("kernel")
def test_what_a_case_said_before_it_ended_is_heard() -> None:
    """Its end may be known before the ward has read why it ended: else the candidate would be blamed (`Ward.over`)."""
    ward = Ward(dial=None, door="")
    with ward._lock:  # the ward's own thread comes too late
        control = ward.expect(1)
        control.send(b"nunshare is refused")
        control.close()
        ward.over(1)
        assert ward.problem == "unshare is refused"
    ward.close()
