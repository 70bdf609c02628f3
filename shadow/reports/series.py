"""What a report shows by day: evidence, limits, cases, verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """Log-evidence (natural logarithm of the e-value) at the look of one day."""

    day: date
    log_e: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A gate's log-evidence by day against its threshold.

    Attributes:
        gate: the gate's name.
        title: what the curve says, in plain words.
        threshold: natural logarithm, as ln(1/alpha) = 3.0 for alpha 0.05; enough evidence at or above it.
        toward: "ready" or "not ready": what crossing the threshold speaks for.
        points: one a day, ordered.
    """

    gate: str
    title: str
    threshold: float
    toward: str
    points: tuple[CurvePoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitPoint:
    """What the evidence at the look of one day does not rule out.

    Attributes:
        upper, lower: the highest and the lowest value that are not ruled out; None where the gate gives none.
        seen: what was seen so far, as a share of the evidence; None where the gate gives none.
    """

    day: date
    upper: float | None = None
    lower: float | None = None
    seen: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitCurve:
    """A gate's upper limit (or lower, where more is better) by day against what its contract allows.

    Attributes:
        gate: the gate's name.
        title: what the curve says, in plain words.
        unit: "share" (0 to 1), "s" (seconds), "times" (a ratio), "USD", or empty where nothing is known of it.
        limit: what the contract allows, in that unit.
        below: whether the gate asks for a value below the limit; else above it.
        alpha: the gate's error rate, in (0, 1); None where it is not known.
        points: one a day, ordered; each holds an upper or a lower limit.
    """

    gate: str
    title: str
    unit: str
    limit: float
    below: bool
    alpha: float | None
    points: tuple[LimitPoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRow:
    """One arrival day.

    Attributes:
        day: UTC.
        closed: whether all its cases are settled or set aside, and labelled where they must be.
        arrived, compared, discrepancies, harmful: counts of cases; harmful is part of discrepancies.
        low, high: 95 % Wilson interval of discrepancies / compared, 0 to 1; None where nothing was compared.
    """

    day: date
    closed: bool
    arrived: int
    compared: int
    discrepancies: int
    harmful: int
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LookRow:
    """The verdict's word as it stood at the look of one day."""

    day: date
    word: str
