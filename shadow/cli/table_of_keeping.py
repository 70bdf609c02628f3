"""The second half of the table: what people decide on, the record of it, Slack, and our own database."""

from __future__ import annotations

from shadow.cli.command import AS_JSON, CANDIDATE, CONNECTION, STORE, WORKFLOW, Command, arg

KEEPING = "look after our own database"
AUDIT = "the record of who allowed what"
SLACK = "set Slack up and listen to it"

KEEPING_COMMANDS: tuple[Command, ...] = (
    Command(
        words="rollback",
        help="give everything to the control, at once, on your word",
        module="shadow.cli.rollout",
        function="rollback",
        arguments=(
            WORKFLOW,
            arg("--why", required=True, help="why; it is recorded and told"),
            arg("--who", default="", help="who says so (default os:<user>@<host>)"),
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
            arg("key", help="what the traffic is split by, as a customer's id"),
            arg("--demonstration", action="store_true", help="follow a demonstration's stage too"),
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
            arg("--anchor", default=None, metavar="SEQ:HASH", help="a row that people were told, so it must be there"),
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
            arg("--workflow", default=None, help="only this workflow"),
            arg("--request", default=None, help="only this request"),
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
            arg("--url", default="", help="where Slack reaches Airflow, for signed HTTP (default: Socket Mode)"),
            arg("--name", default="Shadow Harness", help="the app's name (default Shadow Harness)"),
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
        arguments=(STORE, arg("--at", default=None, help="as of this moment, ISO 8601 (default: now)")),
    ),
)
