"""What a report shows by day: evidence, cases, verdicts."""

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
