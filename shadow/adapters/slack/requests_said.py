"""What people are asked and how it ended: the request, its modal and its settled message.

Everybody in the channel sees the same message. Who may vote is not in it: that is looked up when somebody clicks.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from shadow.adapters.slack.links import Links
from shadow.adapters.slack.pieces import (
    Block,
    Message,
    actions,
    button,
    code,
    context,
    entry,
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
from shadow.adapters.slack.words import flat, moment, mrkdwn, plain
from shadow.approval.answers import SHORTEST
from shadow.reports.words import counted
from shadow.store.ledger import Entry
from shadow.store.requests import Request, Status, Subject, Vote

APPROVE, REJECT, DECIDE = "shadow_approve", "shadow_reject", "shadow_decide"
LONGEST = 1000  # characters of a reason that Slack lets somebody type
MOST = 20  # votes shown
NO_LINKS = Links()

_OUTCOMES = {
    Status.APPROVED: ("Approved", ""),
    Status.REJECTED: ("Rejected", "Nothing was changed."),
    Status.EXPIRED: ("Expired", "Too few approved in time, so nothing was changed."),
    Status.SUPERSEDED: ("Superseded", "What was asked about no longer holds, so nothing was changed."),
}


def request_message(
    one: Request, votes: Sequence[Vote], *, token: str, links: Links = NO_LINKS, brief: Sequence[str] = ()
) -> Message:
    """The request as it stands: what is asked, on which evidence, who has voted, and the two ways to answer.

    Args:
        token: what the buttons carry; see `shadow.approval.token`.
        brief: of a contract, what it says in a few sentences; of a cutover, what else is known of its verdict. See
            `briefs`.
    """
    asked = _cutover(one, brief) if one.subject is Subject.CUTOVER else _contract(one, brief)
    blocks = [
        header(f"{_needed(one)}: {_title(one)}"),
        *asked,
        *_votes(votes),
        context(f"{_yes(votes)} of {counted(one.quorum, 'approval')}", _who(one)),
        *actions(f"decide.{one.id}.{one.revision}", _buttons(one, token, links)),
        *footer(named(links.request, "Request"), *_foot(one)),
        *_fallback(links),
    ]
    text = f"{_needed(one)}: {mrkdwn(_title(one), 200)}. {_yes(votes)} of {counted(one.quorum, 'approval')}."
    return message(text, blocks, about=_about(one))


def settled_message(one: Request, votes: Sequence[Vote], settled: Entry, *, links: Links = NO_LINKS) -> Message:
    """How the request ended, without a button, with the ledger's row that says so.

    Raises:
        KeyError: the request is still open.
    """
    word, meaning = _OUTCOMES[one.status]
    word = "Signed" if one.status is Status.APPROVED and one.subject is Subject.CONTRACT else word
    changed = str(settled.body.get("changed", ""))
    blocks = [
        header(f"{word}: {_title(one)}"),
        section(f"{_subject(one)} {meaning}".strip()),
        *([remark("*What changed*", changed)] if changed else []),
        *_votes(votes),
        *footer(named(links.report, "Full report"), named(links.request, "Request"), *_foot(one)),
        context(f"audit #{settled.seq} {code(settled.hash)}"),
    ]
    return message(f"{word}: {mrkdwn(_title(one), 200)}. {meaning}".strip(), blocks, about=_about(one))


def decide_modal(one: Request, *, token: str, approve: bool) -> dict[str, Any]:
    """The form that opens after a click: why, and for an approval the name of what is approved, typed.

    Its `private_metadata` carries the token and the live message's place, so that all is checked again when it is sent.
    """
    verb = ("Sign" if one.subject is Subject.CONTRACT else "Approve") if approve else "Reject"
    noun = "Contract" if one.subject is Subject.CONTRACT else "Cutover"
    place = {"team": one.team or "", "channel": one.posted_in or "", "ts": one.ts or ""}
    return {
        "type": "modal",
        "callback_id": DECIDE,
        "private_metadata": json.dumps({"token": token, "approve": approve, **place}),
        "title": flat(f"{verb} {noun.lower()}", 24),
        "submit": flat(f"{verb} {noun}", 24),
        "close": flat("Cancel", 24),
        "blocks": [
            section(_subject(one)),
            *([fields(_numbers(one)[:6])] if one.subject is Subject.CUTOVER else []),
            context(
                f"evidence {code(one.digest)}", f"your answer is kept in the audit record of request {code(one.id)}"
            ),
            _reason(approve),
            *([_confirmation(one)] if approve else []),
        ],
    }


def confirm_word(one: Request) -> str:
    """What somebody types to approve: the candidate's label, or the workflow's name, exactly as the form shows it."""
    return plain(_named_thing(one), 100)


def confirms(one: Request, typed: str) -> bool:
    """Whether this was typed: as it is named, or as it is shown; spaces around it do not count."""
    name = _named_thing(one).strip()
    return bool(name) and typed.strip() in (name, confirm_word(one).strip())


def _needed(one: Request) -> str:
    return "Signature needed" if one.subject is Subject.CONTRACT else "Approval needed"


def _title(one: Request) -> str:
    if one.subject is Subject.CONTRACT:
        return f"contract of {one.workflow}"
    evidence = one.evidence
    return f"{evidence.get('to_stage')} at {_share(one)} for {one.workflow}, candidate {evidence.get('candidate')}"


def _named_thing(one: Request) -> str:
    return one.workflow if one.subject is Subject.CONTRACT else str(one.evidence.get("candidate", ""))


def _share(one: Request) -> str:
    share = one.evidence.get("share")
    return f"{share:g} %" if isinstance(share, int | float) else "an unknown share"


def _subject(one: Request) -> str:
    """What it is about, in one sentence."""
    if one.subject is Subject.CONTRACT:
        return f"The contract of *{mrkdwn(one.workflow, 80)}*, {code(one.contract)}."
    where = f"*{mrkdwn(str(one.evidence.get('to_stage')), 40)}*, *{_share(one)}* of the traffic"
    candidate = mrkdwn(str(one.evidence.get("candidate")), 80)
    real = " This is a demonstration: it never routes real work." if one.evidence.get("demonstration") else ""
    return f"*{mrkdwn(one.workflow, 80)}*: candidate *{candidate}* to {where}.{real}"


def _cutover(one: Request, brief: Sequence[str]) -> list[Block]:
    evidence = one.evidence
    passed = [status for _, status in evidence.get("findings", []) if status == "pass"]
    now = f"It is in *{mrkdwn(str(evidence.get('from_stage', 'shadow')), 40)}* now."
    reasons = [str(reason) for reason in evidence.get("reasons", [])]
    return [
        section(f"{_subject(one)} {now} Nothing changes until *{one.quorum}* approve."),
        *([quoted(" ".join(brief), 900)] if brief else []),
        fields(
            [
                *_numbers(one),
                ("Gates that pass", f"{len(passed)} of {len(evidence.get('findings', []))}"),
                ("Contract", code(one.contract)),
                ("Candidate's pin", code(str(evidence.get("pin", "")))),
                ("Expires", moment(one.expires_at)),
            ]
        ),
        *rows(reasons, most=4, limit=300),
    ]


def _numbers(one: Request) -> list[tuple[str, str]]:
    evidence, numbers = one.evidence, dict(one.evidence.get("numbers", {}))
    return [
        ("Verdict", mrkdwn(str(evidence.get("verdict", "unknown")), 60)),
        ("Compared", _count(numbers.get("compared"))),
        ("Discrepancies", _count(numbers.get("discrepancies"))),
        ("Critical", _count(numbers.get("critical"))),
        ("Isolation", mrkdwn(str(evidence.get("isolation", "unknown")), 160)),
    ]


def _count(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else "unknown"


def _contract(one: Request, brief: Sequence[str]) -> list[Block]:
    evidence = one.evidence
    changes = [str(change) for change in evidence.get("changes", [])]
    since = str(evidence.get("since", ""))
    lead = f"Changed since the last signed one, {code(since)}:" if since else "No contract of it was signed before."
    if since and not changes:
        lead = f"Nothing that is declared changed since the last signed one, {code(since)}."
    demonstration = " It is marked as a demonstration." if evidence.get("demonstration") else ""
    return [
        section(
            f"{_subject(one)}{demonstration} It runs unsigned too, but then nothing can be promoted. "
            f"It is signed once *{one.quorum}* approve."
        ),
        *([quoted(" ".join(brief), 900)] if brief else []),
        section(lead),
        *rows(changes, most=8),
        fields(
            [(name.capitalize(), code(str(evidence.get(name, "")))) for name in ("conduct", "judgement", "governance")]
        ),
        context(f"expires {moment(one.expires_at)}"),
    ]


def _buttons(one: Request, token: str, links: Links) -> list[Block]:
    title = _title(one)
    if one.subject is Subject.CONTRACT:
        first, page = "Review and Sign", opener("Read Contract", url=links.contract, spoken=f"Read the {title}")
    else:
        first, page = "Review and Approve", opener("Open Report", url=links.report, spoken=f"Open the report: {title}")
    return [
        button(first, action=APPROVE, value=token, spoken=f"{first}: {title}", primary=True),
        button("Reject", action=REJECT, value=token, spoken=f"Reject: {title}"),
        *page,
    ]


def _votes(votes: Sequence[Vote]) -> list[Block]:
    shown = [remark(_voter(vote), vote.reason or "no reason given") for vote in votes[:MOST]]
    return [*shown, *([context(f"and {len(votes) - MOST:,} more")] if len(votes) > MOST else [])]


def _voter(vote: Vote) -> str:
    where = "in Airflow" if vote.via == "airflow" else "in Slack"
    return f"{'Approved' if vote.approve else 'Rejected'} by *{mrkdwn(vote.person, 80)}* {where}"


def _yes(votes: Sequence[Vote]) -> int:
    return sum(vote.approve for vote in votes)


def _who(one: Request) -> str:
    names = ", ".join(mrkdwn(person, 60) for person in one.approvers[:MOST])
    rest = f" and {len(one.approvers) - MOST:,} more" if len(one.approvers) > MOST else ""
    return f"Approvers: {names}{rest}. Never the candidate's owner, {mrkdwn(one.candidate_owner, 60)}."


def _foot(one: Request) -> tuple[str, ...]:
    revised = f"evidence updated, revision {one.revision}" if one.revision > 1 else ""
    return f"evidence {code(one.digest)}", f"request {code(one.id)}", revised


def _fallback(links: Links) -> list[Block]:
    if not links.required_actions:
        return []
    return [
        context(f"If Slack does not answer, decide in Airflow: {named(links.required_actions, 'Required Actions')}")
    ]


def _reason(approve: bool) -> Block:
    return entry(
        "reason",
        "Reason (kept in the audit record)",
        multiline=True,
        min_length=SHORTEST,
        max_length=LONGEST,
        placeholder=flat("What did you check?" if approve else "What is wrong?"),
    )


def _confirmation(one: Request) -> Block:
    what = "workflow's name" if one.subject is Subject.CONTRACT else "candidate's label"
    return entry(
        "confirm", f"Type the {what} to confirm", hint=f"As it is shown here: {confirm_word(one)}", max_length=300
    )


def _about(one: Request) -> tuple[str, dict[str, Any]]:
    return "shadow_request", {"request": one.id, "revision": one.revision, "evidence": one.digest[:16]}
