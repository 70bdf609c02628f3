"""What the cage and the network door found wrong with what a case tried, as refusals of its observation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from shadow.cage.notes import Blocked
from shadow.doors.plain import one_line
from shadow.observation import Refusal, RefusalKind

if TYPE_CHECKING:
    from shadow.doors.network.traffic import Passage


def refusals(denied: Iterable[Blocked]) -> tuple[Refusal, ...]:
    """One refusal for each different call that the cage denied, with how often it was made."""
    return tuple(_refusal(one) for one in denied)


def violations(passages: Iterable[Passage]) -> tuple[Refusal, ...]:
    """One refusal for each request that tried what may not even be tried, as a canary on its way out."""
    return tuple(
        Refusal(
            tool=one_line(f"{one.method or 'a request'} {one.route}", 100), args={"about": one_line(one.place, 200)},
            why=one_line(one.violation), kind=RefusalKind.VIOLATION,
        )
        for one in passages
        if one.violation
    )  # fmt: skip


def _refusal(one: Blocked) -> Refusal:
    about = {"about": one_line(one.about)} if one.about else {}
    kind = RefusalKind.NOISE if one.noise else RefusalKind.SYSTEM
    return Refusal(tool=one.call, args={**about, "times": one.times}, why=one.why, kind=kind)
