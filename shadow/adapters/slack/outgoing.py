"""What a row of the outbox says, rendered from the store when it is sent, and the calls of Slack that say it.

A request has one live message. It is posted without its buttons, its place is recorded, and then the buttons come with
an update: so no button is ever in a message that is not the recorded one, also when Slack takes a post and its answer
is lost on the way.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shadow.adapters.slack.calls import GONE, Answer, Failure, call
from shadow.store.outbox import REQUEST, STAGE, Message

if TYPE_CHECKING:
    from slack_sdk import WebClient

    from shadow.store import Store
    from shadow.store.requests import Request

UPDATED = ("text", "blocks", "metadata")  # what chat.update takes of a message
NOTHING_TO_SAY = Answer(data={})


def deliver(store: Store, client: WebClient, message: Message, *, now: datetime) -> Answer | Failure:
    """Say one row of kind "message", "request" or "stage" to Slack.

    Args:
        now: as of when it is said whether a request's verdict still holds, aware UTC.

    Raises:
        ShadowError: what it is about is not in the store.
    """
    if message.kind == REQUEST:
        return _request(store, client, message, now)
    body = _stage(message) if message.kind == STAGE else dict(message.payload or {})
    quiet = {"unfurl_links": False, "unfurl_media": False}
    return call(client.chat_postMessage, **{**quiet, **body, "channel": message.channel})


def workflow_of(store: Store, message: Message) -> str:
    """The workflow that a row is about; empty where it does not say."""
    from shadow.store.requests import request

    if message.kind == REQUEST:
        return request(store, message.about).workflow
    return message.about if message.kind == STAGE else ""


def _request(store: Store, client: WebClient, message: Message, now: datetime) -> Answer | Failure:
    from shadow.store.requests import Status, request

    one = request(store, message.about)
    if one.ts is None and one.status is Status.SUPERSEDED:
        return NOTHING_TO_SAY  # nobody has seen it, and a newer one says more
    body = _rendered(store, one, now)
    if one.ts is not None:
        done = _update(client, one, body)
        if not (isinstance(done, Failure) and done.word in GONE):
            return done
    return _post(store, client, one, message.channel, body)


def _post(store: Store, client: WebClient, one: Request, channel: str, body: Mapping[str, Any]) -> Answer | Failure:
    from shadow.store.requests import note_posted, request

    told = call(client.auth_test)
    if isinstance(told, Failure):
        return told
    still = [block for block in body["blocks"] if block.get("type") != "actions"]
    done = call(client.chat_postMessage, **{**body, "channel": channel, "blocks": still})
    if isinstance(done, Failure):
        return done
    team, where, ts = told.text("team_id"), done.text("channel"), done.text("ts")
    if not (team and where and ts):
        return Failure(word="the answer names no workspace, channel or timestamp")
    note_posted(store, one.id, team=team, channel=where, ts=ts)
    if still == body["blocks"]:
        return done
    return _update(client, request(store, one.id), body)


def _update(client: WebClient, one: Request, body: Mapping[str, Any]) -> Answer | Failure:
    held = {name: body[name] for name in UPDATED if name in body}
    return call(client.chat_update, channel=one.posted_in, ts=one.ts, **held)


def _rendered(store: Store, one: Request, now: datetime) -> dict[str, Any]:
    """The request as it stands now: with its buttons while it is open, with the ledger's row once it is settled."""
    from shadow.adapters.slack.messages import links_of, request_message, settled_message
    from shadow.approval import token
    from shadow.errors import StoreError
    from shadow.store.ledger import entries
    from shadow.store.requests import Status, votes_of

    votes, links = votes_of(store, one.id), links_of(one)
    if one.status is Status.OPEN:
        return request_message(one, votes, token=token(store, one), links=links, brief=_brief(store, one, now))
    settled = [entry for entry in entries(store, subject=one.id) if entry.seq == one.settled_seq]
    if not settled:
        raise StoreError(
            "the ledger holds no row of this decision",
            where=f"request {one.id}",
            seen=f"row {one.settled_seq}",
            todo="run shadow audit verify",
        )
    return settled_message(one, votes, settled[0], links=links)


def _brief(store: Store, one: Request, now: datetime) -> list[str]:
    from shadow.adapters.slack.messages import contract_brief, cutover_brief
    from shadow.steps.telling.validity import asked_on
    from shadow.store.registry import contract_of
    from shadow.store.requests import Subject

    if one.subject is Subject.CONTRACT:
        return contract_brief(contract_of(store, one.contract))
    return cutover_brief(*asked_on(store, one, now=now))


def _stage(message: Message) -> dict[str, Any]:
    from shadow.adapters.slack.messages import promoted_message, rolled_back_message
    from shadow.store.stages import Stage

    change = message.payload or {}
    said = rolled_back_message if change.get("to") == str(Stage.SHADOW) else promoted_message
    return said(message.about, change)
