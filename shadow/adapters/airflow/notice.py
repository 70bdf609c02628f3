"""What a run tells people when it is over: put into the outbox, and said at once where Slack is there.

Each thing is said once, however often the task runs: the digest once a run and outcome, a verdict that is news once a
look, a pattern once a cause and day, a failure once for what failed. Slack being down or absent fails nothing: the
outbox keeps what is to be said. A contract that names no channel is told nothing but the log.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shadow.adapters.airflow.served import Served
from shadow.adapters.slack import messages
from shadow.adapters.slack.client import from_airflow
from shadow.adapters.slack.courier import drain
from shadow.approval import signed, void_because
from shadow.contract import digest
from shadow.notices.finding import error_bursts, queue_notice, recurring_causes
from shadow.notices.news import is_news
from shadow.notices.patterns import Pattern
from shadow.steps import build_report
from shadow.store import Store
from shadow.store.outbox import MESSAGE, queue
from shadow.store.registry import Run, experiment, run
from shadow.store.said import said_under
from shadow.store.verdicts import StoredVerdict, verdict_of, verdicts_of

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A DAG run whose other tasks are over.

    Attributes:
        failed: tasks that failed, as `replay[3]`, in order.
        judged: whether a task that reaches a verdict succeeded in it.
    """

    dag_id: str
    dag_run: str
    failed: tuple[str, ...]
    judged: bool


def ended(ti: Any) -> Ended:
    """How the tasks before this one ended, as Airflow has it."""
    tasks = list(ti.get_task_breadcrumbs(dag_id=ti.dag_id, run_id=ti.run_id))
    failed = [_name(one) for one in tasks if str(one["state"]) == "failed"]
    judged = any(one["task_id"] in ("assess", "stopped") and str(one["state"]) == "success" for one in tasks)
    return Ended(dag_id=ti.dag_id, dag_run=ti.run_id, failed=tuple(sorted(failed)), judged=judged)


def tell(store: Store, served: Served, run_id: str | None, over: Ended, *, now: datetime) -> None:
    """Queue what a run has to say, then say what the outbox holds, as far as Slack takes it now.

    Args:
        run_id: our run; None where it failed before it began.
    """
    one = run(store, run_id) if run_id else None
    verdict = verdict_of(store, one.id) if one else None
    links = messages.run_links(over.dag_id, over.dag_run)
    say = _Saying(store=store, served=served, links=links, now=now)
    if one is None or verdict is None or not over.judged:
        _failure(say, over)
    else:
        _digest(say, one, verdict)
        _news(say, verdict)
    if one is not None:
        _patterns(say, one, verdict if over.judged else None)
    _send(store, served, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Saying:
    """To whom, about which run, and when."""

    store: Store
    served: Served
    links: messages.Links
    now: datetime

    @property
    def channel(self) -> str:
        approval = self.served.setup.contract.approval
        return approval.channel.strip() if approval else ""

    def queue(self, key: str, payload: Mapping[str, Any]) -> None:
        """Say it once, or where there is no channel in the log alone."""
        if not self.channel:
            _unheard(self.served.workflow, payload)
        elif queue(
            self.store, key=key, kind=MESSAGE, about=key[:60], channel=self.channel, payload=payload, now=self.now
        ):
            log.info("%s: queued for Slack: %s", self.served.workflow, payload["text"])


def _unheard(workflow: str, payload: Mapping[str, Any]) -> None:
    log.warning("%s: the contract names no channel, so only this log is told: %s", workflow, payload["text"])


def _failure(say: _Saying, over: Ended) -> None:
    links = messages.dag_run_links(over.dag_id, over.dag_run)
    payload = messages.failed_message(say.served.workflow, over.failed, links=links)
    say.queue(f"failed:{digest([over.dag_id, over.dag_run, list(over.failed)])[:32]}", payload)


def _digest(say: _Saying, one: Run, verdict: StoredVerdict) -> None:
    key = f"digest:{one.id}:{verdict.decision_digest[:12]}"
    if said_under(say.store, key):
        return  # nothing is gathered again for what was said
    report = build_report(say.store, one.experiment, look=verdict.look, now=say.now)
    say.queue(key, messages.digest_message(report, link=say.links.report))


def _news(say: _Saying, verdict: StoredVerdict) -> None:
    if not is_news(verdict, verdicts_of(say.store, verdict.experiment)):
        return
    one = experiment(say.store, verdict.experiment)
    void = void_because(say.store, one, now=say.now)
    is_signed = signed(say.store, verdict.contract)
    payload = messages.verdict_message(verdict, one, signed=is_signed, void=void, links=say.links)
    say.queue(f"verdict:{digest([one.id, verdict.look.isoformat()])[:20]}:{verdict.word}", payload)


def _patterns(say: _Saying, one: Run, verdict: StoredVerdict | None) -> None:
    found: list[Pattern] = [*error_bursts(say.store, one.experiment, look=one.end)]
    if verdict is not None:
        found += recurring_causes(say.store, verdict)
    held = experiment(say.store, one.experiment)
    for pattern in found:
        payload = messages.pattern_message(pattern, held, links=say.links)
        if not say.channel:
            _unheard(held.workflow, payload)
        elif queue_notice(say.store, pattern, experiment=held.id, channel=say.channel, payload=payload, now=say.now):
            log.info("%s: queued for Slack: %s", held.workflow, payload["text"])


def _send(store: Store, served: Served, now: datetime) -> None:
    client = from_airflow(served.slack_connection)()
    if client is None:
        return  # the connection has said why; the outbox keeps what waits
    done = drain(store, client=client, now=now)
    log.info("%s: Slack: %d said, %d wait, %d put aside", served.workflow, done.sent, done.waiting, done.dead)


def _name(one: Mapping[str, Any]) -> str:
    index = one.get("map_index", -1)
    return str(one["task_id"]) if index in (None, -1) else f"{one['task_id']}[{index}]"
