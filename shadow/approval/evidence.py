"""What a decision is bound to: the evidence that people see, and the ground that must not move while they vote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shadow.approval.changes import changes
from shadow.contract import Contract, digest, digests, plain_words
from shadow.store import Store
from shadow.store.registry import Experiment, contract_of
from shadow.store.requests import Status, Subject, requests_of
from shadow.store.stages import Stage, stage_of
from shadow.store.verdicts import StoredVerdict

# a later look may bring more cases; what it may not bring without new votes is a change of these
GROUND = (
    "workflow",
    "experiment",
    "pin",
    "contract",
    "conduct",
    "judgement",
    "governance",
    "verdict",
    "findings",
    "isolation",
    "demonstration",
    "from_number",
    "from_stage",
    "to_stage",
    "share",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The next change of stage: from the workflow's newest stage row (0: none yet) to a share of the traffic."""

    from_number: int
    from_stage: Stage
    to_stage: Stage
    share: float


def next_step(store: Store, contract: Contract, experiment: str) -> Step | None:
    """Where an approval would take the workflow; None where this candidate has some of the traffic already."""
    now = stage_of(store, contract.workflow)
    if now is not None and now.stage is not Stage.SHADOW and now.experiment == experiment:
        return None
    share = contract.stages[0]
    to = Stage.LIVE if share >= 100 else Stage.CANARY
    return Step(
        from_number=now.number if now else 0, from_stage=now.stage if now else Stage.SHADOW, to_stage=to, share=share
    )


def cutover_evidence(one: Experiment, verdict: StoredVerdict, contract: Contract, step: Step) -> dict[str, Any]:
    """The evidence of a cutover but for its id, as plain data; equal for equal looks."""
    parts = digests(contract)
    findings = verdict.body["findings"]
    return {
        "workflow": one.workflow,
        "experiment": one.id,
        "candidate": one.label,
        "pin": one.pin,
        "contract": one.contract,
        "conduct": parts.conduct,
        "judgement": parts.judgement,
        "governance": parts.governance,
        "verdict": verdict.word,
        "run": verdict.run,
        "look": verdict.look.isoformat(),
        "reasons": list(verdict.body["reasons"]),
        "numbers": dict(verdict.body.get("numbers", {})),
        "findings": [[finding["gate"], finding["status"]] for finding in findings],
        "findings_digest": digest(findings),
        "decision_digest": verdict.decision_digest,
        "isolation": isolation_of(findings),
        "demonstration": contract.demonstration,
        "from_number": step.from_number,
        "from_stage": str(step.from_stage),
        "to_stage": str(step.to_stage),
        "share": step.share,
    }


def isolation_of(findings: list[Mapping[str, Any]]) -> str:
    """What the verdict says of how replays were contained."""
    return next((str(finding["reason"]) for finding in findings if finding["gate"] == "isolation"), "")


def contract_evidence(store: Store, key: str) -> dict[str, Any]:
    """The evidence of a contract's signature: its page in plain words by digest, and what changed since the last."""
    contract = contract_of(store, key)
    parts = digests(contract)
    before = last_signed(store, contract.workflow, but=key)
    return {
        "workflow": contract.workflow,
        "contract": key,
        "conduct": parts.conduct,
        "judgement": parts.judgement,
        "governance": parts.governance,
        "words_digest": digest(plain_words(contract)),
        "demonstration": contract.demonstration,
        "since": before,
        "changes": changes(contract_of(store, before), contract) if before else [],
    }


def last_signed(store: Store, workflow: str, *, but: str = "") -> str:
    """The id of the workflow's contract that was signed last, other than `but`; empty where none was."""
    signed = [
        one
        for one in requests_of(store, workflow)
        if one.subject is Subject.CONTRACT and one.status is Status.APPROVED and one.contract != but
    ]
    return max(signed, key=lambda one: one.settled_seq or 0).contract if signed else ""


def ground_of(evidence: Mapping[str, Any], subject: Subject) -> str:
    """Digest of what must not change while people vote."""
    if subject is Subject.CONTRACT:
        return digest([str(subject), evidence["contract"], evidence["words_digest"]])
    return digest([str(subject), {name: evidence[name] for name in GROUND}])
