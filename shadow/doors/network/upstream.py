"""The way out: names resolved here, connections kept here, one request at a time on each."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import h11

from shadow.doors.network.addresses import Site
from shadow.errors import ToolFailed

Resolve = Callable[[str, int], Awaitable[tuple[str, int]]]
_PART = 65_536
_HEAD_MOST = 65_536
_POOLED = 32  # idle connections kept for one site


async def resolve(host: str, port: int) -> tuple[str, int]:
    """The address of a listed host, never one that a name must not lead to.

    Link-local (cloud metadata), multicast and unspecified addresses are refused always; loopback where
    the host is not written as loopback or localhost.

    Raises:
        ToolFailed: the name leads nowhere, or to such an address.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise ToolFailed("the name cannot be resolved", where=host, seen=str(error)) from None
    for *_, place in found:
        if not _forbidden(host, str(place[0])):
            return str(place[0]), port
    raise ToolFailed("the name leads to an address that must not be asked", where=host)


def _forbidden(host: str, address: str) -> bool:
    place = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(place, "ipv4_mapped", None)
    place = mapped or place
    if place.is_link_local or place.is_multicast or place.is_unspecified:
        return True
    return place.is_loopback and host != "localhost" and host != address


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One request as it leaves.

    Attributes:
        path: with its query, as it stands on the wire.
        headers: all but host and length.
        sent: told how many bytes are about to be sent, each time that they are.
        again: whether it may be sent a second time where a kept connection turns out to be gone.
    """

    site: Site
    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)
    sent: Callable[[int], None] = field(repr=False)
    again: bool = False

    def events(self) -> list[h11.Event]:
        """As h11 takes it."""
        length = [("content-length", str(len(self.body)))] if self.body or self.method not in ("GET", "HEAD") else []
        head = [("host", str(self.site)), *self.headers, *length]
        events: list[h11.Event] = [h11.Request(method=self.method, target=self.path, headers=head)]
        return [*events, *([h11.Data(data=self.body)] if self.body else []), h11.EndOfMessage()]


@dataclass(slots=True, kw_only=True, eq=False)
class Link:
    """One connection to an upstream."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    state: h11.Connection = field(
        default_factory=lambda: h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_MOST)
    )
    fresh: bool = True

    async def event(self, within_s: float) -> h11.Event:
        """The next event from the upstream, waiting for it at most so long."""
        while True:
            event = self.state.next_event()
            if event is not h11.NEED_DATA:
                if not isinstance(event, h11.Event):
                    raise h11.RemoteProtocolError("the upstream changed the protocol")
                return event
            async with asyncio.timeout(within_s):
                self.state.receive_data(await self.reader.read(_PART))


@dataclass(slots=True, kw_only=True, eq=False)
class Reply:
    """An upstream's answer that has begun.

    Attributes:
        status, headers: its head; header names in lower case.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    link: Link = field(repr=False)
    within_s: float = 0.0
    whole: bool = False

    async def parts(self) -> AsyncIterator[bytes]:
        """The body's parts, each as soon as it is there."""
        while True:
            event = await self.link.event(self.within_s)
            if isinstance(event, h11.Data):
                yield bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                self.whole = True
                return
            else:
                raise h11.RemoteProtocolError("the upstream's answer broke off")


@dataclass(slots=True, kw_only=True, eq=False)
class Upstreams:
    """The connections to all upstreams.

    Attributes:
        find: gives a listed host's address; nothing else resolves names.
        trust: what upstreams' certificates are judged by.
        connect_s, read_s: seconds that connecting, and waiting for the next part, may take.
    """

    find: Resolve
    trust: ssl.SSLContext
    connect_s: float
    read_s: float
    idle: dict[Site, list[Link]] = field(default_factory=dict)

    @asynccontextmanager
    async def ask(self, outgoing: Outgoing) -> AsyncIterator[Reply]:
        """Send a request and give its answer; the connection is kept where the answer was taken whole.

        Raises:
            ToolFailed: the upstream cannot be reached or does not answer as HTTP/1.1 has it.
        """
        reply = None
        try:
            reply = await self._begun(outgoing)
            yield reply
        except (OSError, TimeoutError, h11.ProtocolError, ssl.SSLError) as error:
            raise ToolFailed("the upstream does not answer", where=str(outgoing.site),
                             seen=type(error).__name__) from error  # fmt: skip
        finally:
            if reply is not None:
                self._give_back(outgoing.site, reply)

    async def _begun(self, outgoing: Outgoing) -> Reply:
        link = self._kept(outgoing.site) or await self._linked(outgoing.site)
        try:
            return await self._sent(link, outgoing)
        except (ConnectionError, h11.RemoteProtocolError):
            link.writer.close()
            if link.fresh or not outgoing.again:
                raise
        except BaseException:
            link.writer.close()
            raise
        link = await self._linked(outgoing.site)
        try:
            return await self._sent(link, outgoing)
        except BaseException:
            link.writer.close()
            raise

    async def _sent(self, link: Link, outgoing: Outgoing) -> Reply:
        data = b"".join(link.state.send(event) or b"" for event in outgoing.events())
        outgoing.sent(len(data))
        link.writer.write(data)
        await link.writer.drain()
        while True:
            event = await link.event(self.read_s)
            if isinstance(event, h11.InformationalResponse) and event.status_code != 101:
                continue
            if not isinstance(event, h11.Response):
                raise h11.RemoteProtocolError("the upstream changed the protocol")
            headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers)
            return Reply(status=event.status_code, headers=headers, link=link, within_s=self.read_s)

    def _kept(self, site: Site) -> Link | None:
        known = self.idle.get(site, [])
        while known:
            link = known.pop()
            if not link.reader.at_eof() and not link.writer.is_closing():
                return link
            link.writer.close()
        return None

    async def _linked(self, site: Site) -> Link:
        address, port = await self.find(site.host, site.port)
        secure = self.trust if site.scheme == "https" else None
        name = site.host if secure else None
        async with asyncio.timeout(self.connect_s):
            reader, writer = await asyncio.open_connection(address, port, ssl=secure, server_hostname=name)
        return Link(reader=reader, writer=writer)

    def _give_back(self, site: Site, reply: Reply) -> None:
        link = reply.link
        known = self.idle.setdefault(site, [])
        done = link.state.our_state is h11.DONE and link.state.their_state is h11.DONE
        if reply.whole and done and len(known) < _POOLED:
            link.state.start_next_cycle()
            link.fresh = False
            known.append(link)
        else:
            link.writer.close()

    def close(self) -> None:
        """Close what is kept."""
        for known in self.idle.values():
            for link in known:
                link.writer.close()
        self.idle.clear()
