"""Slack's signed HTTP route in Airflow's server: `POST /shadow-slack/interactivity`.

It stands outside Airflow's login, since Slack has none; each request is checked by its signature. Without a signing
secret in the connection `slack_api_default`, every request is refused. Importing this starts nothing.
"""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from shadow.adapters.airflow.slack_app import lazy_app


class ShadowSlack(AirflowPlugin):
    """What is registered."""

    name = "shadow_slack"
    fastapi_apps = [  # noqa: RUF012
        {"app": lazy_app(), "url_prefix": "/shadow-slack", "name": "Shadow: interactions in Slack"}
    ]
