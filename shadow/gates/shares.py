"""What the two gates over "how much we could not see" share: a plain share of all cases of closed days."""

from __future__ import annotations

from shadow.evidence.evidence import Evidence
from shadow.evidence.forecast import until_first_close
from shadow.gates.finding import Finding, Number, Status
from shadow.gates.words import many, nothing_yet, percent


def limited(evidence: Evidence, gate: str, *, part: int, at_most: float, what: str) -> Finding:
    """Passes while `part` is at most `at_most` of all cases that arrived on closed days.

    No test is needed: the share is of the very cases that the verdict is about.

    Args:
        part: cases of closed days that could not be seen, ≥ 0.
        at_most: share in (0, 1).
        what: plain words for them, as `cases read a stale world`.
    """
    total = evidence.counts.cases(evidence.closed)
    if not evidence.compared:
        return _none(evidence, gate, total=total, part=part, what=what)
    numbers: dict[str, Number] = {"cases": total, "part": part, "share": part / total, "at_most": at_most}
    seen = f"{percent(part / total)} of {many(total, 'case')} ({part:,}) {what}"
    if part <= at_most * total:
        reason = f"{seen}: within the limit of {percent(at_most)}."
        return Finding(gate=gate, status=Status.PASS, reason=reason, numbers=numbers)
    reason = f"{seen}: more than the limit of {percent(at_most)}."
    needs = f"fewer such cases: at most {int(at_most * total):,} of {total:,}"
    return Finding(gate=gate, status=Status.FAIL, reason=reason, numbers=numbers, needs=needs)


def _none(evidence: Evidence, gate: str, *, total: int, part: int, what: str) -> Finding:
    if not total:
        return nothing_yet(gate, until_first_close(evidence) or None)
    return Finding(
        gate=gate,
        status=Status.FAIL,
        reason=f"Not one of {many(total, 'case')} of closed days was compared; {part:,} {what}.",
        numbers={"cases": total, "part": part, "share": part / total},
        needs="cases that can be compared",
    )
