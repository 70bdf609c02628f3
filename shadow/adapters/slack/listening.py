"""`shadow slack listen`: courier, Socket Mode and heartbeat in one process that ends within a second."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from shadow.adapters.slack import beats
from shadow.adapters.slack.beats import Beat
from shadow.adapters.slack.client import SlackConnection
from shadow.adapters.slack.courier import Wake, drain
from shadow.adapters.slack.hands import Hands
from shadow.adapters.slack.interactions import Desk
from shadow.reports.safe import one_line

if TYPE_CHECKING:
    from slack_sdk import WebClient

    from shadow.store import Store

log = logging.getLogger(__name__)

PASS_S = 1.0  # seconds between two passes over the outbox, where nobody is in a hurry
END_S = 0.5  # seconds that what is in hand may take at the end
NO_TOKEN = (
    "Slack: there is no token, so nothing is posted and no click is heard; requests still expire and tasks are woken. "
    "`shadow slack doctor` says what is missing."
)
NO_APP_TOKEN = "Slack: there is no app token, so no click is heard here; messages are posted."


@dataclass(slots=True, kw_only=True)
class Listener:
    """What one listener has and knows of itself.

    Attributes:
        stop: ends it.
        hurry: the outbox is gone through at once.
        failed: a part of it has ended by an error.
    """

    store: Store
    connection: SlackConnection
    home: Path
    clock: Callable[[], datetime]
    wake: Wake | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    hurry: threading.Event = field(default_factory=threading.Event)
    failed: bool = False
    _beat: Beat | None = None
    _problem: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)


def run(listener: Listener) -> bool:
    """Listen until `stop` is set; then half a second is given to what is in hand.

    Returns:
        False where a part of it has failed: the whole ends then, and whoever keeps it running starts it anew.
    """
    host, pid = beats.me()
    now = listener.clock()
    beats.forget(listener.home, now=now)
    on = bool(listener.connection.app_token and listener.connection.token)
    listener._beat = Beat(host=host, pid=pid, at=now, started=now, socket="not connected" if on else "off")
    if not on:
        log.warning(NO_APP_TOKEN if listener.connection.token else NO_TOKEN)
    threads = [_part(listener, part) for part in ((_deliver, _hear) if on else (_deliver,))]
    try:
        _sign(listener)
        while not listener.stop.wait(beats.EVERY_S):
            _sign(listener)
    finally:
        listener.stop.set()
        listener.hurry.set()
        for thread in threads:
            thread.join(END_S / len(threads))
        beats.remove(listener.home, host=host, pid=pid)
    return not listener.failed


def _part(listener: Listener, work: Callable[[Listener], None]) -> threading.Thread:
    def whole() -> None:
        try:
            work(listener)
        except Exception:  # a listener that hears or says nothing any more must not look alive
            log.exception("Slack: a part of the listener has failed")
            listener.failed = True
            listener.stop.set()

    thread = threading.Thread(target=whole, name=f"shadow-slack{work.__name__}", daemon=True)
    thread.start()
    return thread


def _deliver(listener: Listener) -> None:
    """The courier's rounds; a store that is away is waited for."""
    from sqlalchemy.exc import SQLAlchemyError

    from shadow.errors import ShadowError

    client: WebClient | None = listener.connection.client()
    while not listener.stop.is_set():
        listener.hurry.clear()
        problem = ""
        try:
            drain(listener.store, client=client, now=listener.clock(), wake=listener.wake)
        except (ShadowError, SQLAlchemyError) as error:
            problem = one_line(f"the store cannot be used: {error}", 200)
        _passed(listener, problem)
        listener.hurry.wait(PASS_S)


def _hear(listener: Listener) -> None:
    from shadow.adapters.slack.socket import Line, listen

    desk = Desk(store=listener.store, connect=listener.connection.client, via="socket", clock=listener.clock)
    told = _teller(listener)
    listen(
        Line(
            connection=listener.connection,
            desk=desk,
            hands=Hands(),
            stop=listener.stop,
            told=told,
            after=listener.hurry.set,
        )
    )


def _teller(listener: Listener) -> Callable[[bool, str], None]:
    """Writes down whether we are connected, at once; a reason is logged when it is new."""

    def told(connected: bool, why: str) -> None:
        before = listener._beat
        if before is not None and not connected and before.why != why:
            log.warning("Slack: Socket Mode is not connected: %s", why)
        _change(listener, socket="connected" if connected else "not connected", why=why)
        _sign(listener)

    return told


def _passed(listener: Listener, problem: str) -> None:
    if problem and problem != listener._problem:
        log.error("Slack: %s", problem)
    listener._problem = problem
    _change(listener, passed=listener.clock())


def _change(listener: Listener, **values: object) -> None:
    with listener._lock:
        if listener._beat is not None:
            listener._beat = replace(listener._beat, **values)  # type: ignore[arg-type]


def _sign(listener: Listener) -> None:
    """Leave a sign of life; a home that cannot be written to stops nothing."""
    with listener._lock:
        if listener._beat is None or listener.stop.is_set():
            return
        why = listener._problem or listener._beat.why
        try:
            beats.write(listener.home, replace(listener._beat, at=listener.clock(), why=why))
        except OSError as error:
            log.warning("Slack: no heartbeat can be left in %s: %s", listener.home, error)
