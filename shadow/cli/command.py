"""A command of the table, and the arguments that several of them share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Argument = tuple[tuple[str, ...], dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command; `module` is imported only when it is called."""

    words: str
    help: str
    module: str
    function: str
    arguments: tuple[Argument, ...] = ()
    group_help: str = ""


def arg(*names: str, **options: Any) -> Argument:
    """One argument, as argparse takes it."""
    return names, options


WORKFLOW = arg("workflow", help="the workflow's name, as refund-desk")
CANDIDATE = arg("--candidate", default="", help="the candidate's label; the newest one by default")
STORE = arg("--store", default=None, metavar="URL", help="the store's URL; SHADOW_STORE_URL or .shadow by default")
HOME = arg("--home", default=None, help="where everything is (default SHADOW_HOME, else .shadow)")
AS_JSON = arg("--json", action="store_true", help="plain data instead of text")
WHICH = arg("which", help="a file (.yaml, .json), a workflow in the store, or an example's name")
CONNECTION = arg("--connection", default="slack_api_default", help="whose AIRFLOW_CONN_… holds Slack's tokens")
AGAIN = arg("--again", action="store_true", help="attack anew, whatever is kept of the last day")
