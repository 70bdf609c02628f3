"""Requests, votes, ledger rows and verdicts as they are told about, made without a store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from shadow.adapters.slack import messages
from shadow.adapters.slack.links import Links, dag_run_links, links_of, run_links
from shadow.contract.model import Severity
from shadow.notices.patterns import Burst, Recurring
from shadow.store.ledger import Entry, Event
from shadow.store.registry import Experiment
from shadow.store.requests import Request, Status, Subject, Vote
from shadow.store.verdicts import StoredVerdict

AT = datetime(2026, 11, 21, 22, 30, tzinfo=UTC)
BASE = "https://airflow.example.org"
TOKEN = f"0123456789ab.1.{'a' * 16}.{'b' * 32}"
EXPERIMENT = Experiment(
    id="00112233aabb-refund-desk",
    workflow="refund-desk",
    conduct="c" * 64,
    label="2026-11-01",
    pin="d" * 64,
    number=1,
    contract="e" * 64,
)


def evidence(**more: Any) -> dict[str, Any]:
    """Of a cutover, as the core gathers it."""
    return {
        "workflow": "refund-desk",
        "experiment": EXPERIMENT.id,
        "candidate": "2026-11-01",
        "pin": "d" * 64,
        "verdict": "ready",
        "run": "f" * 20,
        "reasons": ["harmful_rate: at most 1 % with 95 % confidence.", "calendar: 14 of 14 days are closed."],
        "numbers": {"compared": 4310, "discrepancies": 31, "critical": 0, "days": 14},
        "findings": [["harmful_rate", "pass"], ["calendar", "pass"], ["isolation", "pass"]],
        "isolation": "Replays were contained: kernel.",
        "demonstration": False,
        "from_stage": "shadow",
        "to_stage": "canary",
        "share": 1,
        **more,
    }


def signature(**more: Any) -> dict[str, Any]:
    """Of a contract's signature."""
    return {
        "workflow": "refund-desk",
        "contract": "e" * 64,
        "conduct": "c" * 64,
        "judgement": "a" * 64,
        "governance": "b" * 64,
        "words_digest": "9" * 64,
        "demonstration": False,
        "since": "7" * 64,
        "changes": ["gate harmful_rate: at_most was 0.01, is 0.02"],
        **more,
    }


def asked(subject: Subject = Subject.CUTOVER, **more: Any) -> Request:
    """A request whose message is posted."""
    given: dict[str, Any] = {
        "id": "0123456789ab",
        "workflow": "refund-desk",
        "subject": subject,
        "about": EXPERIMENT.id if subject is Subject.CUTOVER else "e" * 64,
        "status": Status.OPEN,
        "revision": 1,
        "ground": "1" * 64,
        "evidence": evidence() if subject is Subject.CUTOVER else signature(),
        "digest": "2" * 64,
        "contract": "e" * 64,
        "quorum": 2,
        "approvers": ("ines.moreau", "omar.haddad", "li.wei"),
        "candidate_owner": "tom.berg",
        "channel": "C0REFUNDS",
        "opened_at": AT,
        "expires_at": AT + timedelta(hours=24),
        "team": "T01TEST",
        "posted_in": "C0REFUNDS",
        "ts": "1795300000.000100",
    }
    return Request(**{**given, **more})


def vote(person: str = "ines.moreau", *, approve: bool = True, reason: str = "I read the report.", **more: Any) -> Vote:
    """A vote on `asked()`."""
    given: dict[str, Any] = {
        "request": "0123456789ab",
        "person": person,
        "identity": f"slack:T01TEST/U{person[:4].upper()}",
        "via": "socket",
        "approve": approve,
        "reason": reason,
        "digest": "2" * 64,
        "at": AT,
        "seq": 7,
    }
    return Vote(**{**given, **more})


def entry(event: Event = Event.DECIDED, **body: Any) -> Entry:
    """The ledger's row of the end."""
    return Entry(
        seq=128, event=event, workflow="refund-desk", subject="0123456789ab", body=body, prev="0" * 64, hash="7e03" * 16
    )


def finding(gate: str = "calendar", status: str = "pass", reason: str = "14 of 14 days are closed.") -> dict[str, Any]:
    """A gate's finding as it is stored."""
    return {
        "gate": gate,
        "status": status,
        "reason": reason,
        "numbers": {},
        "needs": "",
        "days": None,
        "rejects": False,
    }


