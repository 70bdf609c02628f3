"""The verdict: all findings of one look together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from math import ceil, isfinite
from typing import Any

from shadow.evidence.evidence import Evidence
from shadow.evidence.family import of_family
from shadow.evidence.forecast import unit_days_per_day
from shadow.gates.finding import Finding, Status
from shadow.gates.words import many
from shadow.plug import Bound

ENFORCED = ("kernel", "external")  # how isolation must begin to read; everything else is cooperation
ISOLATION = "isolation"
COOPERATIVE = "cooperative, not enforced"


class Word(StrEnum):
    """What a verdict can be."""

    READY = "ready"
    DEMONSTRATION = "ready (demonstration)"
    NOT_READY = "not ready"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What holds at one look.

    Attributes:
        word: see `Word`.
        findings: one a gate, in the contract's order; then that of isolation.
        reasons: plain sentences: why ready, what rejects, or each open gate by name.
        forecast: what is missing and about how many days that takes; empty unless inconclusive.
        look: aware UTC moment of the look; None where none was given.
        counts: digest of the counts it rests on.
        versions_tried: candidate versions tried on this contract, ≥ 1.
        family: which of them this is, where one error rate holds for all of them together; else 0.
        ended: whether it is still inconclusive at the contract's horizon: no further run is planned.
    """

    word: Word
    findings: tuple[Finding, ...]
    reasons: tuple[str, ...]
    forecast: str = ""
    look: datetime | None = None
    counts: str = ""
    versions_tried: int = 1
    family: int = 0
    ended: bool = False

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data; the moment as ISO 8601 text."""
        return {
            "word": self.word.value,
            "findings": [finding.to_json() for finding in self.findings],
            "reasons": list(self.reasons),
            "forecast": self.forecast,
            "look": self.look.isoformat() if self.look else None,
            "counts": self.counts,
            "versions_tried": self.versions_tried,
            "family": self.family,
            "ended": self.ended,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Verdict:
        """The verdict that `to_json` wrote."""
        return cls(
            word=Word(data["word"]),
            findings=tuple(Finding.from_json(finding) for finding in data["findings"]),
            reasons=tuple(data["reasons"]),
            forecast=data["forecast"],
            look=datetime.fromisoformat(data["look"]) if data["look"] else None,
            counts=data["counts"],
            versions_tried=data["versions_tried"],
            family=data.get("family", 0),
            ended=data.get("ended", False),
        )


def decide(
    evidence: Evidence,
    gates: Sequence[Bound],
    *,
    demonstration: bool,
    isolation: str,
    horizon_days: int | None = None,
    family: int = 0,
) -> Verdict:
    """The verdict of these gates at this look.

    *Not ready* where a finding rejects (confirmed harm or a confirmed critical event); *ready* where
    every gate passes, isolation is enforced and there is evidence at all; else *inconclusive*. A
    demonstration is never more than "ready (demonstration)", and may be that without enforced isolation.
    What is inconclusive at the horizon stays inconclusive: time is no evidence of harm.

    Args:
        gates: as the contract holds them; with none, nothing is ever ready.
        demonstration: whether the contract is marked so.
        isolation: how the replays were contained, as `cooperative, not enforced`.
        horizon_days: arrival days that the trial may take, ≥ 1; None for no end.
        family: which version tried on the contract this is, from 1, where all of them share one error rate; else 0.
    """
    asked = [_ask(bound, evidence, family) for bound in gates]
    contained = _isolation(isolation)
    judged = asked if demonstration else [*asked, contained]
    rejecting = [finding for finding in asked if finding.rejects]
    blocking = [finding for finding in judged if finding.status is not Status.PASS]
    word, reasons = Word.INCONCLUSIVE, _why_open(asked, blocking)
    if rejecting:
        word, reasons = Word.NOT_READY, tuple(_named(finding) for finding in rejecting)
    elif asked and not blocking and evidence.compared:
        word = Word.DEMONSTRATION if demonstration else Word.READY
        reasons = tuple(_named(finding) for finding in judged)
    left = _days_left(evidence, horizon_days)
    ended = word is Word.INCONCLUSIVE and left is not None and left <= 0
    return Verdict(
        word=word,
        findings=(*asked, contained),
        reasons=reasons,
        forecast=_outlook(evidence, blocking, horizon_days, left) if word is Word.INCONCLUSIVE else "",
        look=evidence.look,
        counts=evidence.counts.digest(),
        versions_tried=evidence.versions_tried,
        family=family,
        ended=ended,
    )


def of_version(gates: Sequence[Bound], version: int) -> tuple[Bound, ...]:
    """The gates at the error rate that this version has when all versions share one; evidence of harm keeps its own.

    Args:
        version: which one tried on the contract it is, from 1.

    Source: `shadow.evidence.family`. Only what lets a candidate pass is shared out: a version that is not ready
    ends its own trial and nobody else's. A gate's error rate is its parameter `alpha`; one without is left as it is.
    """
    return tuple(_at_shared_rate(bound, version) for bound in gates)


def _at_shared_rate(bound: Bound, version: int) -> Bound:
    alpha = bound.params.get("alpha")
    if not isinstance(alpha, int | float):
        return bound
    params = {**bound.params, "alpha": of_family(alpha, version)}
    if "alpha_harm" in params and params["alpha_harm"] is None:
        params["alpha_harm"] = alpha
    return bound.plug(**params)


def _days_left(evidence: Evidence, horizon_days: int | None) -> float | None:
    """Days from the look to the horizon, 0 or below from then on; None where there is none, or no case yet."""
    first = min(evidence.counts.days, default=None)
    if horizon_days is None or first is None:
        return None
    end = datetime.combine(first, time(), tzinfo=evidence.look.tzinfo) + timedelta(days=horizon_days)
    return (end - evidence.look) / timedelta(days=1)


def _ask(bound: Bound, evidence: Evidence, family: int) -> Finding:
    """The gate's finding; one that raises, or that answers with something else, or NaN, is inconclusive."""
    try:
        found = _at_shared_rate(bound, family)(evidence) if family else bound(evidence)
    except Exception as error:  # a gate is a user's callback: whatever it raises is named, never a pass
        return _errored(bound, f"{type(error).__name__}: {error}")
    if not isinstance(found, Finding):
        return _errored(bound, f"answered with {type(found).__name__}, not with a finding")
    wild = [name for name, value in {**found.numbers, "days": found.days or 0}.items() if not _sound(value)]
    return _errored(bound, f"{', '.join(wild)} is no finite number") if wild else found


