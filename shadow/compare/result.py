"""A result: all comparisons of one case, as plain frozen data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from shadow.contract.model import Severity
from shadow.observation import Observation

FAILURE = "failure"  # the place of what the candidate's own failing is found at
CONTAINMENT = "its containment"  # the place of what it tried to get past its doors with; no field has such a name
STOP = "stop: "  # what the place of a stop condition begins with


class Outcome(StrEnum):
    """What a comparison found at one place."""

    MATCH = "match"
    MISMATCH = "mismatch"
    INCOMPARABLE = "incomparable"


class Agreement(StrEnum):
    """What a case's comparisons come to."""

    AGREE = "agree"
    DISCREPANCY = "discrepancy"
    INCOMPARABLE = "incomparable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What was found at one place.

    Attributes:
        place: a path into the value, a write, `failure`, `its containment`, or `stop: ` and a stop's name.
        outcome: match, mismatch or incomparable.
        severity: how bad the mismatch is; None unless it is one.
        direction: which way it goes, as `approve -> deny`, `higher`, `missing`; empty unless a mismatch.
        control, candidate: JSON of both sides there, shortened; a list of arguments for a write.
        why: one short sentence; empty for a match.
    """

    place: str
    outcome: Outcome
    severity: Severity | None = None
    direction: str = ""
    control: Any = None
    candidate: Any = None
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "place": self.place,
            "outcome": self.outcome.value,
            "severity": self.severity.value if self.severity else None,
            "direction": self.direction,
            "control": self.control,
            "candidate": self.candidate,
            "why": self.why,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Comparison:
        """The comparison that `to_json` wrote."""
        severity = Severity(data["severity"]) if data["severity"] else None
        return cls(**{**data, "outcome": Outcome(data["outcome"]), "severity": severity})


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """All comparisons of one case.

    Attributes:
        case_id: whose.
        agreement: discrepancy where any comparison is a mismatch, else incomparable where any is, else agree.
        severity: the worst mismatch; None unless a discrepancy.
        comparisons: containment, failure, then stops that hold, then the contract's places in order; empty where
            the case as a whole cannot be compared.
        money: what is at stake, ≥ 0 per currency, where the two sides' writes move other amounts.
        reason: why it is incomparable, as `stale read: orders.get`; empty otherwise. It begins with
            `stale read`, `control's value`, `control failed` or `not comparable`.
    """

    case_id: str
    agreement: Agreement
    severity: Severity | None = None
    comparisons: tuple[Comparison, ...] = ()
    money: Mapping[str, Decimal] = field(default_factory=dict)
    reason: str = ""

    @property
    def mismatches(self) -> tuple[Comparison, ...]:
        """The comparisons that are mismatches, the first difference first."""
        return tuple(c for c in self.comparisons if c.outcome is Outcome.MISMATCH)

    @property
    def similarity(self) -> float | None:
        """Share of the compared places at which both sides match, in [0, 1]; None where nothing was compared.

        A failure or a stop that was passed over is a place like any other; what is incomparable is none.
        """
        compared = [c for c in self.comparisons if c.outcome is not Outcome.INCOMPARABLE]
        if self.agreement is Agreement.INCOMPARABLE or not compared:
            return None
        return sum(c.outcome is Outcome.MATCH for c in compared) / len(compared)

    @property
    def stale(self) -> bool:
        """Whether a stale read is why the case is incomparable."""
        return self.reason.startswith("stale read")

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data; amounts as decimal text."""
        return {
            "case_id": self.case_id,
            "agreement": self.agreement.value,
            "severity": self.severity.value if self.severity else None,
            "comparisons": [comparison.to_json() for comparison in self.comparisons],
            "money": {currency: str(amount) for currency, amount in sorted(self.money.items())},
            "reason": self.reason,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Result:
        """The result that `to_json` wrote."""
        return cls(
            case_id=data["case_id"],
            agreement=Agreement(data["agreement"]),
            severity=Severity(data["severity"]) if data["severity"] else None,
            comparisons=tuple(Comparison.from_json(item) for item in data["comparisons"]),
            money={currency: Decimal(amount) for currency, amount in data["money"].items()},
            reason=data["reason"],
        )


def digest_of(control: Observation, candidate: Observation) -> str:
    """What a label belongs to: SHA-256 (64 hex digits) of what both sides did, without when and how long.

    It sees each side's ending, value and effects, and what it tried to get past its doors with; the order of effects
    does not matter.
    """
    done = canonical([_deed(control), _deed(candidate)])
    return hashlib.sha256(done.encode("utf-8", "surrogatepass")).hexdigest()


def canonical(value: Any) -> str:
    """JSON with sorted names and no white space; equal values read equal."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def _deed(side: Observation) -> dict[str, Any]:
    effects = sorted(canonical([effect.tool, effect.args]) for effect in side.effects)
    done = {"ending": side.ending.value, "value": side.value, "effects": effects}
    tried = sorted({canonical([one.tool, one.args.get("about", "")]) for one in side.violations})
    return {**done, "tried": tried} if tried else done


_TEXT, _ITEMS, _LEVELS = 200, 10, 4  # characters, items and levels that a result keeps of a value


def shortened(value: Any, levels: int = _LEVELS) -> Any:
    """The value as a result keeps it: texts of up to 200 characters, 10 items a level, 4 levels."""
    if isinstance(value, str):
        return value if len(value) <= _TEXT else value[: _TEXT - 1] + "…"
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 4 * _TEXT:
        return "a number of more than 240 digits"
    if not isinstance(value, dict | list | tuple) or not value:
        return value
    if levels == 0:
        return "…"
    if isinstance(value, dict):
        kept = {str(n)[:_TEXT]: shortened(value[n], levels - 1) for n in list(value)[:_ITEMS]}
        return kept | ({"…": f"{len(value) - _ITEMS} more"} if len(value) > _ITEMS else {})
    items = [shortened(item, levels - 1) for item in value[:_ITEMS]]
    return [*items, f"… {len(value) - _ITEMS} more"] if len(value) > _ITEMS else items
