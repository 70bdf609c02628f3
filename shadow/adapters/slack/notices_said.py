"""What people are told: verdicts, stages, patterns, runs that failed, and why a click did not count.

Counts and sentences only; no case's content and no case's id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shadow.adapters.slack.known import tried_blocks, verdict_word, void_blocks
from shadow.adapters.slack.links import Links
from shadow.adapters.slack.pieces import (
    Block,
    Message,
    actions,
    code,
    context,
    fields,
    footer,
    header,
    message,
    named,
    opener,
    quoted,
    remark,
    rows,
    section,
)
from shadow.adapters.slack.words import moment, mrkdwn
from shadow.gates import Verdict
from shadow.notices.patterns import Burst, Pattern, Recurring
from shadow.reports.words import counted, meaning
from shadow.reports.words import outlook as outlook_of
from shadow.store.registry import Experiment
from shadow.store.verdicts import StoredVerdict

NO_LINKS = Links()
GATES = 12  # open gates shown
TASKS = 10  # failed tasks shown


def refused_message(sentence: str) -> Message:
    """Why a click or an answer was not counted; seen only by whoever gave it."""
    return message(mrkdwn(sentence, 500), [quoted(sentence, 500)])


def verdict_message(
    verdict: StoredVerdict,
    one: Experiment,
    *,
    signed: bool,
    void: Sequence[str] = (),
    links: Links = NO_LINKS,
) -> Message:
    """A verdict that is news: its word, each gate that is open, and whether its contract is signed.

    Args:
        one: the experiment that was judged.
        signed: whether the approvers have signed the contract that it was judged under.
        void: why it no longer says anything, a sentence each; empty where it holds.
    """
    found = Verdict.from_json({name: verdict.body[name] for name in _VERDICT})
    still_open = [f"{gate.gate}: {gate.reason}" for gate in found.findings if gate.status != "pass"]
    passed = len(found.findings) - len(still_open)
    ready = verdict.word.startswith("ready")
    title = f"{verdict_word(verdict.word, void)}: {one.workflow}, candidate {one.label}"
    outlook = ": ".join(outlook_of(found.forecast, ended=bool(verdict.body.get("ended", False))))
    blocks = [
        header(title if signed else f"{title} (unsigned)"),
        *(void_blocks(void) or [quoted(meaning(verdict.word))]),
        context(f"{passed} of {counted(len(found.findings), 'gate')} pass", f"look of {moment(verdict.look)}"),
        *_open(still_open, blocking=not ready),
        *([quoted(outlook)] if outlook.strip(": ") else []),
        *tried_blocks(found.versions_tried, int(verdict.body.get("family", 0))),
        *_next(ready=ready and not void, signed=signed),
        *actions(f"verdict.{verdict.run}", opener("Open Report", url=links.report, spoken=f"Open the report: {title}")),
        *footer(f"experiment {code(one.id, 60)}", f"evidence {code(verdict.decision_digest)}"),
    ]
    unsigned = "" if signed else " The contract is unsigned."
    text = f"{mrkdwn(title, 200)}. {passed} of {counted(len(found.findings), 'gate')} pass.{unsigned}"
    return message(text, blocks, about=("shadow_verdict", {"run": verdict.run, "evidence": verdict.decision_digest}))


def promoted_message(workflow: str, change: Mapping[str, Any], *, links: Links = NO_LINKS) -> Message:
    """The candidate gets a share of the traffic, or a larger one.

    Args:
        change: `from`, `to`, `share` (percent), `who`, `why`, `request`; `demonstration` where it is one.
    """
    share = _share(change.get("share"))
    title = f"{str(change.get('to', '')).capitalize()}: {workflow}, candidate gets {share} of the traffic"
    real = "This is a demonstration: no real work is routed." if change.get("demonstration") else ""
    return _changed("promoted", title, workflow, change, links=links, more=real)


def rolled_back_message(workflow: str, change: Mapping[str, Any], *, links: Links = NO_LINKS) -> Message:
    """All traffic is with the control again; what was approved is used up."""
    title = f"Rolled back: {workflow}, all traffic is with the control"
    more = "The approval that it rested on is void; the next step needs a new one."
    return _changed("rolled_back", title, workflow, change, links=links, more=more)


def pattern_message(pattern: Pattern, one: Experiment, *, links: Links = NO_LINKS) -> Message:
    """A pattern that has appeared: discrepancies of one cause, or errors of one kind."""
    found = _recurring(pattern, one) if isinstance(pattern, Recurring) else _burst(pattern, one)
    title, told = found
    blocks = [
        header(title),
        *told,
        *actions(
            f"notice.{pattern.cause}", opener("Open Report", url=links.report, spoken=f"Open the report: {title}")
        ),
        context(
            "At most one notice a cause and day (UTC). Shadow only: no customer was affected. Counts, no contents."
        ),
    ]
    about = {"experiment": one.id, "cause": pattern.cause, "family": pattern.family, "part": pattern.part}
    return message(mrkdwn(title, 300), blocks, about=("shadow_notice", {**about, "look": pattern.look.isoformat()}))


def failed_message(workflow: str, tasks: Sequence[str], *, links: Links = NO_LINKS) -> Message:
    """A run ended without a verdict: which tasks failed; Airflow's log says why."""
    shown = ", ".join(tasks[:TASKS]) or "not known"
    rest = f" and {len(tasks) - TASKS:,} more" if len(tasks) > TASKS else ""
    title = f"Run failed without a verdict: {workflow}"
    blocks = [
        header(title),
        quoted(f"Failed: {shown}{rest}. No verdict was reached, and what was said before still stands.", 900),
        *actions("failed", opener("Open Run", url=links.report, spoken=f"Open the run in Airflow: {workflow}")),
        context("The log of the failed task in Airflow says why. What was replayed before is kept and not paid twice."),
    ]
    return message(f"{mrkdwn(title, 200)}. Failed: {mrkdwn(shown, 300)}{rest}.", blocks)


