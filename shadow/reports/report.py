"""The frozen report: all that a reader sees of one look at an experiment, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from shadow.errors import UsageError
from shadow.reports.codec import decode, encode
from shadow.reports.contained import Contained
from shadow.reports.parts import (
    BlindRow,
    CandidateRow,
    CauseRow,
    Cost,
    Digests,
    FindingRow,
    Happened,
    Latency,
    Quality,
    Served,
    Totals,
    Window,
)
from shadow.reports.series import Curve, DayRow, LimitCurve, LookRow

FORMAT = 1  # raised when a field changes its meaning or goes away


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One look at one experiment; HTML, text, frames and the Slack digest are made of this alone.

    Attributes:
        title: the page's title.
        workflow, owner: from the contract.
        candidate: the version on trial.
        experiment: the experiment's id.
        window: arrivals covered.
        look: when the verdict was taken, aware UTC.
        verdict: "ready", "ready (demonstration)", "not ready" or "inconclusive".
        reasons: one plain sentence each, the weightiest first.
        forecast: what is missing and when it may be there; empty when nothing is.
        first_ready: the first day whose look said ready, or None.
        holds_now: whether ready holds at this look.
        first_not_ready: the first day whose look said not ready, or None.
        isolation: how containment is enforced, as "cooperative, not enforced".
        findings: one row a gate.
        served: whom the verdict speaks of.
        totals: where every case went.
        happened: what would have happened.
        causes: open causes, the most harmful first.
        resolved: causes that labels have resolved, as "the control was wrong".
        blind: where nothing can be said; see `shadow.reports.blind.blind_spots`.
        latency, cost: of the candidate.
        quality: windows whose data was stopped.
        digests: what the verdict is bound to.
        curves: log-evidence by day.
        days: one row an arrival day, ordered.
        looks: one row a look, ordered; may be empty.
        harm_limit: the harmful share that the contract allows, 0 to 1; None where no gate limits it.
        unsigned: whether the contract waits for its approvers' signatures; nothing can be promoted until then.
        notes: what else the reader must know, as "the contract is unsigned".
        contained: how the candidate was held in all runs up to the look; None where nothing is known of it.
        limits: upper limits by day against what the contract allows.
        void: why the verdict no longer says anything, a sentence each; empty where it held at `as_of`.
        as_of: when that was looked up, aware UTC; None in a report from before it was.
        until: when the verdict expires, aware UTC; None where it is not known.
        ended: whether the trial is over without an answer, at the contract's horizon.
        versions_tried: candidate versions tried on the contract up to the look, ≥ 1; 0 where it is not known.
        family: which of them this is, where one error rate holds for all of them together; else 0.
    """

    title: str
    workflow: str
    candidate: CandidateRow
    experiment: str
    window: Window
    look: datetime
    verdict: str
    reasons: tuple[str, ...]
    forecast: str
    first_ready: date | None
    holds_now: bool
    isolation: str
    findings: tuple[FindingRow, ...]
    served: Served
    totals: Totals
    happened: Happened
    causes: tuple[CauseRow, ...]
    blind: tuple[BlindRow, ...]
    latency: Latency
    cost: Cost
    quality: Quality
    digests: Digests
    curves: tuple[Curve, ...] = ()
    days: tuple[DayRow, ...] = ()
    looks: tuple[LookRow, ...] = ()
    resolved: tuple[CauseRow, ...] = ()
    owner: str = ""
    first_not_ready: date | None = None
    harm_limit: float | None = None
    unsigned: bool = False
    notes: tuple[str, ...] = ()
    contained: Contained | None = None
    limits: tuple[LimitCurve, ...] = ()
    void: tuple[str, ...] = ()
    as_of: datetime | None = None
    until: datetime | None = None
    ended: bool = False
    versions_tried: int = 0
    family: int = 0

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data with its format's number; amounts as decimal text, moments as ISO 8601."""
        return {"format": FORMAT, **encode(self)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Report:
        """The report that `to_json` wrote.

        Raises:
            UsageError: another format, or a field that is missing, unknown or of the wrong kind.
        """
        if data.get("format") != FORMAT:
            raise UsageError(
                "this report is of another format",
                seen=repr(data.get("format"))[:80],
                allowed=str(FORMAT),
                todo="write the report again with this version",
            )
        found: Report = decode(cls, {k: v for k, v in data.items() if k != "format"}, "report")
        return found
