"""The table of commands: words, what it is for, its arguments, and the function that does it."""

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


def _arg(*names: str, **options: Any) -> Argument:
    return names, options


WORKFLOW = _arg("workflow", help="the workflow's name, as refund-desk")
CANDIDATE = _arg("--candidate", default="", help="the candidate's label; the newest one by default")
STORE = _arg("--store", default=None, metavar="URL", help="the store's URL; SHADOW_STORE_URL or .shadow by default")
HOME = _arg("--home", default=None, help="where everything is (default SHADOW_HOME, else .shadow)")
AS_JSON = _arg("--json", action="store_true", help="plain data instead of text")
WHICH = _arg("which", help="a file (.yaml, .json), a workflow in the store, or an example's name")
CONNECTION = _arg("--connection", default="slack_api_default", help="whose AIRFLOW_CONN_… holds Slack's tokens")
AGAIN = _arg("--again", action="store_true", help="attack anew, whatever is kept of the last day")
CONTRACTS = "show and check contracts"
LABELS = "take discrepancies out for review and people's words in"
KEEPING = "look after our own database"
AUDIT = "the record of who allowed what"
SLACK = "set Slack up and listen to it"

COMMANDS: tuple[Command, ...] = (
    Command(
        words="demo",
        help="build a small live system and shadow it with two candidates, end to end",
        module="shadow.cli.demo",
        function="demo",
        arguments=(
            _arg("--seed", type=int, default=1, help="draws the world (default 1)"),
            _arg("--faults", type=int, default=3, help="how many faults version 1 gets (default 3)"),
            _arg("--days", type=int, default=28, help="how many daily windows (default 28)"),
            _arg("--scale", type=float, default=1.0, help="share of the full volume (default 1.0)"),
            _arg("--home", default=None, help="where everything goes (default .shadow)"),
        ),
    ),
    Command(
        words="up",
        help="start Airflow on this machine with our DAGs and pages, and say how to log in",
        module="shadow.cli.up",
        function="up",
        arguments=(
            HOME,
            _arg("--port", type=int, default=8080, help="of 127.0.0.1 (default 8080; 0 for one that is free)"),
            _arg("--dags", default=None, help="the folder with DAG files (default dags)"),
            _arg("--plugins", default=None, help="the folder with Airflow plugins (default plugins)"),
        ),
    ),
    Command(
        words="down",
        help="end that Airflow and everything that it started",
        module="shadow.cli.up",
        function="down",
        arguments=(HOME,),
    ),
    Command(
        words="preflight",
        help="attack the cage of this machine: exit code 0 it holds, 1 it leaks, 3 too little could be shown",
        module="shadow.cli.preflight",
        function="preflight",
        arguments=(
            _arg("--abi", type=int, default=None, help="as a kernel with this Landlock ABI at most would do"),
            _arg("--attest", default=None, metavar="FILE", help="write the result there, signed, good for a week"),
            AGAIN,
            HOME,
            STORE,
            AS_JSON,
        ),
    ),
    Command(
        words="doctor",
        help="what is enforced on this machine, in words; exit code 1 where a candidate is not held",
        module="shadow.cli.preflight",
        function="doctor",
        arguments=(AGAIN, HOME, AS_JSON),
    ),
    Command(
        words="run",
        help="run a workflow's DAG over one window, in this process, without a server",
        module="shadow.cli.run",
        function="run",
        arguments=(
            WORKFLOW,
            _arg("--from", dest="start", required=True, help="start of the window, ISO 8601 (inclusive)"),
            _arg("--to", dest="end", required=True, help="end of the window, ISO 8601 (exclusive)"),
            CANDIDATE,
            _arg("--at-most", type=int, default=None, help="take at most so many cases; such a run adds no evidence"),
            _arg("--dags", default="dags", help="the folder with DAG files (default dags)"),
        ),
    ),
    Command(
        words="verdict",
        help="the verdict of an experiment: exit code 0 ready, 1 not ready, 3 inconclusive",
        module="shadow.cli.show",
        function="verdict",
        arguments=(WORKFLOW, CANDIDATE, STORE, AS_JSON),
    ),
    Command(
        words="report",
        help="write the report of an experiment's newest look",
        module="shadow.cli.show",
        function="report",
        arguments=(
            WORKFLOW,
            CANDIDATE,
            STORE,
            AS_JSON,
            _arg("--html", default=None, metavar="FILE", help="write the page there instead of text to the terminal"),
        ),
    ),
    Command(
        words="contract show",
        help="one page in plain words",
        group_help=CONTRACTS,
        module="shadow.cli.contract",
        function="show",
        arguments=(WHICH, STORE, _arg("--yaml", action="store_true", help="the contract itself as YAML"), AS_JSON),
    ),
    Command(
        words="contract check",
        help="validate a contract file",
        group_help=CONTRACTS,
        module="shadow.cli.contract",
        function="check",
        arguments=(_arg("file", help="a .yaml, .yml or .json file"),),
    ),
    Command(
        words="labels export",
        help="discrepancies that wait for a word, as CSV",
        group_help=LABELS,
        module="shadow.cli.labels",
        function="export",
        arguments=(
            WORKFLOW,
            CANDIDATE,
            STORE,
            _arg("--out", default="-", metavar="FILE", help="where to write (default: the terminal)"),
            _arg("--every", action="store_true", help="minor and cosmetic discrepancies too"),
        ),
    ),
    Command(
        words="labels import",
        help="a filled-in sheet: all of it, or nothing where a row is wrong",
        group_help=LABELS,
        module="shadow.cli.labels",
        function="take_in",
        arguments=(_arg("file", help="the CSV file"), STORE),
    ),
    Command(
        words="window accept",
        help="take a window that validation stopped as sound after all; run it again afterwards",
        group_help="windows of arrivals",
        module="shadow.cli.window",
        function="accept",
        arguments=(
            WORKFLOW,
            _arg("--from", dest="start", required=True, help="start of the window, ISO 8601"),
            _arg("--to", dest="end", required=True, help="end of the window, ISO 8601"),
            _arg("--who", required=True, help="who says so"),
            _arg("--why", required=True, help="why it is sound"),
            CANDIDATE,
            STORE,
        ),
    ),
    Command(
        words="rollback",
        help="give everything to the control, at once, on your word",
        module="shadow.cli.rollout",
        function="rollback",
        arguments=(
            WORKFLOW,
            _arg("--why", required=True, help="why; it is recorded and told"),
            _arg("--who", default="", help="who says so (default os:<user>@<host>)"),
            STORE,
        ),
    ),
    Command(
        words="stage show",
        help="where a workflow stands, and every change: who, why, when",
        group_help="shadow, canary, live",
        module="shadow.cli.rollout",
        function="stages",
        arguments=(WORKFLOW, STORE, AS_JSON),
    ),
    Command(
        words="route",
        help="who would get a key on this machine, and why",
        module="shadow.cli.rollout",
        function="route",
        arguments=(
            WORKFLOW,
            _arg("key", help="what the traffic is split by, as a customer's id"),
            _arg("--demonstration", action="store_true", help="follow a demonstration's stage too"),
            AS_JSON,
        ),
    ),
    Command(
        words="audit verify",
        help="whether the ledger holds and the tables agree with it: exit code 0 yes, 1 no",
        group_help=AUDIT,
        module="shadow.cli.audit",
        function="verify_ledger",
        arguments=(
            _arg("--anchor", default=None, metavar="SEQ:HASH", help="a row that people were told, so it must be there"),
            STORE,
            AS_JSON,
        ),
    ),
    Command(
        words="audit show",
        help="the ledger, oldest row first",
        group_help=AUDIT,
        module="shadow.cli.audit",
        function="show",
        arguments=(
            _arg("--workflow", default=None, help="only this workflow"),
            _arg("--request", default=None, help="only this request"),
            STORE,
            AS_JSON,
        ),
    ),
    Command(
        words="slack listen",
        help="post what waits, hear clicks over Socket Mode and wake Airflow, until it is ended",
        group_help=SLACK,
        module="shadow.cli.slack",
        function="listen",
        arguments=(CONNECTION, STORE),
    ),
    Command(
        words="slack doctor",
        help="what is missing and what to do about it; exit code 1 where something is",
        group_help=SLACK,
        module="shadow.cli.slack",
        function="doctor",
        arguments=(CONNECTION, STORE, AS_JSON),
    ),
    Command(
        words="slack status",
        help="who listens and what waits to be posted",
        group_help=SLACK,
        module="shadow.cli.slack",
        function="status",
        arguments=(STORE, AS_JSON),
    ),
    Command(
        words="slack manifest",
        help="the app's manifest with the least scopes, to be pasted into api.slack.com",
        group_help=SLACK,
        module="shadow.cli.slack",
        function="manifest",
        arguments=(
            _arg("--url", default="", help="where Slack reaches Airflow, for signed HTTP (default: Socket Mode)"),
            _arg("--name", default="Shadow Harness", help="the app's name (default Shadow Harness)"),
        ),
    ),
    Command(
        words="store show",
        help="where the store is and how many rows it holds",
        group_help=KEEPING,
        module="shadow.cli.store",
        function="show",
        arguments=(STORE, AS_JSON),
    ),
    Command(
        words="store redrive",
        help="open an experiment's dead letters again; the next run of their windows takes them",
        group_help=KEEPING,
        module="shadow.cli.store",
        function="redrive_letters",
        arguments=(WORKFLOW, CANDIDATE, STORE),
    ),
    Command(
        words="store prune",
        help="empty what is past the date until which it may be kept",
        group_help=KEEPING,
        module="shadow.cli.store",
        function="prune_now",
        arguments=(STORE, _arg("--at", default=None, help="as of this moment, ISO 8601 (default: now)")),
    ),
)
