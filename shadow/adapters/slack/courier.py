"""The courier: says what lies in the outbox, wakes what waits in Airflow, and closes requests whose time is over.

Several may run at once: a row is taken by one sender at a time, and of several rows about one request only the oldest
is worked on, rendered from the store as it stands, so that no older state ever overwrites a newer one. What Slack does
not take now waits: as long as Slack asks for, else 1, 2, 4, … seconds, at most five minutes. What it will never take is
put aside, seen in `shadow slack status`, and written into the ledger. Delivery is at least once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from shadow.adapters.slack.calls import Answer, Failure
from shadow.adapters.slack.outgoing import deliver, workflow_of
from shadow.errors import ShadowError
from shadow.reports.safe import one_line
from shadow.store import outbox
from shadow.store.outbox import KINDS, REQUEST, WAKE, Message

if TYPE_CHECKING:
    from slack_sdk import WebClient

    from shadow.store import Store

log = logging.getLogger(__name__)

LONGEST_PAUSE = 300  # seconds between two tries
_EVER = datetime(9000, 1, 1, tzinfo=UTC)
Wake = Callable[["Store", str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """One pass: how many rows were said or done, how many still wait, how many were put aside for good."""

    sent: int
    waiting: int
    dead: int


@dataclass(slots=True, kw_only=True)
class _Pass:
    """One pass over the outbox; `away` is whether Slack was found away in it, `hushed` the channels it closed."""

    store: Store
    client: WebClient | None
    wake: Wake | None
    clock: Callable[[], datetime]
    away: bool = False
    hushed: dict[str, datetime] = field(default_factory=dict)
    sent: int = 0
    dead: int = 0


def drain(
    store: Store,
    *,
    client: WebClient | None,
    now: datetime,
    wake: Wake | None = None,
    elapsed: Callable[[], float] = time.monotonic,
) -> Drained:
    """One pass; whatever Slack or Airflow does, this returns.

    Args:
        client: speaks to Slack; None: nothing is said, and rows for Slack wait.
        now: when the pass begins.
        wake: wakes what waits for a request's decision in Airflow; True when nothing is left to wake. None: such rows
            wait for a courier that can.
        elapsed: seconds on a clock that only goes forward; a long pass is dated by it.

    Raises:
        StoreError: the store itself cannot be used.
    """
    from shadow.approval import expire

    begun = elapsed()
    on = _Pass(
        store=store, client=client, wake=wake, clock=lambda: now + timedelta(seconds=max(0.0, elapsed() - begun))
    )
    expire(store, now=now)
    kinds = [kind for kind in KINDS if (wake if kind == WAKE else client) is not None]
    for message in outbox.due(store, now=now, kinds=kinds):
        if message.kind == WAKE:
            _rouse(on, message)
        else:
            _say(on, message)
    return Drained(sent=on.sent, waiting=outbox.waiting(store).get(outbox.QUEUED, 0), dead=on.dead)


def pause(tries: int) -> float:
    """Seconds until something that has failed so often is tried again.

    Example:
        >>> [pause(n) for n in (0, 1, 5, 9, 10_000)]
        [1.0, 2.0, 32.0, 300.0, 300.0]
    """
    return float(min(LONGEST_PAUSE, 2 ** min(tries, 20)))


def _say(on: _Pass, message: Message) -> None:
    if on.away or on.client is None or not _first_of_its_request(on.store, message):
        return
    if not outbox.claim(on.store, message, now=on.clock()):
        return
    if message.channel in on.hushed:
        outbox.later(on.store, message, at=on.hushed[message.channel], error="ratelimited")
        return
    same = _about_the_same(on.store, message)
    try:
        done = deliver(on.store, on.client, message, now=on.clock())
    except (ShadowError, LookupError, TypeError, ValueError) as error:
        # one that cannot be put into words must not keep the others from being said
        done = Failure(word=one_line(f"{type(error).__name__}: {error}", 300), permanent=True)
    if isinstance(done, Answer):
        _done(on, same, ts=done.text("ts"))
    elif done.permanent:
        _put_aside(on, message, done)
    else:
        _put_off(on, message, done)


def _rouse(on: _Pass, message: Message) -> None:
    """Wake what waits; an Airflow that is away is tried again like Slack."""
    if on.wake is None or not outbox.claim(on.store, message, now=on.clock()):
        return
    try:
        woken, why = on.wake(on.store, message.about), "nothing was woken"
    except (OSError, ShadowError, ValueError, LookupError, ImportError) as error:
        woken, why = False, one_line(f"{type(error).__name__}: {error}", 300)
    if woken:
        _done(on, [message])
        return
    log.warning("Airflow: what waits for request %s was not woken: %s", message.about, why)
    outbox.later(on.store, message, at=on.clock() + timedelta(seconds=pause(message.tries)), error=why)


def _first_of_its_request(store: Store, message: Message) -> bool:
    """Whether no older row about the same request waits: the oldest is the request's lock."""
    return message.kind != REQUEST or _about_the_same(store, message)[0].id == message.id


def _about_the_same(store: Store, message: Message) -> list[Message]:
    """The queued rows that this one's sending makes done, oldest first; itself at least."""
    if message.kind != REQUEST:
        return [message]
    queued = outbox.due(store, now=_EVER, kinds=(REQUEST,))
    return [one for one in queued if one.about == message.about] or [message]


def _done(on: _Pass, rows: list[Message], *, ts: str = "") -> None:
    for row in reversed(rows):  # the oldest last: until then nobody else begins with this request
        outbox.sent(on.store, row, now=on.clock(), ts=ts)
    on.sent += len(rows)


def _put_off(on: _Pass, message: Message, failure: Failure) -> None:
    at = on.clock() + timedelta(seconds=pause(message.tries) if failure.wait_s is None else failure.wait_s)
    if failure.wait_s is not None:
        on.hushed[message.channel] = at  # Slack limits each channel; what else is for this one waits as well
    elif not failure.reached:
        on.away = True  # the next row would only wait for the same silence
    log.warning("Slack: %s of %s is put off until %s: %s", message.kind, message.key, at.isoformat(), failure.word)
    outbox.later(on.store, message, at=at, error=failure.word)


def _put_aside(on: _Pass, message: Message, failure: Failure) -> None:
    """Written into the ledger first: a message that nobody will get is never gone without a trace."""
    from shadow.store.ledger import Event, append

    log.error("Slack: %s of %s will not be taken: %s", message.kind, message.key, failure.word)
    body = {"kind": message.kind, "key": message.key, "channel": message.channel, "error": failure.word}
    needed = {"needed": failure.needed} if failure.needed else {}
    subject = message.about if message.kind == REQUEST else ""
    try:
        workflow = workflow_of(on.store, message)
    except ShadowError:
        workflow = ""
    with on.store.write() as connection:
        append(
            on.store,
            connection,
            event=Event.UNDELIVERED,
            workflow=workflow,
            subject=subject,
            body={**body, **needed},
            now=on.clock(),
        )
    outbox.dead(on.store, message, now=on.clock(), error=failure.word)
    on.dead += 1
