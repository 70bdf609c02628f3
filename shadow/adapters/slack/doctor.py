"""`shadow slack doctor`: what is there, what is missing and what to do about it; what cannot be known is said too.

Asks Slack only what the least scopes allow: who the bot is, and for a Socket Mode address. Nothing is posted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from shadow.adapters.slack.calls import Answer, Failure, call
from shadow.adapters.slack.client import DEFAULT_CONNECTION, VARIABLES, SlackConnection
from shadow.adapters.slack.manifest import SCOPES
from shadow.adapters.slack.signed import WITHIN

if TYPE_CHECKING:
    from shadow.approval import People
    from shadow.contract import Approval
    from shadow.store import Store

_LOCAL = ("127.0.0.1", "localhost", "::1")
_READS = ("channels:read", "groups:read")
_CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{6,}")


class State(StrEnum):
    """What was found."""

    OK = "ok"
    MISSING = "missing"
    UNKNOWN = "unknown"  # cannot be found out from here


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at: what was found, and what to do where it is missing."""

    name: str
    state: State
    said: str
    todo: str = ""


def examine(
    connection: SlackConnection, *, now: datetime, store: Store | None, people: People | None
) -> Iterator[Check]:
    """Every check, in the order in which somebody would set Slack up.

    Args:
        store: whose contracts say who approves and where; None: there is none yet.
        people: who is who; None: the file cannot be read, and why was told.
    """
    yield from _address(connection)
    bot: Answer | None = None
    if connection.token:
        found = _asked(connection, "auth_test")
        bot = found if isinstance(found, Answer) else None
        yield _token(found)
    else:
        yield _absent("token", "it is the password of the Airflow connection", "shadow slack manifest shows the app")
    if bot is not None:
        yield _scopes(bot)
        yield _clock(bot, now)
    yield from _ways_in(connection)
    if store is not None:
        yield from _workflows(connection, store, bot, people)


def _absent(field: str, where: str, more: str) -> Check:
    todo = f"set {VARIABLES[field]}, or fill in the connection {DEFAULT_CONNECTION} ({where}); {more}"
    return Check(name=field.replace("_", " "), state=State.MISSING, said="none is given", todo=todo)


def _asked(connection: SlackConnection, method: str, **arguments: str) -> Answer | Failure:
    client = connection.client()
    return Failure(word="no token") if client is None else call(getattr(client, method), **arguments)


def _address(connection: SlackConnection) -> Iterator[Check]:
    parts = urlsplit(connection.base_url)
    if parts.scheme == "http" and parts.hostname not in _LOCAL:
        yield Check(
            name="address",
            state=State.MISSING,
            said=f"{parts.hostname} is reached without encryption, and tokens travel in clear",
            todo=f"give an https address as {VARIABLES['base_url']}, or none at all for Slack itself",
        )


def _token(found: Answer | Failure) -> Check:
    if isinstance(found, Answer):
        said = f"user {found.text('user_id') or '?'} in workspace {found.text('team_id') or '?'}"
        return Check(name="token", state=State.OK, said=said)
    if found.reached:
        todo = "take a new bot token from the app's page (OAuth & Permissions) and put it into the connection"
        return Check(name="token", state=State.MISSING, said=f"Slack refuses it: {found.word}", todo=todo)
    todo = "see that this machine reaches Slack's Web API; messages wait in the outbox meanwhile"
    return Check(name="Slack", state=State.MISSING, said=f"it cannot be asked: {found.word}", todo=todo)


def _scopes(bot: Answer) -> Check:
    if bot.scopes is None:
        return Check(name="scopes", state=State.UNKNOWN, said="Slack's answer does not name them")
    lacking = [one for one in SCOPES if one not in bot.scopes]
    if lacking:
        todo = f"add {', '.join(lacking)} under OAuth & Permissions and install the app again"
        return Check(name="scopes", state=State.MISSING, said=f"{', '.join(lacking)} is not granted", todo=todo)
    more = [one for one in bot.scopes if one not in SCOPES]
    said = f"{', '.join(SCOPES)}" + (f"; more than the harness needs: {', '.join(more)}" if more else ", no more")
    return Check(name="scopes", state=State.OK, said=said)


def _clock(bot: Answer, now: datetime) -> Check:
    try:
        apart = abs((parsedate_to_datetime(bot.date) - now).total_seconds())
    except (ValueError, TypeError):
        return Check(name="clock", state=State.UNKNOWN, said="Slack's answer carries no date")
    if apart > WITHIN:
        todo = "set this machine's clock; Slack's signed requests are refused, and requests expire at the wrong time"
        return Check(name="clock", state=State.MISSING, said=f"{apart:,.0f} s away from Slack's", todo=todo)
    return Check(name="clock", state=State.OK, said=f"within {max(apart, 1):.0f} s of Slack's")


def _ways_in(connection: SlackConnection) -> Iterator[Check]:
    """Clicks come by Socket Mode or by signed HTTP; one of them is needed."""
    if connection.app_token:
        yield _app_token(connection)
    if connection.signing_secret:
        yield _signing_secret(connection.signing_secret)
    if not connection.app_token and not connection.signing_secret:
        todo = (
            f"for Socket Mode make an app token with connections:write and set {VARIABLES['app_token']} "
            f"(extra app_token); for signed HTTP set {VARIABLES['signing_secret']} (extra signing_secret)"
        )
        yield Check(name="clicks", state=State.MISSING, said="there is neither app token nor signing secret", todo=todo)


