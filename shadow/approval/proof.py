"""Whether a request was approved, worked out again from the ledger alone.

An edited row of any other table changes nothing in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shadow.contract import Approval, digest, digests
from shadow.errors import ShadowError
from shadow.store import Store
from shadow.store.ledger import Entry, Event, entries, verify
from shadow.store.registry import contract_of

_OVER = (Event.EXPIRED, Event.SUPERSEDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Who approved what, by the ledger.

    Attributes:
        ok: whether the ledger verifies and shows an approval by a quorum of distinct approvers.
        problem: why not; empty where it does.
        people: who said yes, in order.
        digest, ground: of the evidence as it was when it was decided.
        seq: the ledger's row of the decision; 0 where there is none.
    """

    ok: bool
    problem: str = ""
    people: tuple[str, ...] = ()
    digest: str = ""
    ground: str = ""
    seq: int = 0


def proof(store: Store, request_id: str) -> Proof:
    """The approval of a request, from the ledger's rows about it."""
    chain = verify(store)
    if not chain.ok:
        return Proof(ok=False, problem=f"the ledger does not verify: {chain.problem}")
    rows = list(entries(store, subject=request_id))
    asked = [row for row in rows if row.event in (Event.REQUESTED, Event.REVISED)]
    decided = [row for row in rows if row.event is Event.DECIDED]
    if not asked or not decided:
        return Proof(ok=False, problem="the ledger holds no decision on it")
    if decided[-1].body["outcome"] != "approved" or any(row.event in _OVER for row in rows):
        return Proof(ok=False, problem="the ledger says that it was not approved, or that it is over")
    return _counted(store, rows, asked, decided[-1])


def _counted(store: Store, rows: Sequence[Entry], asked: Sequence[Entry], decided: Entry) -> Proof:
    approval = policy(store, str(asked[0].body["contract"]))
    if isinstance(approval, str):
        return Proof(ok=False, problem=approval)
    votes = [row.body for row in rows if row.event is Event.VOTED and row.seq < decided.seq]
    yes = _yes(votes, approval)
    newest = asked[-1].body
    problem = ""
    if any(not vote["approve"] for vote in votes):
        problem = "the ledger holds a vote against it"
    elif len(yes) < approval.quorum:
        problem = f"the ledger holds {len(yes)} of {approval.quorum} approvals"
    elif any(vote["ground"] != newest["ground"] for vote in votes) or digest(newest["evidence"]) != newest["digest"]:
        problem = "a vote was given on something else"
    elif _moment(decided.body["at"]) >= _moment(newest["expires_at"]):
        problem = "it was decided after it had expired"
    return Proof(
        ok=not problem,
        problem=problem,
        people=yes,
        digest=str(newest["digest"]),
        ground=str(newest["ground"]),
        seq=decided.seq,
    )


def policy(store: Store, contract_id: str) -> Approval | str:
    """Who decides under this contract; or why that cannot be said: its text must be what its id is the digest of."""
    try:
        contract = contract_of(store, contract_id)
    except ShadowError as error:
        return f"the contract cannot be read: {error.what}"
    parts = digests(contract)
    if digest([parts.conduct, parts.judgement, parts.governance]) != contract_id:
        return "the contract's record was altered"
    return contract.approval or "the contract names nobody who decides"


def _yes(votes: Sequence[Mapping[str, object]], approval: Approval) -> tuple[str, ...]:
    """Distinct approvers who said yes; whoever owns the candidate is none, whatever the list says."""
    said = [str(vote["person"]) for vote in votes if vote["approve"]]
    allowed = [one for one in said if one in approval.approvers and one != approval.candidate_owner]
    return tuple(dict.fromkeys(allowed))


def _moment(text: object) -> datetime:
    return datetime.fromisoformat(str(text))
