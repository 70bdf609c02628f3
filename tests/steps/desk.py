"""A desk in a file, an instant candidate in a package of its own, and a day's run without Airflow."""

from __future__ import annotations

import json
import textwrap
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from comparators.exact import exact
from shadow.candidates import Candidate
from shadow.candidates.python import python
from shadow.contract import Contract, contract, effect, major, read, write
from shadow.doors.bindings import python as served
from shadow.doors.bindings import template
from shadow.gates.calendar import calendar
from shadow.gates.harmful_rate import harmful_rate
from shadow.replay import Limits
from shadow.setup import Setup, setup
from shadow.sources.jsonl import jsonl
from shadow.steps import assess, begin, collect, compare, plan, plan_compare, preflight, replay
from shadow.store import Store

START = datetime(2026, 11, 1, tzinfo=UTC)
AGENT = """
def handle(case, tools):
    order = tools.call("orders.get", order=case["order"])
    decision = "approve" if case["claim"] <= {limit} else "decline"
    if decision == "approve":
        tools.call("pay", order=order["order"], amount=str(case["claim"]), to=case.get("email") or "nobody")
    return {{"decision": decision}}
"""
TEXT = {"type": "string"}
CONTRACT: Contract = contract(
    "desk",
    owner="ops",
    unit="customer",
    accepts={
        "type": "object",
        "properties": {"customer": TEXT, "order": TEXT, "claim": {"type": "number"}, "email": {}, "country": {}},
        "required": ["customer", "order", "claim"],
    },
    produces={"type": "object", "properties": {"decision": TEXT}, "required": ["decision"]},
    tools=[read("orders.get"), write("pay", entity="order", key="order", reversible=False)],
    compare={"decision": major(exact()), "pay": major(effect())},
    gates=[calendar(days=2), harmful_rate(at_most=0.5)],
    slices=["country"],
    redact=["email"],
    settles_within="3d",
    labels_within="1d",
    demonstration=True,
)


def at(day: float = 0, hour: float = 0) -> datetime:
    """So many days and hours after the start."""
    return START + timedelta(days=day, hours=hour)


@dataclass(slots=True, kw_only=True)
class Desk:
    """The live system: lines of a file, as they stand now; and who asked for which order."""

    folder: Path
    lines: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def arrive(self, key: str | None, day: float = 0, *, hour: float = 9, **given: Any) -> None:
        """A case comes in."""
        row = {"customer": f"k-{key}", "order": f"o-{key}", "claim": 10, "email": f"{key}@example.org", **given}
        self.lines.append({"id": key, "arrived_at": at(day, hour).isoformat(), "input": row, "settled": []})

    def settle(self, key: str, day: float = 0, *, hour: float = 12, decision: str = "approve", **given: Any) -> None:
        """The control's outcome, or a later one; it pays where it approves."""
        line = next(line for line in self.lines if line["id"] == key)
        row, moment = line["input"], at(day, hour).isoformat()
        args = {"order": row["order"], "amount": str(row["claim"]), "to": row["email"], **given}
        effects = [{"tool": "pay", "args": args, "at": moment}] if decision == "approve" else []
        line["settled"].append({"settled_at": moment, "value": {"decision": decision}, "effects": effects})

    def case(self, key: str, day: float = 0, **given: Any) -> None:
        """A case that comes in and settles on the same day."""
        self.arrive(key, day, **given)
        self.settle(key, day)

    def setup(self, *, label: str = "v1", limit: int = 100, of: Contract = CONTRACT, agent: str = AGENT) -> Setup:
        """The desk as it is now, with a candidate that approves up to the limit."""
        self.write()
        return setup(
            of,
            bindings={"orders.get": served(self.order, kind="recorded"), "pay": template({"id": "{held_id}"})},
            source=jsonl(self.folder / "cases.jsonl"),
            candidates=[self.candidate(label, agent.format(limit=limit))],
            limits=Limits(seconds=20, at_once=2),
        )

    def candidate(self, label: str, source: str) -> Candidate:
        """A candidate with this source."""
        root = self.folder / label
        root.mkdir(exist_ok=True)
        (root / "agent.py").write_text(textwrap.dedent(source), encoding="utf-8")
        return python("agent:handle", label=label, root=str(root), usd_per_call="0.01")

    def order(self, args: dict[str, Any], moment: Any) -> dict[str, Any]:
        """What `orders.get` answers; it counts."""
        self.asked.append(moment.case_id)
        return {"order": args["order"]}

    def write(self) -> None:
        """Bring the file up to date."""
        text = "".join(json.dumps(line) + "\n" for line in self.lines)
        (self.folder / "cases.jsonl").write_text(text, encoding="utf-8")


def started(store: Store, given: Setup, day: float = 0, *, days: float = 1, at_most: int | None = None) -> str:
    """A run whose cases are collected."""
    one = preflight(store, given, candidate=given.candidates[0].label)
    run = begin(store, given, experiment=one, start=at(day), end=at(day + days), at_most=at_most)
    collect(store, given, run)
    return run


def finished(store: Store, given: Setup, run: str) -> dict[str, Any]:
    """The rest of a run, in small shards."""
    for shard in plan(store, given, run, shard_size=3):
        replay(store, given, run, shard, holder="test")
    for shard in plan_compare(store, given, run, shard_size=3):
        compare(store, given, run, shard, holder="test")
    return assess(store, given, run)


def run_day(store: Store, given: Setup, day: float = 0, **more: Any) -> dict[str, Any]:
    """A whole run."""
    return finished(store, given, started(store, given, day, **more))


def judged_by(**changed: Any) -> Contract:
    """The contract with another judgement."""
    return replace(CONTRACT, **changed)
