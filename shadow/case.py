"""A case: one piece of real work, at the moment it arrived and once it has settled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shadow.observation import Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What came in.

    Attributes:
        id: unique within the workflow.
        unit: whom the case belongs to; one unit's cases of one day are one piece of evidence.
        arrived_at: aware UTC.
        began_at: when the control began the case, aware UTC; reads are answered as of then.
        input: JSON object; all that the candidate is given.
        slices: value of each slice that the contract declares; a missing one reads "(none)".
    """

    id: str
    unit: str
    arrived_at: datetime
    began_at: datetime
    input: Mapping[str, Any]
    slices: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One row of a source before the contract has looked at it.

    Attributes:
        id: None where the row has none; such a row is counted and set aside.
        arrived_at: aware UTC.
        began_at: aware UTC; the arrival's moment where the source does not tell.
        input: JSON object, the row without its id and moments.
    """

    id: str | None
    arrived_at: datetime
    began_at: datetime
    input: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """The control's outcome of one case, as it stood at `settled_at` (aware UTC).

    A later settlement of the same case with another outcome is a new revision.
    """

    case_id: str
    settled_at: datetime
    observation: Observation
