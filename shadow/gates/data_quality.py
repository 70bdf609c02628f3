"""Gate: what came in was validated, and nothing that was found is still open."""

from __future__ import annotations

from shadow.evidence.evidence import Evidence
from shadow.evidence.forecast import until_first_close
from shadow.gates.finding import Finding, Status
from shadow.gates.words import many, nothing_yet
from shadow.plug import gate

NAME = "data_quality"
_NAMED = 5  # how many problems a reason names


@gate(version=1, words="no window of data was stopped as unsound")
def data_quality(evidence: Evidence) -> Finding:
    """Passes where every window was validated and no problem is open; else inconclusive, never a failure.

    Example:
        >>> data_quality()
        data_quality()
    """
    numbers = {
        "problems": len(evidence.problems),
        "validated": evidence.validated,
        "unvalidated": evidence.unvalidated,
    }
    if evidence.problems:
        reason = f"{many(len(evidence.problems), 'open problem')}: {_named(evidence)}."
        return _open(reason, numbers, "the windows put right and run again")
    if evidence.unvalidated or not evidence.validated:
        reason = f"{many(evidence.unvalidated, 'window')} not validated, {evidence.validated:,} validated."
        return _open(reason, numbers, "every window validated")
    if not evidence.compared:
        return nothing_yet(NAME, until_first_close(evidence) or None)
    reason = f"{many(evidence.validated, 'window')} validated, no problem open."
    return Finding(gate=NAME, status=Status.PASS, reason=reason, numbers=numbers)


def _named(evidence: Evidence) -> str:
    shown = [f"{p.window} {p.column}: {p.problem} ({p.rows:,})" for p in evidence.problems[:_NAMED]]
    return "; ".join(shown) + (" …" if len(evidence.problems) > _NAMED else "")


def _open(reason: str, numbers: dict[str, int], needs: str) -> Finding:
    return Finding(gate=NAME, status=Status.INCONCLUSIVE, reason=reason, numbers=numbers, needs=needs)
