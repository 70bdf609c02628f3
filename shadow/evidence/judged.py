"""One case as a verdict sees it: where it stands, what was found, what a label said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from shadow.contract.model import Severity


class Standing(StrEnum):
    """Where a case stands at a look; every case that arrived has exactly one."""

    COMPARED = "compared"
    INCOMPARABLE = "incomparable"  # the world or the control caused it
    SET_ASIDE = "set aside"  # never settled, or not fit to be replayed
    WAITING = "waiting"  # not settled or not replayed yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What one case adds to the evidence.

    Attributes:
        case_id: unique within the workflow.
        unit: whom the case belongs to.
        day: the UTC day on which it arrived.
        standing: where it stands at the look; all but WAITING are final unless corrected.
        slices: value of each declared slice.
        agreement: whether there is no discrepancy; read for compared cases only.
        grade: how bad the discrepancy is after labels; None where both agree or a label cleared it.
            An unlabelled discrepancy keeps the grade that comparing gave it.
        confirmed: what a label confirmed; None where no label did.
        labelled: whether any label stands on the case.
        label_due: whether it is an unlabelled major or critical discrepancy whose label time runs on.
        stale: whether a stale read made it incomparable.
        duration_s: seconds the candidate took, ≥ 0; None where unknown.
        cost_usd: United States dollars at the declared price, ≥ 0; None where unknown.
    """

    case_id: str
    unit: str
    day: date
    standing: Standing
    slices: Mapping[str, str] = field(default_factory=dict)
    agreement: bool = True
    grade: Severity | None = None
    confirmed: Severity | None = None
    labelled: bool = False
    label_due: bool = False
    stale: bool = False
    duration_s: float | None = None
    cost_usd: float | None = None