_VERDICT = ("word", "findings", "reasons", "forecast", "look", "counts", "versions_tried")


def _open(still_open: Sequence[str], *, blocking: bool) -> list[Block]:
    if not still_open:
        return []
    # a demonstration's verdict does not wait for isolation, and says so all the same
    lead = "*Open gates*" if blocking else "*Passes without*"
    return [context(lead), *rows(still_open, most=GATES, limit=300)]


def _next(*, ready: bool, signed: bool) -> list[Block]:
    if not signed:
        return [section("*Unsigned*: the contract's approvers have not signed it, so nothing can be promoted.")]
    return [section("A request for approval follows. Nothing changes before it is approved.")] if ready else []


def _changed(kind: str, title: str, workflow: str, change: Mapping[str, Any], *, links: Links, more: str) -> Message:
    request, who = str(change.get("request", "")), str(change.get("who", ""))
    blocks = [
        header(title),
        fields(
            [
                ("Was", mrkdwn(str(change.get("from", "")), 40)),
                ("Is", mrkdwn(str(change.get("to", "")), 40)),
                ("Candidate's share", _share(change.get("share"))),
                ("By", mrkdwn(who, 120)),
            ]
        ),
        remark("*Why*", str(change.get("why", "")), 300),
        *([section(more)] if more else []),
        *footer(named(links.request, "Request"), f"request {code(request)}" if request else ""),
    ]
    return message(mrkdwn(title, 300), blocks, about=(f"shadow_{kind}", {"workflow": workflow, "request": request}))


def _share(value: object) -> str:
    return f"{value:g} %" if isinstance(value, int | float) else "an unknown share"


def _recurring(found: Recurring, one: Experiment) -> tuple[str, list[Block]]:
    new = counted(found.new, "new discrepancy", "new discrepancies")
    title = f"Pattern: {new} of one cause, {one.workflow}, candidate {one.label}"
    numbers = [
        ("New", f"{found.new:,}"),
        ("Of this cause in all", f"{found.count:,}"),
        ("Of them harmful", f"{found.harmful:,}"),
        ("Worst", mrkdwn(str(found.severity), 20)),
    ]
    return title, [quoted(found.sentence), fields(numbers)]


def _burst(found: Burst, one: Experiment) -> tuple[str, list[Block]]:
    title = f"Pattern: {counted(found.new, 'new error')} of one kind, {one.workflow}, candidate {one.label}"
    numbers = [
        ("Kind", mrkdwn(found.kind, 160)),
        ("New", f"{found.new:,}"),
        ("Most within 30 minutes", f"{found.most:,}"),
        ("First", moment(found.first)),
        ("Last", moment(found.last)),
    ]
    return title, [fields(numbers)]