def _app_token(connection: SlackConnection) -> Check:
    from slack_sdk import WebClient

    from shadow.adapters.slack.client import TIMEOUT, quiet

    client = WebClient(base_url=connection.base_url, timeout=TIMEOUT, retry_handlers=[], logger=quiet())
    found = call(client.apps_connections_open, app_token=connection.app_token)
    if isinstance(found, Answer) and found.text("url"):
        return Check(name="app token", state=State.OK, said="Slack gives a Socket Mode address for it")
    word = found.word if isinstance(found, Failure) else "the answer holds no address"
    todo = "switch Socket Mode on and make an app-level token with connections:write (Basic Information)"
    return Check(name="app token", state=State.MISSING, said=f"no Socket Mode address: {word}", todo=todo)


def _signing_secret(secret: str) -> Check:
    if re.fullmatch(r"[0-9a-f]{32}", secret):
        said = "it has the right shape; whether it is this app's shows with the first click"
        return Check(name="signing secret", state=State.OK, said=said)
    said = "it has not the shape of Slack's (32 hex digits), which another server's need not have"
    return Check(name="signing secret", state=State.UNKNOWN, said=said)


def _workflows(connection: SlackConnection, store: Store, bot: Answer | None, people: People | None) -> Iterator[Check]:
    from shadow.store.newest import newest_contracts
    from shadow.store.registry import contract_of

    refused = _refused(store)
    for workflow, key in newest_contracts(store).items():
        approval = contract_of(store, key).approval
        if approval is None:
            yield Check(name=workflow, state=State.UNKNOWN, said="its contract names no approvers; nobody is asked")
            continue
        yield _channel(connection, workflow, approval.channel, bot, refused)
        yield from _approvers(workflow, approval, bot, people)


def _refused(store: Store) -> dict[str, str]:
    """Channel → why Slack has refused the newest message for it that it refused for good."""
    from shadow.store.ledger import Event, entries

    lost = (entry.body for entry in entries(store) if entry.event is Event.UNDELIVERED)
    return {str(body.get("channel")): str(body.get("error")) for body in lost}


def _channel(
    connection: SlackConnection, workflow: str, channel: str, bot: Answer | None, refused: Mapping[str, str]
) -> Check:
    """Whether the bot is in the channel can only be read with a scope that the harness does not need."""
    name = f"{workflow}: channel"
    invite = f"invite the bot there: /invite @shadow in {channel}"
    can_read = bot is not None and bot.scopes is not None and any(one in bot.scopes for one in _READS)
    if can_read and _CHANNEL_ID.fullmatch(channel):
        found = _asked(connection, "conversations_info", channel=channel)
        told = found.data.get("channel") if isinstance(found, Answer) else None
        if isinstance(told, dict) and isinstance(told.get("is_member"), bool):
            state = State.OK if told["is_member"] else State.MISSING
            said = f"the bot is {'' if told['is_member'] else 'not '}in {channel}"
            return Check(name=name, state=state, said=said, todo="" if told["is_member"] else invite)
    if channel in refused:
        said = f"the last message to {channel} that was put aside was refused: {refused[channel]}"
        return Check(name=name, state=State.MISSING, said=said, todo=f"{invite}, if that is still so")
    said = f"{channel}: whether the bot is in it cannot be read with chat:write alone; the first message shows it"
    named = "" if _CHANNEL_ID.fullmatch(channel) else "; a channel's id is limited less than its name"
    return Check(name=name, state=State.UNKNOWN, said=said + named, todo=invite)


def _approvers(workflow: str, approval: Approval, bot: Answer | None, people: People | None) -> Iterator[Check]:
    """Each approver needs an account, else nobody can say yes here."""
    if people is None:
        return
    team = bot.text("team_id") if bot is not None else ""
    start = f"slack:{team}/" if team else "slack:"
    may = [one for one in approval.approvers if one != approval.candidate_owner]
    reached = [one for one in may if _has(people.identities(one), start)]
    lacking = [one for one in may if one not in reached]
    name = f"{workflow}: approvers"
    where = f'as {{"{lacking[0] if lacking else ""}": ["{start}<user id>", "airflow:<user>"]}}'
    if len(reached) < approval.quorum:
        said = f"{len(reached)} of the {approval.quorum} that are needed have an account in this workspace"
        todo = f"add {', '.join(lacking)} to the people file, {where}"
        yield Check(name=name, state=State.MISSING, said=said, todo=todo)
    elif lacking:
        said = f"no account in this workspace: {', '.join(lacking)}; the quorum of {approval.quorum} can be met"
        yield Check(name=name, state=State.MISSING, said=said, todo=f"add them to the people file, {where}")
    else:
        said = f"all {len(reached)} have an account in this workspace; quorum {approval.quorum}"
        yield Check(name=name, state=State.OK, said=said)


def _has(identities: Iterable[str], start: str) -> bool:
    return any(one.startswith(start) and len(one) > len(start) for one in identities)
