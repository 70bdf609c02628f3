"""The refund desk taken through the steps without Airflow: day by day with reviewers, or all in one window."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from shadow import steps
from shadow.candidates.python import python
from shadow.doors.bindings import Binding
from shadow.examples.refund_desk import bindings as desk
from shadow.examples.refund_desk import reviewer
from shadow.examples.refund_desk.contract import REFUNDS
from shadow.examples.refund_desk.home import Home, Recipe, prepare
from shadow.replay import Limits
from shadow.review.labels import export_rows, import_rows
from shadow.setup import Setup, setup
from shadow.store import Store, open_store
from shadow.store.registry import save_validation

START = datetime(2026, 9, 7, tzinfo=UTC)
SOUND = {"ok": True, "rows": 0, "problems": [], "notes": ["not validated in this benchmark"], "profile": {}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One desk and one store, with any number of candidate versions."""

    home: Home
    store: Store
    setup: Setup


def trial(
    root: Path,
    recipe: Recipe,
    *,
    versions: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    served: Mapping[str, Binding] | None = None,
) -> Trial:
    """A desk under `root`; each version is a label and its faults; the demonstration's two where none are given."""
    home = prepare(root / "desk", recipe)
    known = versions or {label: home.settings(label).get("faults", ()) for label in ("version 1", "version 2")}
    os.environ["SHADOW_CONN_DESK_RO"] = home.url()
    candidates = [
        python(
            "shadow.examples.refund_desk.agent:handle",
            label=label,
            settings={"faults": list(faults)} if faults else {},
            usd_per_call="0.002",
        )
        for label, faults in known.items()
    ]
    made = setup(
        REFUNDS,
        bindings=served or desk.BINDINGS,
        source=desk.source(),
        candidates=candidates,
        limits=Limits(at_once=2),
    )
    return Trial(home=home, store=open_store(f"sqlite:///{root / 'store.db'}"), setup=made)


Replay = Callable[[Store, Setup, str, int], object]


def contained(store: Store, made: Setup, run: str, shard: int) -> object:
    """Each case in a process of its own, as the product does it."""
    return steps.replay(store, made, run, shard, holder="benchmark")


def take(
    one: Trial, label: str, start: datetime, end: datetime, *, replay: Replay = contained
) -> tuple[str, dict[str, Any]]:
    """One window from arrival to verdict; the experiment's id and what the look said."""
    store, made = one.store, one.setup
    experiment = steps.preflight(store, made, candidate=label)
    run = steps.begin(store, made, experiment=experiment, start=start, end=end)
    steps.collect(store, made, run)
    save_validation(store, run, SOUND)
    for shard in steps.plan(store, made, run, shard_size=500):
        replay(store, made, run, shard)
    for shard in steps.plan_compare(store, made, run):
        steps.compare(store, made, run, shard, holder="benchmark")
    return experiment, steps.assess(store, made, run)


def label_day(one: Trial, experiment: str, look: datetime, at: datetime) -> int:
    """What reviewers do after a look: export, look up the policy, import, dated `at`; how many labels."""
    rows = export_rows(one.store, experiment, look=look)
    return import_rows(one.store, reviewer.review(rows, one.home.world, at))["imported"]


def day_by_day(one: Trial, label: str, *, days: int, replay: Replay = contained) -> list[dict[str, Any]]:
    """Every daily window with reviewers in between; what each look said."""
    looks = []
    for day in range(days):
        start, end = START + timedelta(days=day), START + timedelta(days=day + 1)
        experiment, found = take(one, label, start, end, replay=replay)
        looks.append(found)
        label_day(one, experiment, end, end + timedelta(hours=10))
    return looks


def at_once(one: Trial, label: str, *, days: int) -> str:
    """All days in one window, then everything labelled; the experiment's id."""
    end = START + timedelta(days=days)
    experiment, _ = take(one, label, START, end)
    label_day(one, experiment, end, end)
    return experiment
