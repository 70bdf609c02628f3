"""What people decide on: the contract in plain words with its signatures, and a request with its evidence and votes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shadow.pages.frame import Links, document, shown, void
from shadow.pages.markdown import rendered
from shadow.reports import words
from shadow.reports.markup import Child, Markup, el, join, value
from shadow.reports.table import Caps, Column, bullets, chip, facts, section, table
from shadow.store.ledger import Entry
from shadow.store.requests import Request, Status, Vote

CAPS = Caps(rows=100, text=800)
TONES = {
    Status.OPEN: ("open", "…"),
    Status.APPROVED: ("good", "✓"),
    Status.REJECTED: ("bad", "✕"),
    Status.EXPIRED: ("plain", "·"),
    Status.SUPERSEDED: ("plain", "·"),
}
HOW = (
    "This page only shows it. Vote in Slack with the message's buttons, or in Airflow under Required Actions; "
    "each person has one vote, whichever way they take."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """A contract and who signed it.

    Attributes:
        words: the page in plain words, as `contract.plain_words` writes it.
        since: id of the contract that was signed before it; empty where none was.
        changes: what changed since that one, one sentence each.
        costs: what its bars cost in days and cases, a sentence each; empty where nobody can say.
        signed: whether its approvers have signed it, by the ledger.
        requests: the requests about it with their votes, oldest first.
    """

    workflow: str
    contract: str
    words: str
    since: str
    changes: Sequence[str]
    signed: bool
    requests: Sequence[tuple[Request, Sequence[Vote]]]
    costs: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request with everything that belongs to it.

    Attributes:
        entries: the ledger's rows about it, in order.
        problem: why an approval does not hold, by the ledger; empty where it holds, or where there is none.
        void: why the verdict that it is decided on no longer says anything; empty where it holds, or there is none.
        known: what else the verdict says that a person should know who decides, a sentence each.
    """

    request: Request
    votes: Sequence[Vote]
    entries: Sequence[Entry]
    problem: str = ""
    void: Sequence[str] = ()
    known: Sequence[str] = ()


def contract_page(one: Signing, links: Links) -> str:
    """What an owner signs, what changed since they last did, and who signed."""
    mark = chip("signed", "good", "✓") if one.signed else chip("unsigned", "open", "…")
    return document(
        f"Contract of {one.workflow}",
        el("section", rendered(one.words), class_="card", aria_label="The contract in plain words"),
        section("costs", "What its bars cost", _costs(one)),
        section("changes", "What changed since the last signature", _changes(one, links)),
        section("signed", "Who signed", *_signatures(one, links)),
        links=links,
        lead=join((mark, " ", el("code", one.contract[:16]))),
    )


def _costs(one: Signing) -> Markup:
    unknown = "The contract does not say how many cases a day come in (cases_per_day), so nobody can say."
    return bullets(tuple(one.costs), caps=CAPS) if one.costs else el("p", unknown, class_="none")


def _changes(one: Signing, links: Links) -> Markup:
    if not one.since:
        return el("p", "No contract of this workflow was signed before this one.", class_="none")
    before = el("p", "Compared with ", el("a", one.since[:16], href=links.to("contracts", one.since)), ":")
    nothing = el("p", "Nothing: both say the same.", class_="none")
    return join((before, bullets(tuple(one.changes), caps=CAPS) if one.changes else nothing))


def _signatures(one: Signing, links: Links) -> list[Markup]:
    if not one.requests:
        return [el("p", "Nobody was asked to sign it yet.", class_="none")]
    made = []
    for request, votes in one.requests:
        where = el("a", f"Request {request.id}", href=links.to("requests", request.id))
        made += [el("p", where, " ", status(request)), _votes(votes)]
    return made


def status(one: Request) -> Markup:
    """How a request stands, as a coloured word with its sign."""
    tone, sign = TONES[one.status]
    return chip(str(one.status), tone, sign)


def _votes(votes: Sequence[Vote]) -> Markup:
    if not votes:
        return el("p", "No vote yet.", class_="none")
    columns = tuple(Column(name=name) for name in ("Who", "Vote", "Reason", "By way of", "When"))
    return table(columns, votes, _vote, caps=CAPS)


