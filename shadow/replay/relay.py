"""Bytes between two connections, both ways, without waiting for either."""

from __future__ import annotations

import selectors
import socket
from contextlib import suppress
from dataclasses import dataclass, field

_PART, _MOST = 65_536, 262_144  # bytes taken at a time; bytes kept for a side that does not take them


@dataclass(slots=True, kw_only=True, eq=False)
class _Way:
    """One direction.

    Attributes:
        kept: bytes read and not yet written.
        ended: nothing more will come; `told`: the other side knows.
    """

    source: socket.socket
    sink: socket.socket
    kept: bytearray = field(default_factory=bytearray)
    ended: bool = False
    told: bool = False

    def move(self) -> None:
        """Take and give what can be taken and given now."""
        with suppress(BlockingIOError):
            self._read()
        with suppress(BlockingIOError):
            self._write()

    def _read(self) -> None:
        if self.ended or len(self.kept) >= _MOST:
            return
        part = self.source.recv(_PART)
        self.kept += part
        self.ended = not part

    def _write(self) -> None:
        if self.kept:
            del self.kept[: self.sink.send(self.kept)]
        if self.ended and not self.kept and not self.told:
            self.told = True
            self.sink.shutdown(socket.SHUT_WR)


class Relay:
    """Two connected sockets, joined; closed when both have ended, or one is gone."""

    def __init__(self, selector: selectors.BaseSelector, one: socket.socket, other: socket.socket) -> None:
        self._selector, self._ways = selector, (_Way(source=one, sink=other), _Way(source=other, sink=one))
        self.open = True
        for side in (one, other):
            side.setblocking(False)
        self._await()

    def turn(self) -> None:
        """Move what can be moved now."""
        if not self.open:
            return
        try:
            for way in self._ways:
                way.move()
        except OSError:  # one side is gone
            self.close()
            return
        if all(way.told for way in self._ways):
            self.close()
        else:
            self._await()

    def close(self) -> None:
        """Close both sides; a second time does nothing."""
        self.open = False
        for way in self._ways:
            if way.source.fileno() >= 0 and way.source.fileno() in self._selector.get_map():
                self._selector.unregister(way.source)
            way.source.close()

    def _await(self) -> None:
        """Wait for what each side can do next; for nothing on a side with nothing to do."""
        for way, back in (self._ways, self._ways[::-1]):
            wanted = 0 if way.ended or len(way.kept) >= _MOST else selectors.EVENT_READ
            wanted |= selectors.EVENT_WRITE if back.kept else 0
            known = way.source.fileno() in self._selector.get_map()
            if known and not wanted:
                self._selector.unregister(way.source)
            elif known:
                self._selector.modify(way.source, wanted, self.turn)
            elif wanted:
                self._selector.register(way.source, wanted, self.turn)
