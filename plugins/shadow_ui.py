"""Airflow plugin: our pages in the menu and in the tab of a DAG run. It only registers; nothing is started here."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from shadow.adapters.airflow.ui import PREFIX, Pages


class ShadowUi(AirflowPlugin):
    """The pages behind Airflow's login."""

    name = "shadow_ui"
    fastapi_apps = [{"app": Pages(), "url_prefix": PREFIX, "name": "shadow"}]  # noqa: RUF012 - Airflow reads a list
    external_views = [  # noqa: RUF012
        {
            "name": "Shadow",
            "href": f"{PREFIX}/",
            "destination": "nav",
            "url_route": "shadow",
        },
        {
            "name": "Report",
            "href": f"{PREFIX}/runs/{{DAG_ID}}/{{RUN_ID}}",
            "destination": "dag_run",
            "url_route": "shadow-run",
        },
    ]
