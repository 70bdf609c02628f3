"""What the cage denied, as refusals of an observation."""

from __future__ import annotations

from collections.abc import Iterable

from shadow.cage.notes import Blocked
from shadow.doors.plain import one_line
from shadow.observation import Refusal, RefusalKind


def refusals(denied: Iterable[Blocked]) -> tuple[Refusal, ...]:
    """One refusal for each different call, with how often it was made."""
    return tuple(_refusal(one) for one in denied)


def _refusal(one: Blocked) -> Refusal:
    about = {"about": one_line(one.about)} if one.about else {}
    kind = RefusalKind.NOISE if one.noise else RefusalKind.SYSTEM
    return Refusal(tool=one.call, args={**about, "times": one.times}, why=one.why, kind=kind)
