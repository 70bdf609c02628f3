"""The candidate's side of a connection: whole requests come in, reframed by h11; answers go out."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field

import h11

from shadow.doors.network.addresses import Headers
from shadow.errors import ToolRefused

Pairs = Sequence[tuple[str, str]]
_PART = 65_536
_HOP = frozenset({"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "trailer", "te"})


class Parted(Exception):
    """The candidate's side of a connection is gone; told apart from an upstream that is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One whole request."""

    method: str
    target: str
    headers: Headers
    body: bytes = field(repr=False)

    def header(self, name: bytes) -> str:
        """The first header of that name, as text; empty where there is none."""
        return next((value.decode("latin-1") for known, value in self.headers if known == name), "")


@dataclass(slots=True, kw_only=True, eq=False)
class Wire:
    """One connection from a candidate.

    Attributes:
        body_most: bytes that one request's body may have.
        head_most: bytes that one request's head may have.
        idle_s: seconds within which a whole request has to come in.
    """

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    body_most: int
    head_most: int
    idle_s: float
    state: h11.Connection = field(init=False)
    unsent: bytes = b""
    headed: bool = False  # the request is a HEAD: its answer has no body

    def __post_init__(self) -> None:
        self.state = h11.Connection(h11.SERVER, max_incomplete_event_size=self.head_most)

    async def take(self) -> Asked | None:
        """The next request; None once the other side has gone or said nothing in time.

        Raises:
            ToolRefused: it is no request, or too long; the connection cannot be used any further.
        """
        try:
            async with asyncio.timeout(self.idle_s):
                return await self._take()
        except TimeoutError:
            if self.state.trailing_data[0] or self.state.their_state is not h11.IDLE:
                raise ToolRefused("no whole request in time") from None
            return None
        except h11.RemoteProtocolError as error:
            raise ToolRefused(f"no HTTP/1.1 request: {error}".partition(": bytearray")[0][:200]) from None

    async def _take(self) -> Asked | None:
        request: h11.Request | None = None
        body = bytearray()
        while True:
            event = self.state.next_event()
            if event is h11.NEED_DATA:
                if self.state.they_are_waiting_for_100_continue:
                    await self._send(h11.InformationalResponse(status_code=100, headers=[]))
                self.state.receive_data(await self.reader.read(_PART))
            elif isinstance(event, h11.Request):
                request, self.headed = event, event.method == b"HEAD"
                if event.method == b"CONNECT":  # what follows is no body
                    return _asked(event, b"")
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > self.body_most:
                    raise ToolRefused(f"a body of more than {self.body_most} bytes")
            elif isinstance(event, h11.EndOfMessage) and request is not None:
                return _asked(request, bytes(body))
            else:  # PAUSED or ConnectionClosed
                return None

    async def answer(self, status: int, headers: Pairs = (), body: bytes = b"") -> None:
        """Send a whole answer."""
        length = [] if status in (204, 304) else [("content-length", str(len(body)))]
        kept = [(name, value) for name, value in headers if name.lower() not in (*_HOP, "content-length")]
        out = self._packed(h11.Response(status_code=status, headers=[*kept, *length]))
        if body and status not in (204, 304) and not self.headed:
            out += self._packed(h11.Data(data=body))
        await self._write(out + self._packed(h11.EndOfMessage()))

    def begin(self, status: int, headers: Pairs) -> None:
        """The head of an answer whose body comes in parts; it goes with the first of them."""
        kept = [(name, value) for name, value in headers if name.lower() not in _HOP]
        self.unsent = self._packed(h11.Response(status_code=status, headers=kept))

    async def part(self, data: bytes, *, last: bool = False) -> None:
        """Send a part of the body at once; the last one with `end`."""
        if last:
            self.unsent += self._packed(h11.Data(data=data))
        else:
            await self._send(h11.Data(data=data))

    async def end(self) -> None:
        """The body is whole."""
        await self._send(h11.EndOfMessage())

    def again(self) -> bool:
        """Make ready for another request; False where this connection takes none."""
        if self.state.our_state is not h11.DONE or self.state.their_state is not h11.DONE:
            return False
        self.state.start_next_cycle()
        return True

    @property
    def may_answer(self) -> bool:
        """Whether an answer can still be begun."""
        return self.state.our_state in (h11.IDLE, h11.SEND_RESPONSE)

    async def tunnel(self, context: ssl.SSLContext) -> Wire:
        """Say that the tunnel stands, and speak TLS in it.

        Raises:
            ToolRefused: something had been sent before the tunnel stood.
            OSError: the other side does not speak TLS, or trusts another authority (also ssl.SSLError).
        """
        if self.state.trailing_data[0]:
            raise ToolRefused("bytes were sent before the tunnel stood")
        self.writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await self.writer.start_tls(context, ssl_handshake_timeout=self.idle_s)
        return Wire(
            reader=self.reader, writer=self.writer, body_most=self.body_most, head_most=self.head_most,
            idle_s=self.idle_s,
        )  # fmt: skip

    async def _send(self, event: h11.Event) -> None:
        data, self.unsent = self.unsent + self._packed(event), b""
        if data:
            await self._write(data)

    async def _write(self, data: bytes) -> None:
        try:
            self.writer.write(data)
            await self.writer.drain()
        except OSError as error:
            raise Parted from error

    def _packed(self, event: h11.Event) -> bytes:
        return self.state.send(event) or b""


def _asked(request: h11.Request, body: bytes) -> Asked:
    headers = [(bytes(name), bytes(value)) for name, value in request.headers]
    return Asked(
        method=request.method.decode("ascii"), target=request.target.decode("latin-1"), headers=headers, body=body
    )
