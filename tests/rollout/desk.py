"""A machine whose route files are written by hand, with clocks that are set by hand."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from shadow.rollout.deciding import Clocks, Reason, Router, decide
from shadow.rollout.known import Known, write_known
from shadow.rollout.places import route_file
from shadow.store import Store
from shadow.store.requests import Request
from tests.approval.desk import ASKED, asked, say

NAME = "desk"
KNOWN = Known(
    workflow=NAME, stage="canary", share=1, experiment="x1", number=1, demonstration=False, reached=True, why="",
    written_at=100_000.0,
)  # fmt: skip


@dataclass(slots=True)
class Machine:
    """A home, a router on it without a refresher, and its two clocks."""

    where: Path
    wall: float = 100_000.0
    ticks: float = 50.0
    router: Router = field(init=False)

    def __post_init__(self) -> None:
        self.router = self.process()

    def process(self) -> Router:
        """Another process of this machine."""
        return Router(where=str(self.where), clocks=Clocks(wall=lambda: self.wall, ticks=lambda: self.ticks))

    @property
    def file(self) -> Path:
        """The desk's route file."""
        return Path(route_file(str(self.where), NAME))

    def know(self, **values: Any) -> None:
        """Write it, as of now."""
        write_known(str(self.file), replace(KNOWN, **{"written_at": self.wall, **values}))

    def ask(self, key: Any = "k1", *, workflow: Any = NAME, demonstration: Any = False) -> Reason:
        """The decision."""
        return decide(self.router, workflow, key, demonstration)


def approved(store: Store, contract: Any = ASKED) -> Request:
    """A cutover request that two people have approved."""
    one = asked(store, contract)
    for name in ("ines", "tom"):
        say(store, one, name)
    return one
