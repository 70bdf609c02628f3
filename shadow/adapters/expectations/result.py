"""What validation says: plain, frozen, JSON both ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from shadow.adapters.expectations.profile import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One reason to stop before anything is spent on the window.

    Attributes:
        column: dotted, as the contract calls it, or `id` or `arrived_at`; empty for the whole table.
        expectation: Great Expectations' name of what failed.
        what: plain words, as `amount is null in 212 of 356 rows`; no values of rows but names of categories.
        count: rows concerned, ≥ 0; all rows looked at where a figure of a whole column or group is off.
    """

    column: str
    expectation: str
    what: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """What was found in one window.

    Attributes:
        ok: no problem; only then may the window be replayed, and its profile be a reference.
        rows: arrivals, doubled ones included, ≥ 0.
        problems: in the order of the checks.
        checked: expectations evaluated, ≥ 0.
        notes: what could not be checked, and why.
        profile: the window in numbers.
    """

    ok: bool
    rows: int
    problems: tuple[Problem, ...]
    checked: int
    notes: tuple[str, ...]
    profile: Profile

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {**_plain(self), "profile": self.profile.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Validation:
        """The validation that `to_json` wrote."""
        return cls(
            ok=data["ok"],
            rows=data["rows"],
            problems=tuple(Problem(**problem) for problem in data["problems"]),
            checked=data["checked"],
            notes=tuple(data["notes"]),
            profile=Profile.from_json(data["profile"]),
        )


def _plain(result: Validation) -> dict[str, Any]:
    return {
        "ok": result.ok,
        "rows": result.rows,
        "problems": [asdict(problem) for problem in result.problems],
        "checked": result.checked,
        "notes": list(result.notes),
    }
