"""What a gate says: pass, fail or inconclusive, why, and what is still needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from shadow.errors import ContractError

Number = float | int | str


class Status(StrEnum):
    """PASS is needed of every gate for *ready*; FAIL by itself is not *not ready* (see `Finding.rejects`)."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one gate found at one look.

    Attributes:
        gate: the gate's name.
        status: pass, fail or inconclusive.
        reason: one plain sentence.
        numbers: what it rests on; finite numbers and words.
        needs: what is still needed, empty where it passes.
        days: forecast of the days until it may pass, ≥ 0; None where there is none.
        rejects: whether this alone makes the verdict *not ready*: confirmed harm beyond the limit, or a
            confirmed critical event.
    """

    gate: str
    status: Status
    reason: str
    numbers: Mapping[str, Number] = field(default_factory=dict)
    needs: str = ""
    days: float | None = None
    rejects: bool = False

    def __post_init__(self) -> None:
        if self.rejects and self.status is not Status.FAIL:
            raise ContractError("only a finding that fails can reject", where=self.gate, seen=self.status)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {**asdict(self), "status": self.status.value, "numbers": dict(self.numbers)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Finding:
        """The finding that `to_json` wrote."""
        return cls(**{**data, "status": Status(data["status"])})
