"""Socket Mode: Slack's interactions over a connection that we open, so that no address of ours need be public.

The SDK's aiohttp back-end is used: it notices a server that closes at once and a frozen one within seven seconds, where
the built-in one takes half a minute for either at its default, and websocket_client never notices the frozen one. It
comes with Airflow's Slack provider. A ping every five seconds is the SDK's default; a shorter one would drop the
connection whenever this machine pauses for a second. Reconnecting is done here: the SDK would try a used address for
ever. What people click while nobody is connected is lost; two listeners may run side by side.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shadow.adapters.slack.calls import Failure, call
from shadow.adapters.slack.client import TIMEOUT, SlackConnection, quiet
from shadow.adapters.slack.interactions import NOTHING, Desk, handle

if TYPE_CHECKING:
    from slack_sdk.socket_mode.aiohttp import SocketModeClient

    from shadow.adapters.slack.hands import Hands

log = logging.getLogger(__name__)

PING_S = 5.0  # a peer that is silent for half of it after a ping is given up
LOOK_S = 0.2  # how often the end is looked for
GRACE_S = 2.0  # how long the SDK may take to follow Slack to another server
CONNECT_S = 6.0
LONGEST_PAUSE = 30.0  # seconds between two tries to connect
Told = Callable[[bool, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One listener's means.

    Attributes:
        take: what to do with a payload; its result is the acknowledgement.
        told: is told whether we are connected, and why not.
        stop: ends it.
        after: is called when an interaction has been answered.
    """

    connection: SlackConnection
    desk: Desk
    hands: Hands
    stop: threading.Event
    told: Told
    after: Callable[[], None]


def listen(line: Line) -> None:
    """Stay connected until `stop` is set; for a thread of its own."""
    tries = 0
    while not line.stop.is_set():
        found = _address(line.connection)
        if isinstance(found, Failure):
            why = f"Slack gives no address to connect to: {found.word}"
        else:
            line_held = asyncio.run(_session(line, found))
            tries = 0 if line_held else tries
            why = "the connection was lost" if line_held else "Slack's address does not take the connection"
            if line_held:
                continue  # at once
        line.told(False, why)
        wait = found.wait_s if isinstance(found, Failure) and found.wait_s is not None else min(LONGEST_PAUSE, 2**tries)
        tries = min(tries + 1, 10)
        line.stop.wait(wait)


def _address(connection: SlackConnection) -> str | Failure:
    """A fresh address; each is good for one connection."""
    from slack_sdk import WebClient

    client = WebClient(base_url=connection.base_url, timeout=TIMEOUT, retry_handlers=[], logger=quiet())
    found = call(client.apps_connections_open, app_token=connection.app_token)
    if isinstance(found, Failure):
        return found
    return found.text("url") or Failure(word="the answer holds no address")


async def _session(line: Line, address: str) -> bool:
    """One connection, until it is lost or we stop; whether there was one at all."""
    client, lost = _client(line, address)
    try:
        try:
            await asyncio.wait_for(client.connect(), CONNECT_S)  # type: ignore[no-untyped-call]
        except TimeoutError:
            return False
        line.told(True, "")
        log.info("Slack: Socket Mode is connected")
        await _until_lost(line, client, lost)
        if not line.stop.is_set():
            line.told(False, "the connection was lost")
            log.warning("Slack: Socket Mode has lost its connection; connecting anew")
        return True
    finally:
        await _close(client)


async def _until_lost(line: Line, client: SocketModeClient, lost: asyncio.Event) -> None:
    away = 0.0
    while not line.stop.is_set() and not lost.is_set() and away < GRACE_S:
        try:
            await asyncio.wait_for(lost.wait(), LOOK_S)
        except TimeoutError:
            away = 0.0 if await client.is_connected() else away + LOOK_S


async def _close(client: SocketModeClient) -> None:
    try:
        await asyncio.wait_for(client.close(), 2 * LOOK_S)  # type: ignore[no-untyped-call]
    except (TimeoutError, OSError) as error:  # a peer that is frozen does not say goodbye
        log.info("Slack: a connection was dropped without a farewell (%s)", type(error).__name__)
        await client.aiohttp_client_session.close()


def _client(line: Line, address: str) -> tuple[SocketModeClient, asyncio.Event]:
    from slack_sdk.socket_mode.aiohttp import SocketModeClient
    from slack_sdk.web.async_client import AsyncWebClient

    web = AsyncWebClient(base_url=line.connection.base_url, timeout=TIMEOUT, retry_handlers=[], logger=quiet())
    client = SocketModeClient(
        app_token=line.connection.app_token,
        web_client=web,
        auto_reconnect_enabled=False,
        ping_interval=PING_S,
        logger=quiet(),
    )
    client.wss_uri = address
    lost, loop = asyncio.Event(), asyncio.get_running_loop()

    async def gone(_: Any) -> None:
        lost.set()

    async def came(_: Any, request: Any) -> None:
        line.hands.take(lambda: _answer(line, client, loop, request))

    client.on_close_listeners.append(gone)
    client.on_error_listeners.append(gone)
    client.socket_mode_request_listeners.append(came)
    return client, lost


def _answer(line: Line, client: SocketModeClient, loop: asyncio.AbstractEventLoop, request: Any) -> None:
    """In a thread: our own record first, the acknowledgement, then the network."""
    from slack_sdk.socket_mode.response import SocketModeResponse

    reply = handle(line.desk, request.payload) if request.type == "interactive" else NOTHING
    body = dict(reply.body) if reply.body is not None else None
    sending = client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id, payload=body))
    try:
        asyncio.run_coroutine_threadsafe(sending, loop).result(TIMEOUT)
    except (RuntimeError, OSError, concurrent.futures.CancelledError, AttributeError) as error:
        # what was recorded stays so; whoever clicks again is told
        sending.close()
        log.warning("Slack: an acknowledgement was lost with its connection (%s)", type(error).__name__)
    if reply.after is not None:
        reply.after()
    line.after()
