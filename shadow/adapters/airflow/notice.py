"""The notice at the end of a run: its digest to the contract's channel, through Airflow's Slack connection."""

from __future__ import annotations

import logging

from shadow.adapters.airflow.served import Served
from shadow.adapters.slack.digest import NotPosted, from_airflow, post_digest
from shadow.steps import build_report
from shadow.store import Store
from shadow.store.registry import run
from shadow.store.verdicts import verdict_of

log = logging.getLogger(__name__)


def post(store: Store, served: Served, run_id: str) -> None:
    """Post the run's digest; where there is no verdict, no token or no Slack, say so in the log."""
    if verdict_of(store, run_id) is None:
        log.warning("%s: no notice, run %s has no verdict", served.workflow, run_id)
        return
    client = from_airflow(served.slack_connection)()
    if client is None:
        return  # the connection has said why
    one, approval = run(store, run_id), served.setup.contract.approval
    told = post_digest(
        build_report(store, one.experiment, look=one.end),
        connection=lambda: client,
        channel=approval.channel if approval else "",
    )
    if not isinstance(told, NotPosted):
        log.info("%s: the digest of run %s was posted", served.workflow, run_id)
