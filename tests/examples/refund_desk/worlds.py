"""A world to try things on, with everything that is known of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from shadow.examples.refund_desk import generate
from shadow.examples.refund_desk.generate import Truth
from shadow.examples.refund_desk.policy import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A world, what is true of it, and what the control saw when it began each case."""

    path: Path
    truth: Truth
    views: dict[str, tuple[datetime, Facts]] = field(default_factory=dict)


def make(path: Path, *, seed: int, days: int = 28, scale: float = 1.0) -> Made:
    """A world at `path`."""
    views: dict[str, tuple[datetime, Facts]] = {}
    truth = generate.build(
        path, seed=seed, days=days, scale=scale, on_view=lambda case, at, facts: views.update({case: (at, facts)})
    )
    return Made(path=path, truth=truth, views=views)
