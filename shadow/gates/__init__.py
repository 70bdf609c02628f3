"""Rules over the evidence, one a file; each is bound in a contract by calling its name.

A third party's gate comes in by an entry point of the group `shadow.gates`:

    from shadow.gates import Finding, Status
    from shadow.plug import gate

    @gate(version=1)
    def enough_cases(evidence, *, at_least):
        '''Passes with so many compared cases on closed days.'''
        enough = evidence.compared >= at_least
        return Finding(
            gate="enough_cases",
            status=Status.PASS if enough else Status.INCONCLUSIVE,
            reason=f"{evidence.compared} of {at_least} cases compared.",
        )
"""

from __future__ import annotations

from shadow.gates.calendar import calendar
from shadow.gates.cost import cost
from shadow.gates.coverage import coverage
from shadow.gates.critical_rate import critical_rate
from shadow.gates.data_quality import data_quality
from shadow.gates.every_slice import every_slice
from shadow.gates.finding import Finding, Status
from shadow.gates.harmful_rate import harmful_rate
from shadow.gates.input_drift import input_drift
from shadow.gates.latency import latency
from shadow.gates.latency_against_control import latency_against_control
from shadow.gates.non_inferior import non_inferior
from shadow.gates.recency import recency
from shadow.gates.set_aside import set_aside
from shadow.gates.similarity import similarity
from shadow.gates.stale import stale
from shadow.gates.verdict import Verdict, Word, decide
from shadow.gates.whole_weeks import whole_weeks

__all__ = [
    "Finding",
    "Status",
    "Verdict",
    "Word",
    "calendar",
    "cost",
    "coverage",
    "critical_rate",
    "data_quality",
    "decide",
    "every_slice",
    "harmful_rate",
    "input_drift",
    "latency",
    "latency_against_control",
    "non_inferior",
    "recency",
    "set_aside",
    "similarity",
    "stale",
    "whole_weeks",
]
