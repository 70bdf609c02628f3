"""The app's manifest: what is pasted into api.slack.com to make the app, with the least that the harness needs."""

from __future__ import annotations

from typing import Any

from shadow.errors import UsageError

SCOPES = ("chat:write",)  # post, update, and a word to one person; nothing is read
APP_SCOPES = ("connections:write",)  # of the app-level token, for Socket Mode; not part of a manifest
PATH = "/shadow-slack/interactivity"


def manifest(*, name: str = "Shadow Harness", url: str = "") -> str:
    """The manifest as YAML.

    Args:
        name: the app's name, 1 to 35 characters.
        url: where Airflow is reached from Slack, for signed HTTP; empty: Socket Mode, which needs no public address.

    Raises:
        UsageError: the address is no https address, or the name is too long.
    """
    import yaml

    if not 1 <= len(name.strip()) <= 35:
        raise UsageError("the app's name does not fit", where="--name", seen=name[:60], allowed="1 to 35 characters")
    interactivity: dict[str, Any] = {"is_enabled": True}
    if url:
        interactivity["request_url"] = request_url(url)
    data = {
        "display_information": {
            "name": name.strip(),
            "description": "Verdicts of shadow runs, and approval of cutovers",
        },
        "features": {"bot_user": {"display_name": "shadow", "always_online": False}},
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "interactivity": interactivity,
            "org_deploy_enabled": False,
            "socket_mode_enabled": not url,
            "token_rotation_enabled": False,
        },
    }
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True)


def request_url(url: str) -> str:
    """Where Slack posts clicks: the address itself where it names our route, else the route under it."""
    address = url.strip().rstrip("/")
    if not address.startswith("https://") or len(address) <= len("https://") or any(one.isspace() for one in address):
        raise UsageError(
            "Slack posts to https addresses only",
            where="--url",
            seen=url[:120],
            allowed="https://airflow.example.org",
            todo="give the address under which Slack reaches Airflow, or leave --url out for Socket Mode",
        )
    return address if address.endswith(PATH) else f"{address}{PATH}"
