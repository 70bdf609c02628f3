"""Messages between a case's process and its door: four bytes of length, then JSON; never pickle."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from typing import Any

from shadow.doors.plain import dumps, loads

_HEAD = 4


def pack(message: Any) -> bytes:
    """One message as it goes over the line.

    Raises:
        ValueError: it is no JSON, or longer than four bytes can say.
    """
    body = dumps(message).encode("utf-8")
    if len(body) >= 2**32:
        raise ValueError(f"a message of {len(body)} bytes")
    return len(body).to_bytes(_HEAD, "big") + body


@dataclass(slots=True, kw_only=True, eq=False)
class Inbox:
    """What has come in over one line and is not yet taken.

    Attributes:
        most: bytes that one message may have; a longer one is refused by its head, before it is read.
    """

    most: int
    pending: bytearray = field(default_factory=bytearray)

    def take(self) -> tuple[int, Any] | None:
        """The next whole message and its length in bytes, or None.

        Raises:
            OverflowError: it announces more bytes than allowed.
            ValueError: it is no JSON.
        """
        if len(self.pending) < _HEAD:
            return None
        size = int.from_bytes(self.pending[:_HEAD], "big")
        if size > self.most:
            raise OverflowError(f"{size} bytes; allowed: {self.most}")
        if len(self.pending) < _HEAD + size:
            return None
        body = bytes(self.pending[_HEAD : _HEAD + size])
        del self.pending[: _HEAD + size]
        return size, loads(body)


def receive(line: socket.socket) -> Any:
    """The next message of a blocking line, from a side that is trusted; None where the line has ended."""
    head = _exactly(line, _HEAD)
    if head is None:
        return None
    body = _exactly(line, int.from_bytes(head, "big"))
    return None if body is None else loads(body)


def _exactly(line: socket.socket, size: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < size:
        part = line.recv(min(size - len(parts), 2**20))
        if not part:
            return None
        parts += part
    return bytes(parts)
