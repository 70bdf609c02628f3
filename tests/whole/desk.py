"""Small refund desks to take through everything, and what the store and the desk's own files say afterwards."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.trial import START
from shadow.examples.refund_desk.home import Home, Recipe

ROOT = Path(__file__).resolve().parents[2]
AGENT = "shadow.examples.refund_desk.agent:handle"
SMALL = Recipe(seed=5, faults=3, days=3, scale=0.05)  # about 60 cases
REVIEWED_AFTER = timedelta(hours=10)

Window = tuple[datetime, datetime]


def window(day: int, days: int = 1) -> Window:
    """`days` whole days from the desk's day `day` on, the first being 0."""
    start = START + timedelta(days=day)
    return start, start + timedelta(days=days)


def environment(**more: str) -> dict[str, str]:
    """For a process of our own: nothing of this session's Airflow, store or desk, and our code to import."""
    ours = ("AIRFLOW", "SHADOW_", "REFUND_DESK_")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**clean, "PYTHONPATH": str(ROOT), **more}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A folder with a desk and a store.

    Attributes:
        store: the store's file, there or not.
        files: the desk's files.
    """

    store: Path
    files: Home

    def ask(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of the store; none where it, or the table, was not made yet."""
        if not self.store.exists():
            return []
        with closing(sqlite3.connect(self.store)) as connection:
            if not connection.execute("select 1 from sqlite_master where name = 'shadow_verdict'").fetchall():
                return []
            return connection.execute(sql, values).fetchall()

    def looks(self, label: str) -> list[tuple[str, str, str]]:
        """(look, verdict, decision digest) of each run of that version, in order."""
        return self.ask(
            "select v.look, v.word, v.decision_digest from shadow_verdict v "
            "join shadow_experiment e on e.id = v.experiment where e.label = ? order by v.look",
            label,
        )

    def committed(self) -> Counter[str]:
        """Of each case, how many versions of the candidate have a stored observation of it."""
        return Counter(case for (case,) in self.ask("select case_id from shadow_observation"))

    def progress(self) -> int:
        """Rows of all tables that grow with the work, together."""
        tables = ("run", "case", "settlement", "taken", "observation", "result", "label", "verdict")
        return sum(self.ask(f"select count(*) from shadow_{table}")[0][0] for table in tables if self.ready())

    def ready(self) -> bool:
        """Whether the store has its tables."""
        return bool(self.ask("select 1"))

    def calls(self) -> list[str]:
        """The cases for which the desk's rate service was called by a candidate, in order."""
        return self.files.calls.read_text().split() if self.files.calls.exists() else []


def copied(desk: Path, folder: Path) -> Place:
    """A desk like the one at `desk`, of the caller's own, where `worker` and `benchmarks.trial` look for it."""
    shutil.copytree(desk, folder / "desk")
    return Place(store=folder / "store.db", files=Home(root=folder / "desk"))


def chosen(rows: Sequence[tuple[Any, ...]]) -> list[Any]:
    """The first column."""
    return [row[0] for row in rows]
