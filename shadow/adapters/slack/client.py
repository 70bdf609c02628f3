"""One Slack app as it is reached from here: its tokens, its address, and a client that asks once and gives up soon.

In tasks and in Airflow's server it comes from an Airflow connection (type slack: the bot token is the password;
`app_token`, `signing_secret` and `base_url` are extras), elsewhere from the environment. Nothing here logs a token.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from shadow.errors import UsageError

if TYPE_CHECKING:
    from slack_sdk import WebClient

log = logging.getLogger(__name__)

SLACK = "https://slack.com/api/"
DEFAULT_CONNECTION = "slack_api_default"
TIMEOUT = 5  # seconds that Slack is waited for, at most
VARIABLES = {  # field of a connection, and the variable that gives it
    "token": "SLACK_BOT_TOKEN",
    "app_token": "SLACK_APP_TOKEN",
    "signing_secret": "SLACK_SIGNING_SECRET",
    "base_url": "SLACK_API_URL",
}
Connect = Callable[[], "WebClient | None"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackConnection:
    """What one app of one workspace is reached with; an empty text is what nobody gave. Its repr shows no secret.

    Attributes:
        token: the bot's, `xoxb-…`.
        app_token: the app's, `xapp-…`, for Socket Mode.
        signing_secret: what Slack signs its HTTP requests with.
        base_url: the address of the Web API, with a slash at the end.
    """

    token: str = field(default="", repr=False)
    app_token: str = field(default="", repr=False)
    signing_secret: str = field(default="", repr=False)
    base_url: str = SLACK

    def client(self) -> WebClient | None:
        """A client with the bot's token, or None where there is no token."""
        return from_token(self.token, base_url=self.base_url)() if self.token else None


def from_token(token: str, *, base_url: str = SLACK) -> Connect:
    """A connection with a bot token; an empty one gives none."""

    def connect() -> WebClient | None:
        if not token.strip():
            log.warning("Slack: no token; nothing is posted")
            return None
        from slack_sdk import WebClient

        # no retry: a request that was sent and not answered may have been taken; the outbox decides
        return WebClient(token=token.strip(), base_url=base_url, timeout=TIMEOUT, retry_handlers=[], logger=quiet())

    return connect


def quiet() -> logging.Logger:
    """What the SDK says goes there and is seen only on request: what failed is told here, once, without headers."""
    logger = logging.getLogger("shadow.adapters.slack.sdk")
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.CRITICAL)
    return logger


def from_airflow(conn_id: str) -> Connect:
    """A connection from Airflow's connection `conn_id` (type slack, the bot token as its password)."""

    def connect() -> WebClient | None:
        try:
            from airflow.providers.slack.hooks.slack import SlackHook
            from airflow.sdk.exceptions import AirflowNotFoundException
        except ImportError as error:
            log.warning("Slack: Airflow's Slack provider is not installed (%s)", error.name)
            return None
        try:
            hook = SlackHook(slack_conn_id=conn_id, timeout=TIMEOUT, retry_handlers=[])
            client: WebClient = hook.get_conn()
        except AirflowNotFoundException:
            log.warning("Slack: no connection %r with a token; nothing is posted", conn_id)
            return None
        return client

    return connect


def connection_of(password: str | None, extra: Mapping[str, Any]) -> SlackConnection:
    """A connection from what Airflow holds: the password is the bot's token, the rest are extras."""
    named = {name: str(extra.get(name) or "").strip() for name in ("app_token", "signing_secret", "base_url")}
    return SlackConnection(
        token=(password or "").strip(),
        app_token=named["app_token"],
        signing_secret=named["signing_secret"],
        base_url=_address(named["base_url"]),
    )


def in_a_task(conn_id: str = DEFAULT_CONNECTION) -> SlackConnection:
    """The whole of Airflow's connection `conn_id`, asked for as a task asks; an absent one is empty."""
    from airflow.sdk import BaseHook
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        held = BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        return SlackConnection()
    return connection_of(held.password, held.extra_dejson)


def from_environment(conn_id: str = DEFAULT_CONNECTION) -> SlackConnection:
    """The connection outside of Airflow: `AIRFLOW_CONN_<ID>` as JSON or URI, and over it the `SLACK_…` variables.

    Raises:
        UsageError: a variable cannot be read; its value, which may hold a token, is not shown.
    """
    variable = f"AIRFLOW_CONN_{conn_id.upper()}"
    held = _parsed(os.environ.get(variable, ""), variable)
    given = {name: os.environ.get(each, "").strip() for name, each in VARIABLES.items()}
    return SlackConnection(
        token=given["token"] or held.token,
        app_token=given["app_token"] or held.app_token,
        signing_secret=given["signing_secret"] or held.signing_secret,
        base_url=_address(given["base_url"]) if given["base_url"] else held.base_url,
    )


def _parsed(text: str, variable: str) -> SlackConnection:
    if not text.strip():
        return SlackConnection()
    try:
        return _from_json(text) if text.lstrip().startswith("{") else _from_uri(text)
    except (ValueError, TypeError, AttributeError):
        raise UsageError(
            "this connection cannot be read",
            where=variable,
            allowed='{"conn_type": "slack", "password": "xoxb-…", "extra": {"app_token": "xapp-…"}}',
            todo="correct it; its value is not shown here, since it holds a token",
        ) from None


def _from_json(text: str) -> SlackConnection:
    data = json.loads(text)
    extra = data.get("extra") or {}
    return connection_of(data.get("password"), json.loads(extra) if isinstance(extra, str) else extra)


def _from_uri(text: str) -> SlackConnection:
    parts = urlsplit(text)
    extra = dict(parse_qsl(parts.query))
    whole = json.loads(extra["__extra__"]) if "__extra__" in extra else {}
    return connection_of(unquote(parts.password or ""), {**extra, **whole})


def _address(text: str) -> str:
    """A Web API's address with its slash; an empty one is Slack's own."""
    if text and not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", text):
        raise UsageError(
            "this is no address of a Web API",
            where="SLACK_API_URL, or base_url of the Slack connection",
            seen=text[:120],
            allowed=f"an http or https address, as {SLACK}",
        )
    return f"{(text or SLACK).rstrip('/')}/"
