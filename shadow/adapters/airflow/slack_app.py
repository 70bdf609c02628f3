"""Signed HTTP: clicks in Slack, posted to Airflow's server at `/shadow-slack/interactivity`.

Airflow's login does not stand before it, so each request proves itself by Slack's signature over its raw bytes, before
anything in it is read. The answer comes from our own record within Slack's three seconds; the network comes after it.
Nothing is made when this is imported: the app with the first request, threads with the first that is Slack's.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from shadow.adapters.slack.client import DEFAULT_CONNECTION, SlackConnection, connection_of
from shadow.adapters.slack.signed import LARGEST, Seen, Signed, payload, verify

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.responses import Response

    from shadow.adapters.slack.courier import Wake
    from shadow.adapters.slack.hands import Hands
    from shadow.adapters.slack.interactions import Reply
    from shadow.store import Store

log = logging.getLogger(__name__)

READ_S = 2.0  # seconds that a body may take to arrive
KEPT_S = 30.0  # seconds that a connection's secrets are used before Airflow is asked again
Asgi = Callable[[Any, Any, Any], Awaitable[None]]


class _TooLarge(Exception):
    """The body is larger than Slack's ever are."""


@dataclass(slots=True, kw_only=True)
class Office:
    """What the route has; made with the first request.

    Attributes:
        connect: gives the Slack connection; asked again every half a minute, for secrets are changed.
        open_store: opens our store, once.
        clock: seconds since 1970, for signatures; `now` is the moment of a vote.
    """

    connect: Callable[[], SlackConnection]
    open_store: Callable[[], Store]
    clock: Callable[[], float] = time.time
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    seen: Seen = field(default_factory=Seen)
    _store: Store | None = None
    _hands: Hands | None = None
    _held: tuple[float, SlackConnection] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def connection(self) -> SlackConnection:
        """The connection, at most half a minute old."""
        with self._lock:
            now = time.monotonic()
            if self._held is None or now - self._held[0] > KEPT_S:
                self._held = (now, self.connect())
            return self._held[1]

    def handled(self, data: Any) -> Reply:
        """The answer to a payload that is Slack's; what follows it is begun elsewhere."""
        from shadow.adapters.slack.hands import Hands
        from shadow.adapters.slack.interactions import Desk, handle, unavailable
        from shadow.errors import StoreError

        try:
            with self._lock:
                self._store = self._store or self.open_store()
                self._hands = self._hands or Hands(2)
                store, hands = self._store, self._hands
        except StoreError as error:
            log.error("Slack: an answer could not be recorded: %s", error)
            return unavailable(data)
        desk = Desk(store=store, connect=lambda: self.connection().client(), via="http", clock=self.now)
        reply = handle(desk, data)
        hands.take(lambda: self._afterwards(store, reply))
        return reply

    def close(self) -> None:
        """Wait a moment for what is in hand; for tests and a server that ends."""
        if self._hands is not None:
            self._hands.close(within=5.0)

    def _afterwards(self, store: Store, reply: Reply) -> None:
        """The form or the refusal, then what the answer has put into the outbox; a listener does the rest."""
        from shadow.adapters.slack.courier import drain

        if reply.after is not None:
            reply.after()
        drain(store, client=self.connection().client(), now=self.now(), wake=_waker())


def lazy_app(connection_id: str = DEFAULT_CONNECTION) -> Asgi:
    """An ASGI app that is made when it is first asked, so that importing a plugin costs and starts nothing."""
    made: list[FastAPI] = []
    lock = threading.Lock()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        with lock:
            if not made:
                from shadow.store import open_store

                made.append(make_app(Office(connect=lambda: in_the_server(connection_id), open_store=open_store)))
        await made[0](scope, receive, send)

    return app


def make_app(office: Office) -> FastAPI:
    """The app with its one route: `POST /interactivity`; no documentation pages."""
    from fastapi import FastAPI

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    async def interactivity(request: Request) -> Response:
        return await answered(office, request)

    app.add_route("/interactivity", interactivity, methods=["POST"])
    return app


async def answered(office: Office, request: Request) -> Response:
    """One request: its size, its signature, then what it says.

    413 too large, 408 too slow, 401 not Slack's, 400 Slack's and not to be read, 200 else; the same signed request
    again is 200 without effect.
    """
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import ClientDisconnect
    from starlette.responses import JSONResponse, Response

    try:
        raw = await asyncio.wait_for(_body(request), READ_S)
    except _TooLarge:
        return Response(status_code=413, headers={"connection": "close"})
    except (TimeoutError, ClientDisconnect):
        return Response(status_code=408, headers={"connection": "close"})
    secret = (await run_in_threadpool(office.connection)).signing_secret
    headers = {name: request.headers.getlist(f"x-slack-{name}") for name in ("request-timestamp", "signature")}
    if any(len(values) != 1 for values in headers.values()):
        return Response(status_code=401)
    stamp, signature = headers["request-timestamp"][0], headers["signature"][0]
    is_slack = verify(raw, timestamp=stamp, signature=signature, secret=secret, seen=office.seen, now=office.clock)
    if is_slack is not Signed.NEW:
        return Response(status_code=200 if is_slack is Signed.AGAIN else 401)
    try:
        data = payload(raw)
    except ValueError as error:
        log.warning("Slack: a signed request holds no payload: %s", type(error).__name__)
        return Response(status_code=400)
    reply = await run_in_threadpool(office.handled, data)
    return JSONResponse(dict(reply.body)) if reply.body is not None else Response(status_code=200)


def _waker() -> Wake | None:
    from shadow.adapters.airflow.waking import waker_from_env
    from shadow.errors import UsageError

    try:
        return waker_from_env()
    except UsageError as error:
        log.error("Slack: no task of Airflow's is woken from here: %s", error)
        return None


async def _body(request: Request) -> bytes:
    """The raw bytes; however they are sent, no more than `LARGEST` of them are ever held."""
    told = request.headers.get("content-length", "")
    if told.isdigit() and int(told[:12]) > LARGEST:
        raise _TooLarge
    held = bytearray()
    async for chunk in request.stream():
        held += chunk
        if len(held) > LARGEST:
            raise _TooLarge
    return bytes(held)


def in_the_server(connection_id: str) -> SlackConnection:
    """Airflow's connection as Airflow's own server sees it, its database included; an absent one is empty."""
    from airflow.models.connection import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        held = Connection.get_connection_from_secrets(connection_id)
    except AirflowNotFoundException:
        log.warning("Slack: no connection %r; every request is refused", connection_id)
        return SlackConnection()
    return connection_of(held.password, held.extra_dejson)
