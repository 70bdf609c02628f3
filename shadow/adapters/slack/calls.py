"""One call of Slack's Web API as a value: what it answered, or why it failed and whether trying again can help."""

from __future__ import annotations

import http.client
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shadow.reports.safe import one_line

LONGEST_WAIT = 3600.0  # seconds; what a Retry-After may ask for at most

# the message will never be taken as it is, or not before somebody has changed something in Slack
PERMANENT = frozenset(
    {
        *("channel_not_found", "not_in_channel", "is_archived", "restricted_action", "channel_is_limited_access"),
        *("invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope"),
        *(
            "no_permission",
            "org_login_required",
            "ekm_access_denied",
            "not_allowed_token_type",
            "team_access_not_granted",
        ),
        *(
            "invalid_blocks",
            "invalid_blocks_format",
            "msg_too_long",
            "no_text",
            "invalid_arguments",
            "invalid_arg_name",
        ),
        *("message_not_found", "cant_update_message", "edit_window_closed", "metadata_too_large"),
    }
)
# the one live message is gone, or is another app's: it can be posted anew
GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
_WORD = re.compile(r"[a-z][a-z0-9_]{1,59}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Slack took it; `data` is what it said."""

    data: Mapping[str, Any]
    scopes: tuple[str, ...] | None = None  # what the token may do, where Slack says so
    date: str = ""  # Slack's clock, as an HTTP date

    def text(self, name: str) -> str:
        """A field that is text; empty where it is absent or something else."""
        found = self.data.get(name)
        return found if isinstance(found, str) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Slack did not take it.

    Attributes:
        word: Slack's own word, as `channel_not_found`, or ours for what has none; never a secret.
        permanent: whether trying again as it is cannot help.
        reached: whether Slack answered at all for itself; a busy or broken one did not.
        wait_s: how long it asked to be left alone, seconds, or None.
        needed: the scope that was missing, where Slack says so.
    """

    word: str
    permanent: bool = False
    reached: bool = False
    wait_s: float | None = None
    needed: str = ""


def call(method: Callable[..., Any], /, **arguments: Any) -> Answer | Failure:
    """Call one method of a client; whatever Slack or the network does is a value."""
    from slack_sdk.errors import SlackApiError, SlackClientError

    try:
        return _answer(method(**arguments))
    except SlackApiError as error:
        return _refused(error.response)
    except (SlackClientError, OSError, http.client.HTTPException) as error:
        return Failure(word=f"not reached ({type(error).__name__})")
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        # a token or address that no header or URL can hold, or a proxy's answer that is not Slack's
        return Failure(word=f"malformed connection or answer ({type(error).__name__})")


def _answer(response: Any) -> Answer:
    data = response.data
    if not isinstance(data, Mapping):
        raise TypeError("not an object")
    headers = _headers(response)
    scopes = headers.get("x-oauth-scopes")
    return Answer(
        data=data,
        scopes=None if scopes is None else tuple(one.strip() for one in scopes.split(",") if one.strip()),
        date=headers.get("date", ""),
    )


def _refused(response: Any) -> Failure:
    status = int(getattr(response, "status_code", 0) or 0)
    data = getattr(response, "data", None)
    said = data.get("error") if isinstance(data, Mapping) else None
    word = said if isinstance(said, str) and _WORD.fullmatch(said) else f"HTTP {status}, not an answer of Slack's"
    busy = status == 429 or word in ("ratelimited", "rate_limited")
    if busy or status >= 500:
        wait = _seconds(_headers(response).get("retry-after", "")) if busy else None
        return Failure(word="ratelimited" if busy else f"HTTP {status}", wait_s=wait)
    needed = one_line(str(data.get("needed") or ""), 100) if isinstance(data, Mapping) else ""
    known = bool(isinstance(said, str) and word == said)
    return Failure(word=word, permanent=word in PERMANENT, reached=known, needed=needed)


def _headers(response: Any) -> dict[str, str]:
    """By lower-case name; where one is there twice, its first value."""
    held = getattr(response, "headers", None) or {}
    return {str(k).lower(): str(v[0] if isinstance(v, list) and v else v) for k, v in held.items()}


def _seconds(text: str) -> float | None:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        return None
    return min(float(text), LONGEST_WAIT)
