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
        similarity: share of the compared places at which both sides match, in [0, 1]; None where unknown.
        versus: 1 where the candidate was harmfully wrong and the control right, by a label or for want of one; -1
            where a label says the other way round; 0 for both, neither and agreement.
        hour: UTC hour of the arrival, 0 to 23; None where unknown.
        control_duration_s: seconds from when the control began the case to its first outcome; None where unknown.
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
    similarity: float | None = None
    versus: int = 0
    hour: int | None = None
    control_duration_s: float | None = None

    @property
    def kind(self) -> str:
        """What kind of case it is: its slices' values together, as `channel=web, country=DE`."""
        return kind_of(self.slices)


def kind_of(slices: Mapping[str, str]) -> str:
    """The kind of a case with these slices; the same for any order of them."""
    return ", ".join(f"{name}={value}" for name, value in sorted(slices.items()))