def _vote(one: Vote) -> list[Child]:
    word = chip("yes", "good", "✓") if one.approve else chip("no", "bad", "✕")
    return [value(one.person), word, shown(one.reason), value(one.via), words.moment(one.at)]


def request_page(asked: Asked, links: Links) -> str:
    """One request, read-only: what is asked, how it stands, on what it is decided, who said what."""
    one = asked.request
    what = (
        "May the candidate have a share of the traffic?" if one.subject == "cutover" else "Will you sign the contract?"
    )
    missing = max(one.quorum - sum(vote.approve for vote in asked.votes), 0)
    pairs: list[tuple[str, Child]] = [
        ("Status", status(one)),
        ("Workflow", value(one.workflow)),
        ("Yes votes needed", f"{one.quorum}, {missing} missing" if one.status is Status.OPEN else str(one.quorum)),
        ("Who may vote", value(", ".join(one.approvers))),
        ("Never the candidate's owner", value(one.candidate_owner)),
        ("Asked", words.moment(one.opened_at)),
        ("Silence until then is no", words.moment(one.expires_at)),
        ("Revision", str(one.revision)),
        ("Contract", el("a", one.contract[:16], href=links.to("contracts", one.contract))),
    ]
    problem = (
        el("p", "This approval does not hold: ", value(asked.problem), class_="note bad") if asked.problem else None
    )
    known = [el("p", value(line), class_="note open") for line in asked.known[: CAPS.rows]]
    card = {"class_": "card", "aria_label": "How it stands"}
    return document(
        f"Request {one.id}",
        el("section", problem, void(asked.void), facts(pairs, class_="facts across"), *known, **card),
        section("evidence", "What it is decided on", *_evidence(one.evidence, links)),
        section("votes", "Votes", _votes(asked.votes), lead=HOW if one.status is Status.OPEN else ""),
        section("record", "What the ledger says", _entries(asked.entries)),
        links=links,
        lead=what,
    )


def _evidence(data: Mapping[str, Any], links: Links) -> list[Markup]:
    """What a person reads first, then lists, and last the digests that all of it is bound by."""
    plain = {k: v for k, v in data.items() if not isinstance(v, list | dict)}
    marks = {name: what for name, what in plain.items() if _is_digest(what)}
    read = [(name.replace("_", " "), shown(what)) for name, what in plain.items() if name not in marks]
    parts = [facts(read, class_="facts across")]
    experiment = data.get("experiment")
    if experiment:
        parts.append(el("p", el("a", "The report", href=links.to("experiments", str(experiment)))))
    for name, held in data.items():
        if isinstance(held, list) and held:
            parts += [el("h3", name.replace("_", " "), class_="sub"), bullets([_line(row) for row in held], caps=CAPS)]
        if isinstance(held, dict) and held:
            parts += [el("h3", name.replace("_", " "), class_="sub"), facts([(k, shown(v)) for k, v in held.items()])]
    bound = facts([(name.replace("_", " "), shown(what)) for name, what in marks.items()], class_="facts across")
    return [*parts, el("details", el("summary", "Digests"), bound)] if marks else parts


def _is_digest(what: Any) -> bool:
    return isinstance(what, str) and re.fullmatch(r"[0-9a-f]{64}(#\d+)?", what) is not None


def _line(row: Any) -> str:
    return ": ".join(str(part) for part in row) if isinstance(row, list) else str(row)


def _entries(entries: Sequence[Entry]) -> Markup:
    columns = tuple(Column(name=name) for name in ("Row", "What", "When", "Hash"))
    if not entries:
        return el("p", "Nothing.", class_="none")
    return table(columns, entries, _entry, caps=CAPS)


def _entry(one: Entry) -> list[Child]:
    said = [str(one.body[name]) for name in ("person", "outcome", "why", "changed") if one.body.get(name)]
    what = join((value(str(one.event)), ": " if said else None, value(", ".join(said), empty="")))
    return [str(one.seq), what, value(str(one.body.get("at", ""))), el("code", one.hash[:12])]