def _sound(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, int | float) and isfinite(value))


def _errored(bound: Bound, what: str) -> Finding:
    return Finding(
        gate=bound.name,
        status=Status.INCONCLUSIVE,
        reason=f"errored: {what}",
        needs="a gate that can be evaluated",
    )


def enforced(isolation: str) -> bool:
    """Whether these words say that something other than the candidate's good will held it."""
    words = isolation.replace(",", " ").replace(":", " ").split()
    return bool(words) and words[0] in ENFORCED and "not enforced" not in isolation


def _isolation(isolation: str) -> Finding:
    if enforced(isolation):
        return Finding(gate=ISOLATION, status=Status.PASS, reason=f"Replays were contained: {isolation}.")
    return Finding(
        gate=ISOLATION,
        status=Status.INCONCLUSIVE,
        reason=f"Replays were not contained by force: {isolation or 'nothing is known about it'}.",
        needs="isolation by the kernel or from outside",
    )


def _why_open(asked: list[Finding], blocking: list[Finding]) -> tuple[str, ...]:
    none = () if asked else ("The contract names no gate.",)
    return (*none, *(_named(finding) for finding in blocking)) or ("Nothing was compared on a closed day.",)


def _named(finding: Finding) -> str:
    return f"{finding.gate}: {finding.reason}"


def _outlook(evidence: Evidence, blocking: list[Finding], horizon_days: int | None, left: float | None) -> str:
    if horizon_days is None or left is None or left > 0:
        longest = max((finding.days for finding in blocking if finding.days is not None), default=0.0)
        over = left is not None and longest > left
        return _forecast(evidence, blocking) + (f"; the trial ends in {many(ceil(left or 0), 'day')}" if over else "")
    lacking = "; ".join(f"{f.gate} lacks {f.needs or 'evidence'}" for f in blocking) or "nothing was compared"
    return f"the horizon of {many(horizon_days, 'day')} is reached and no further run is planned: {lacking}"


def _forecast(evidence: Evidence, blocking: list[Finding]) -> str:
    undated = [finding for finding in blocking if finding.days is None]
    dated = [(finding.days, finding) for finding in blocking if finding.days is not None]
    if undated:
        return "no date can be given: " + "; ".join(f"{f.gate} needs {f.needs or 'more'}" for f in undated)
    if not dated:
        return "no date can be given: nothing says what would be enough"
    days, longest = max(dated, key=lambda pair: pair[0])
    about = f"about {many(max(1, ceil(days)), 'more day')}"
    volume = unit_days_per_day(evidence)
    pace = f" at {volume:,.0f} unit-days a day" if volume else ""
    return f"{about}{pace}; {longest.gate} takes longest: {longest.needs}"
