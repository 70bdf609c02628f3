"""The parts of a report: small frozen rows, plain data, only what a reader sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from shadow.contract.model import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The arrivals that the report covers: `[start, end)`, aware UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateRow:
    """The version on trial: its label, its pin (hex digest) and the model ids it declares."""

    label: str
    pin: str
    models: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Whom the verdict speaks of: customers as served.

    Attributes:
        units: distinct units, ≥ 0.
        unit_days: pieces of evidence, ≥ 0.
        cases: cases behind them, ≥ 0.
        unit: what a unit is called, as `customer`.
    """

    units: int
    unit_days: int
    cases: int
    unit: str = "customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Where every case that arrived went; counts of cases, ≥ 0.

    `arrived` is the sum of agree, discrepancies, incomparable, set aside, waiting, dead letters and
    not taken; what is missing from that sum is shown as unaccounted.

    Attributes:
        arrived: all that came in.
        compared: agree plus discrepancies.
        agree: compared without a mismatch.
        discrepancies: by severity, as labels have graded them.
        incomparable: by reason.
        set_aside: by reason.
        waiting: not settled or not replayed yet.
        dead_letters: could not be processed; kept with everything needed to redrive them.
        not_taken: left out by a run's limit; such a run adds no evidence.
        unlabelled: of the major and critical discrepancies, those that nobody has labelled.
        stale: of the incomparable, those with a stale read.
        failures: of the discrepancies, those in which the candidate failed, by ending.
    """

    arrived: int
    compared: int
    agree: int
    discrepancies: Mapping[Severity, int]
    incomparable: Mapping[str, int] = field(default_factory=dict)
    set_aside: Mapping[str, int] = field(default_factory=dict)
    waiting: int = 0
    dead_letters: int = 0
    not_taken: int = 0
    unlabelled: int = 0
    stale: int = 0
    failures: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """What one gate says.

    Attributes:
        gate: its name.
        status: "pass", "fail" or "inconclusive".
        reason: one plain sentence.
        numbers: what it measured, by name.
        needs: what is still needed; empty when it passes.
        days: forecast until it can pass, days ≥ 0; None where unknown.
        rejects: whether it makes the verdict "not ready" (confirmed harm or a confirmed critical event).
    """

    gate: str
    status: str
    reason: str
    numbers: Mapping[str, float | int | str] = field(default_factory=dict)
    needs: str = ""
    days: float | None = None
    rejects: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectRow:
    """The held effects of one write.

    Attributes:
        tool: the write's name.
        count: how many the candidate asked for.
        money: what they would have moved, per currency.
        reversible: whether such an effect can be taken back.
        control_too: how many of `count` the control made as well, as they are aligned by key.
        control_count: how many the control made in the same cases.
        control_money: what those moved, per currency.
    """

    tool: str
    count: int
    reversible: bool
    money: Mapping[str, Decimal] = field(default_factory=dict)
    control_too: int = 0
    control_count: int = 0
    control_money: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalRow:
    """Calls of one tool that the door refused for one reason; `example` is a case id."""

    tool: str
    why: str
    count: int
    example: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationRow:
    """Cases that the candidate handed over for one reason; `control_too` of them the control did as well."""

    reason: str
    count: int
    control_too: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What would have happened: all that went through the doors.

    Attributes:
        effects: one row a write.
        refusals, escalations: one row a reason.
        reads: answered reads by kind: recorded, as-of, live, stale.
    """

    effects: tuple[EffectRow, ...] = ()
    refusals: tuple[RefusalRow, ...] = ()
    escalations: tuple[EscalationRow, ...] = ()
    reads: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SideRow:
    """One place of an example, both sides as text; an empty text reads as "(nothing)"."""

    place: str
    control: str
    candidate: str
    differs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One case with both sides next to each other; `input` is what both were given, as text."""

    case_id: str
    sides: tuple[SideRow, ...]
    input: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseRow:
    """Discrepancies that share a place, a direction and a slice.

    Attributes:
        sentence: what happens, in plain words.
        place, direction: where, and which way.
        slice: name and value, or None where it happens everywhere.
        severity: the worst of its discrepancies.
        count: its cases, ≥ 1.
        possible: cases in which that direction was possible, ≥ count.
        share, low, high: count / possible and its 95 % Wilson interval, 0 to 1; shown, not decided on.
        harmful: how many of `count` are harmful.
        money: at stake, per currency.
        example: one case, or None where it may not be shown.
        resolved: empty while open, else what labels said, as "the control was wrong".
        consequences: causes that this one brings along.
    """

    sentence: str
    place: str
    direction: str
    severity: Severity
    count: int
    possible: int
    share: float
    low: float
    high: float
    slice: tuple[str, str] | None = None
    harmful: int = 0
    money: Mapping[str, Decimal] = field(default_factory=dict)
    example: Example | None = None
    resolved: str = ""
    consequences: tuple[CauseRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindRow:
    """A place where nothing can be said: `count` of `possible` cases, and why in plain words."""

    what: str
    count: int
    possible: int
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Wall seconds of the candidate's work a case, over `cases` cases; None where nothing was measured."""

    cases: int
    p50_s: float | None
    p95_s: float | None
    max_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """United States dollars at the candidate's declared prices, over `cases` cases; None where unknown."""

    cases: int
    total_usd: Decimal | None
    per_case_usd: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppedRow:
    """One complaint about one window: which check, which column, how many rows, in plain words."""

    window: Window
    check: str
    column: str
    count: int
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Data quality: windows looked at, windows without a reference to compare with, and what was stopped."""

    windows: int
    without_reference: int = 0
    stopped: tuple[StoppedRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Digests:
    """Hex digests that bind the verdict to its evidence."""

    decision: str
    measurement: str
    conduct: str
    judgement: str
    governance: str
    pin: str
    counts: str
