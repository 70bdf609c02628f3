"""What people do in Slack: a payload → what to acknowledge it with, and what to do on the network afterwards.

Both transports come through `handle`. All that decides something happens before the acknowledgement, in our own store;
every call of Slack comes after it. Who somebody is comes from the ids of the payload, never from a name; where a click
was made, from its container. What is malformed or not ours is acknowledged and has no effect.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shadow.adapters.slack.calls import Failure, call
from shadow.reports.safe import one_line

if TYPE_CHECKING:
    from slack_sdk import WebClient

    from shadow.approval import Refusal
    from shadow.store import Store
    from shadow.store.requests import Request

log = logging.getLogger(__name__)

CALLBACK = "shadow_decide"
DECIDES = {"shadow_approve": True, "shadow_reject": False}
SHORTEST, LONGEST = 10, 1000  # characters of a reason
SAID = 300  # characters of a sentence under a field
TOO_SHORT = f"Say in at least {SHORTEST} characters what you checked, or why not."
TOO_LONG = f"At most {LONGEST} characters are kept; say it shorter."
NOT_OURS = "This form was not made by the harness, or was altered. Nothing was recorded."
NO_RECORD = "The harness cannot reach its record just now. Nothing was recorded; try again in a minute."
NO_FORM = "Slack did not open the form in time. Nothing was recorded; click again."
_ID = re.compile(r"[A-Z0-9]{1,40}")
_TS = re.compile(r"[0-9]{1,20}\.[0-9]{1,10}")
_PRINTED = re.compile(r"[!-~]{1,400}")

Connect = Callable[[], "WebClient | None"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What Slack is answered within its three seconds, and what is done afterwards; either may be nothing."""

    body: Mapping[str, Any] | None = None
    after: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where payloads are handled.

    Attributes:
        connect: gives a client for what comes after the acknowledgement, or None.
        via: the transport, "socket" or "http".
        clock: aware UTC.
    """

    store: Store
    connect: Connect
    via: str
    clock: Callable[[], datetime]


NOTHING = Reply()


def handle(desk: Desk, payload: Any) -> Reply:
    """Take one interaction payload; whatever it is, this returns."""
    kind = _text(payload, "type")
    if kind == "block_actions":
        return _click(desk, payload)
    if kind == "view_submission" and _text(payload, "view", "callback_id") == CALLBACK:
        return _words(desk, payload)
    return NOTHING


def unavailable(payload: Any) -> Reply:
    """The answer where there is no store to look anything up in."""
    return _error("reason", NO_RECORD) if _text(payload, "type") == "view_submission" else NOTHING


def _click(desk: Desk, payload: Any) -> Reply:
    """A button of a request: looked up now, the form opened afterwards."""
    from shadow.adapters.slack.messages import decide_modal
    from shadow.approval import Click, Place, Refusal, check

    approve = DECIDES.get(_text(payload, "actions", 0, "action_id"))
    who, place = _who(payload), _container(payload)
    if approve is None or who is None or place is None:
        return NOTHING
    token = _text(payload, "actions", 0, "value", shape=_PRINTED)
    click = Click(token=token, identity=who, via=desk.via, place=Place(**place))
    found = _recorded(lambda: check(desk.store, click, now=desk.clock()))
    if found is None or isinstance(found, Refusal):
        return Reply(after=_tell(desk, payload, _sentence(found)))
    view = decide_modal(found.request, token=token, approve=approve)
    trigger = _text(payload, "trigger_id", shape=_PRINTED)
    return Reply(after=lambda: _open(desk, payload, trigger, view))


def _words(desk: Desk, payload: Any) -> Reply:
    """The form: everything is checked again; an error comes back under its field."""
    from shadow.approval import Click, Place, Refusal, check, vote

    held = _held(payload)
    who = _who(payload)
    if held is None or who is None:
        return _error("reason", NOT_OURS)
    click = Click(
        token=held["token"],
        identity=who,
        via=desk.via,
        place=Place(team=_team(payload), channel=held["channel"], ts=held["ts"]),
    )
    found = _recorded(lambda: check(desk.store, click, now=desk.clock()))
    if found is None or isinstance(found, Refusal):
        return _error("reason", _sentence(found))
    reason, approve = _field(payload, "reason"), held["approve"]
    wrong = _wrong(found.request, reason, _field(payload, "confirm"), approve=approve)
    if wrong:
        return _error(*wrong)
    done = _recorded(lambda: vote(desk.store, click, approve=approve, reason=reason, now=desk.clock()))
    if done is None or isinstance(done, Refusal):
        return _error("reason", _sentence(done))
    return NOTHING


def _wrong(request: Request, reason: str, typed: str, *, approve: bool) -> tuple[str, str] | None:
    """The field that is filled in wrongly, and what is wrong with it."""
    from shadow.adapters.slack.messages import confirm_word, confirms

    if len(reason) < SHORTEST:
        return "reason", TOO_SHORT
    if len(reason) > LONGEST:
        return "reason", TOO_LONG
    if approve and not confirms(request, typed):
        return "confirm", f"This is not what you approve. Type exactly: {confirm_word(request)}"
    return None


def _recorded(look: Callable[[], Any]) -> Any:
    """What the core answers; None where the store or the people's file cannot be read, which is never a yes."""
    from sqlalchemy.exc import SQLAlchemyError

    from shadow.errors import ShadowError

    try:
        return look()
    except (ShadowError, SQLAlchemyError) as error:
        log.error("Slack: an answer could not be looked up: %s", one_line(str(error), 300))
        return None


