"""The network door on asyncio: listens on this machine alone, and lets pass what is listed."""

from __future__ import annotations

import asyncio
import socket
import ssl
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from shadow.doors.listed import Route
from shadow.doors.network.calls import CaseOf, Deeds, Settings, Visit
from shadow.doors.network.canaries import make_canaries
from shadow.doors.network.certificates import make_authority
from shadow.doors.network.keeper import Keeper
from shadow.doors.network.serving import converse
from shadow.doors.network.table import make_table
from shadow.doors.network.traffic import Counting, Passage, Traffic
from shadow.doors.network.upstream import Upstreams

__all__ = ["NetworkDoor", "gateway"]

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NetworkDoor:
    """A running door. Its methods may be called from any thread.

    Attributes:
        address: where it listens, on loopback.
        ca_pem: the certificate of the authority that was made for this door alone.
        ca_file: the same as a file, in a folder that only this user can read; gone with the door.
    """

    address: tuple[str, int]
    ca_pem: bytes
    ca_file: Path
    _keeper: Keeper = field(repr=False)

    def traffic(self) -> Traffic:
        """What has passed so far and what has not."""
        return self._keeper.counting.traffic()

    def finish(self, visit: Visit) -> tuple[Passage, ...]:
        """A try at a replay has ended: its requests so far, in order of their ends; they are kept no longer."""
        self._keeper.sessions.pop(visit, None)
        return self._keeper.counting.take(visit)

    def environment(self) -> Mapping[str, str]:
        """Variables that lead a well-meaning HTTP client here; what does not heed them needs the cage."""
        url = f"http://{self.address[0]}:{self.address[1]}"
        proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), url)
        trusted = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
        small = {name.lower(): value for name, value in {**proxies, "NO_PROXY": ""}.items()}
        return {**proxies, **small, "NO_PROXY": "", **{name: str(self.ca_file) for name in trusted}}


@asynccontextmanager
async def gateway(
    routes: Iterable[Route], *, deeds: Deeds, case_of: CaseOf, settings: Settings | None = None,
    listener: socket.socket | None = None,
) -> AsyncIterator[NetworkDoor]:  # fmt: skip
    """Open a network door; it is closed, with every connection, when the block ends.

    Args:
        routes: what is listed, as `routes_of(bindings, passes)` gives it; all else is refused.
        deeds: judges each call, as `answer_call` does with the case's tools door.
        case_of: whose a connection is, by the address of its other end; None: nobody's, and refused.
        settings: recordings, secrets, canaries, limits.
        listener: a listening socket; else one on a free port of 127.0.0.1.

    Example:
        async with gateway(routes_of(BINDINGS), deeds=judge, case_of=visits) as door:
            … door.address, door.environment(), door.traffic()
    """
    with tempfile.TemporaryDirectory(prefix="shadow-door-") as folder:
        keeper = _keeper(routes, deeds, case_of, settings or Settings())
        ca_file = Path(folder) / "ca.pem"
        ca_file.write_bytes(keeper.authority.pem)
        tasks: set[asyncio.Task[None]] = set()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            if task is None:
                return writer.transport.abort()
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            try:
                return await converse(keeper, reader, writer)
            except asyncio.CancelledError:  # the door closes; asyncio would log a cancelled connection as an error
                return writer.transport.abort()

        server = await _listening(serve, listener)
        host, port = server.sockets[0].getsockname()[:2]
        try:
            yield NetworkDoor(address=(host, port), ca_pem=keeper.authority.pem, ca_file=ca_file, _keeper=keeper)
        finally:
            await _close(server, keeper, tasks)


async def _listening(serve: Serve, listener: socket.socket | None) -> asyncio.Server:
    if listener is not None:
        return await asyncio.start_server(serve, sock=listener)
    return await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1024)


def _keeper(routes: Iterable[Route], deeds: Deeds, case_of: CaseOf, settings: Settings) -> Keeper:
    table, limits = make_table(routes), settings.limits
    hosts = {site.host for site in table.sites}
    upstreams = Upstreams(
        find=settings.resolve, trust=settings.trust or ssl.create_default_context(),
        connect_s=limits.connect_s, read_s=limits.read_s,
    )  # fmt: skip
    return Keeper(
        table=table, authority=make_authority(hosts, datetime.now(UTC)), upstreams=upstreams, deeds=deeds,
        case_of=case_of, settings=settings, canaries=make_canaries(settings.canaries),
        counting=Counting(most=limits.requests),
    )  # fmt: skip


async def _close(server: asyncio.Server, keeper: Keeper, tasks: set[asyncio.Task[None]]) -> None:
    loop = asyncio.get_running_loop()
    for one in server.sockets:
        loop.remove_reader(one.fileno())  # accept no more; what is accepted already must arrive, or it stays open
    await _turns()
    server.close()
    running = list(tasks)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    keeper.upstreams.close()
    await _turns()
    await server.wait_closed()


async def _turns() -> None:
    """Let what the loop has begun come to its end: a connection takes three turns to arrive, one to go."""
    for _ in range(5):
        await asyncio.sleep(0)
