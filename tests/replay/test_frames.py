"""Messages over a line: whole, in order, bound, and strictly JSON."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadow.replay.frames import Inbox, pack, receive


@given(st.lists(st.dictionaries(st.text("abcä"), st.integers()), max_size=5), st.integers(1, 7))
def test_messages_come_out_whole_however_they_come_in(messages: list[Any], step: int) -> None:
    """Cut at any place, glued together in any way."""
    data = b"".join(pack(message) for message in messages)
    inbox, taken = Inbox(most=10_000), []
    for start in range(0, len(data), step):
        inbox.pending += data[start : start + step]
        while (message := inbox.take()) is not None:
            taken.append(message[1])
    assert taken == messages and not inbox.pending


def test_a_message_that_is_too_long_is_refused_by_its_head() -> None:
    """Before a byte of it was read."""
    inbox = Inbox(most=10)
    inbox.pending += (11).to_bytes(4, "big")
    with pytest.raises(OverflowError, match="11 bytes; allowed: 10"):
        inbox.take()


def test_a_blocking_line_gives_messages_and_then_its_end() -> None:
    """Also where a message is larger than the socket takes, and where it ends within one."""
    ours, theirs = socket.socketpair()
    long = {"long": "x" * 3_000_000}

    def speak() -> None:
        with theirs:
            theirs.sendall(pack(long) + pack({}) + b"\0\0\0\x05ab")

    sender = threading.Thread(target=speak)
    sender.start()
    assert receive(ours) == long
    assert receive(ours) == {}
    assert receive(ours) is None
    sender.join()
    ours.close()