def _sentence(refused: Refusal | None) -> str:
    return refused.sentence if refused is not None else NO_RECORD


def _error(block: str, sentence: str) -> Reply:
    return Reply(body={"response_action": "errors", "errors": {block: one_line(sentence, SAID)}})


def _open(desk: Desk, payload: Any, trigger: str, view: Mapping[str, Any]) -> None:
    client = desk.connect()
    if client is None:
        return
    done = call(client.views_open, trigger_id=trigger, view=view)
    if isinstance(done, Failure):
        log.warning("Slack: a form was not opened: %s", done.word)
        _tell(desk, payload, NO_FORM)()


def _tell(desk: Desk, payload: Any, sentence: str) -> Callable[[], None]:
    """Say it to the clicker alone, where the click was made."""
    channel = _text(payload, "container", "channel_id", shape=_ID)
    user = _text(payload, "user", "id", shape=_ID)

    def tell() -> None:
        from shadow.adapters.slack.messages import refused_message

        client = desk.connect()
        if client is None or not channel or not user:
            return
        done = call(client.chat_postEphemeral, channel=channel, user=user, **refused_message(sentence))
        if isinstance(done, Failure):
            log.warning("Slack: a refusal was not told: %s", done.word)

    return tell


def _who(payload: Any) -> str | None:
    """The account; its workspace is the person's own, which in a shared channel need not be the channel's."""
    team = _text(payload, "user", "team_id", shape=_ID) or _text(payload, "team", "id", shape=_ID)
    user = _text(payload, "user", "id", shape=_ID)
    return f"slack:{team}/{user}" if team and user else None


def _team(payload: Any) -> str:
    """The workspace in which the app was used; for an app of a whole organisation, the person's."""
    return _text(payload, "team", "id", shape=_ID) or _text(payload, "user", "team_id", shape=_ID)


def _container(payload: Any) -> dict[str, str] | None:
    """Where the click was made, as Slack says; not what the message says of itself."""
    channel = _text(payload, "container", "channel_id", shape=_ID)
    ts = _text(payload, "container", "message_ts", shape=_TS)
    team = _team(payload)
    return {"team": team, "channel": channel, "ts": ts} if team and channel and ts else None


def _held(payload: Any) -> dict[str, Any] | None:
    """What our form carries; None where it is not one of ours by its shape."""
    try:
        data = json.loads(_text(payload, "view", "private_metadata"))
    except (ValueError, RecursionError):
        return None
    token = _text(data, "token", shape=_PRINTED)
    channel, ts = _text(data, "channel", shape=_ID), _text(data, "ts", shape=_TS)
    approve = data.get("approve") if isinstance(data, dict) else None
    if not (token and channel and ts and isinstance(approve, bool)):
        return None
    return {"token": token, "channel": channel, "ts": ts, "approve": approve}


def _field(payload: Any, block: str) -> str:
    """What was typed, its white space made single blanks and what no database takes left out."""
    typed = _text(payload, "view", "state", "values", block, "text", "value")
    return " ".join("".join(one if one.isprintable() else " " for one in typed).split())


def _text(data: Any, *way: str | int, shape: re.Pattern[str] | None = None) -> str:
    """The text at the end of the way; empty where something else is there, or it has not the shape."""
    for step in way:
        if isinstance(data, dict) and isinstance(step, str):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and len(data) > step:
            data = data[step]
        else:
            return ""
    if not isinstance(data, str) or len(data) > 20_000:
        return ""
    return data if shape is None or shape.fullmatch(data) else ""