def judged(word: str = "ready", *findings: dict[str, Any], forecast: str = "", **more: Any) -> StoredVerdict:
    """A stored verdict; with no finding given, one gate passes."""
    body = {
        "word": word,
        "findings": list(findings) or [finding()],
        "reasons": [],
        "forecast": forecast,
        "look": AT.isoformat(),
        "counts": "",
        "versions_tried": 1,
        "numbers": {"compared": 4310},
    }
    given: dict[str, Any] = {
        "run": "f" * 20,
        "experiment": EXPERIMENT.id,
        "look": AT,
        "word": word,
        "contract": "e" * 64,
        "decision_digest": "3" * 64,
        "measurement_digest": "4" * 64,
        "counts_digest": "5" * 64,
        "body": body,
    }
    return StoredVerdict(**{**given, **more})


def recurring(sentence: str = "Where the control approves, the candidate denies: 12 of 412 cases.") -> Recurring:
    """A pattern of discrepancies."""
    return Recurring(
        cause="0123456789ab",
        family="aaaabbbbcccc",
        part="",
        look=AT,
        new=12,
        count=40,
        harmful=12,
        severity=Severity.MAJOR,
        sentence=sentence,
    )


def burst(kind: str = "error ValueError") -> Burst:
    """A pattern of errors."""
    return Burst(
        cause="0123456789ab",
        family="aaaabbbbcccc",
        look=AT,
        kind=kind,
        new=14,
        most=11,
        first=AT - timedelta(minutes=40),
        last=AT,
    )


def every(text: str = "", links: Links | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every message and form that there is, by name; with `text` in each place that holds foreign words."""

    def or_(usual: Any) -> Any:
        return text or usual

    names = ("candidate", "verdict", "isolation", "from_stage", "to_stage", "pin")
    proof = evidence(**{name: or_(evidence()[name]) for name in names})
    proof |= {"reasons": [or_("calendar: fine")] * 30, "findings": [[or_("calendar"), or_("pass")]] * 30}
    people = {
        "approvers": tuple(or_(name) for name in asked().approvers) * (20 if text else 1),
        "candidate_owner": or_("tom.berg"),
        "workflow": or_("refund-desk"),
    }
    cutover = asked(evidence=proof, **people)
    contract = asked(
        Subject.CONTRACT, evidence=signature(changes=[or_("gate x: new")] * 40, since=or_("7" * 64)), **people
    )
    votes = [vote(or_("ines.moreau"), reason=or_("I read it all."))] * (30 if text else 1)
    for one in (cutover, contract):
        where = links or links_of(one, base=BASE)
        name = str(one.subject)
        yield f"{name} request", messages.request_message(one, votes, token=TOKEN, links=where, brief=[or_("Tools.")])
        brief = messages.cutover_brief([or_("it expired")] * 40, [or_("3 versions were tried.")])
        yield f"{name} void request", messages.request_message(one, votes, token=TOKEN, links=where, brief=brief)
        for approve in (True, False):
            yield f"{name} form {approve}", messages.decide_modal(one, token=TOKEN, approve=approve)
        for status in (Status.APPROVED, Status.REJECTED, Status.EXPIRED, Status.SUPERSEDED):
            over = asked(one.subject, evidence=one.evidence, status=status, **people)
            yield f"{name} {status}", messages.settled_message(over, votes, entry(changed=or_("the pin")), links=where)
    yield from _told(or_, links)


def _told(or_: Callable[[Any], Any], links: Links | None) -> Iterator[tuple[str, dict[str, Any]]]:
    where = links or run_links("shadow-refund-desk", "manual__2026", base=BASE)
    failed = links or dag_run_links("shadow-refund-desk", "manual__2026", base=BASE)
    one = Experiment(
        id=or_(EXPERIMENT.id), workflow=or_("refund-desk"), conduct="", label=or_("v2"), pin="", number=1, contract=""
    )
    gates = [finding(or_("g"), "inconclusive", or_("too few"))] * 40
    for word in ("ready", "ready (demonstration)", "not ready", "inconclusive"):
        for signed in (True, False):
            verdict = judged(word, *gates, forecast=or_("about 3 more days"))
            yield f"{word} {signed}", messages.verdict_message(verdict, one, signed=signed, links=where)
        void = [or_("it expired")] * 40
        yield f"{word} void", messages.verdict_message(verdict, one, signed=True, void=void, links=where)
    change = {"from": or_("shadow"), "to": or_("canary"), "share": 1, "who": or_("ines.moreau"), "why": or_("approved")}
    change |= {"request": or_("0123456789ab"), "demonstration": True}
    workflow = or_("refund-desk")
    yield "promoted", messages.promoted_message(workflow, change, links=where)
    yield "rolled back", messages.rolled_back_message(workflow, change, links=where)
    yield "recurring", messages.pattern_message(recurring(or_("It differs.")), one, links=where)
    yield "burst", messages.pattern_message(burst(or_("error ValueError")), one, links=where)
    yield "failed", messages.failed_message(workflow, [or_("replay[3]")] * 30, links=failed)
    yield "refused", messages.refused_message(or_("You own this candidate."))
