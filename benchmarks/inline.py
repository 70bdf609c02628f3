"""The refund desk's cases through the agent in this process: the real source, tools door, comparison and reviewers.

Nothing is contained here, so it serves for counting what is found, never for judging a candidate; it is several times
as fast as replays in processes of their own.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from shadow.case import Case
from shadow.compare.causes import Cause, causes
from shadow.compare.compare import compare
from shadow.compare.result import Result
from shadow.compare.seen import Seen, seen
from shadow.contract import Severity
from shadow.doors.checks import Checks, compile_checks
from shadow.doors.tools import ToolsDoor
from shadow.errors import ToolRefused
from shadow.examples.refund_desk import agent, reviewer
from shadow.examples.refund_desk.bindings import BINDINGS, source
from shadow.examples.refund_desk.contract import REFUNDS
from shadow.examples.refund_desk.home import Home
from shadow.observation import Ending, Observation
from shadow.setup import Setup
from shadow.steps.entries import entry_of
from shadow.steps.inputs import clear_cases
from shadow.store import Store
from shadow.store.leases import take
from shadow.store.registry import experiment, run
from shadow.store.replays import Shard, open_cases, save_observations

START = datetime(2026, 9, 7, tzinfo=UTC)
LATER = timedelta(days=10)  # by then every outcome and correction is in
Pair = tuple[Case, Observation, Result]


def replay_inline(store: Store, made: Setup, run_id: str, shard: int) -> int:
    """Keep the observations of one shard as `steps.replay` does, the agent running in this process; how many."""
    one = run(store, run_id)
    lease = take(store, one.experiment, f"replay:{one.id}:{shard}", holder="inline", now=datetime.now(UTC))
    label = experiment(store, one.experiment).label
    settings, checks = made.candidate(label).settings, compile_checks(made.contract)
    ready, _ = clear_cases(store, made, open_cases(store, one, shard))
    held = Shard(run=one, lease=lease, redactor=store.redactor(made.contract.redact), keep=made.contract.keep)
    done = [(case, replace(_replayed(case, checks, settings), duration_s=0.01, cost_usd=0.01)) for case in ready]
    return save_observations(store, held, done, now=datetime.now(UTC))


class Tools:
    """What the agent sees, straight on the case's door."""

    def __init__(self, door: ToolsDoor, now: datetime) -> None:
        self.door, self.now = door, now

    def call(self, name: str, **args: Any) -> Any:
        """The door's answer; a refusal is raised."""
        answer = self.door.answer(name, args)
        if answer.word != "answer":
            raise ToolRefused(str(answer.value), where=name)
        return answer.value

    def escalate(self, reason: str, **details: Any) -> None:
        """An escalation, held."""
        self.call("escalate", reason=reason, **details)


def found_causes(home: Home, settings: Mapping[str, Any], *, days: int) -> tuple[Cause, ...]:
    """The causes of all discrepancies of the desk's days, after its reviewers have labelled the harmful ones."""
    end = START + timedelta(days=days)
    control = {one.case_id: one.observation for one in source().settled(START, end + LATER)}
    pairs = list(_compared(control, settings, end))
    labels = _labels(home, control, pairs, end + LATER)
    return causes(one for case, _, result in pairs if (one := _seen(case, result, labels.get(case.id))) is not None)


def _compared(control: Mapping[str, Observation], settings: Mapping[str, Any], end: datetime) -> Iterator[Pair]:
    checks, met = compile_checks(REFUNDS), set()
    for arrival in source().arrivals(START, end):
        entry = entry_of(REFUNDS, arrival)
        if entry.aside or entry.case.id in met or entry.case.id not in control:
            continue
        met.add(entry.case.id)
        done = _replayed(entry.case, checks, settings)
        yield entry.case, done, compare(REFUNDS, entry.case, control[entry.case.id], done)


def _replayed(case: Case, checks: Checks, settings: Mapping[str, Any]) -> Observation:
    door = ToolsDoor(
        case=case,
        experiment="inline",
        checks=checks,
        bindings=BINDINGS,
        calls_most=200,
        bytes_most=1_000_000,
        clock=lambda: datetime.now(UTC),
        ticks=time.monotonic,
    )
    ending, value, error = Ending.FINISHED, None, ""
    try:
        value = agent.handle(dict(case.input), Tools(door, case.began_at), **settings)
    except Exception as raised:  # what the candidate raises is an observation
        ending, error = Ending.ERROR, repr(raised)
    return Observation(ending=ending, value=value, error=error, effects=tuple(door.effects), reads=tuple(door.reads))


def _labels(
    home: Home, control: Mapping[str, Observation], pairs: Sequence[Pair], at: datetime
) -> dict[str, Mapping[str, str]]:
    rows = [
        {
            "experiment": "inline",
            "case": case.id,
            "discrepancy": "",
            "severity": str(result.severity),
            "control": _side(control[case.id]),
            "candidate": _side(done),
        }
        for case, done, result in pairs
        if result.severity is not None and result.severity.harmful
    ]
    return {row["case"]: row for row in reviewer.review(rows, home.world, at)}


def _side(one: Observation) -> str:
    effects = [{"tool": effect.tool, "args": dict(effect.args)} for effect in one.effects]
    failed = {"failed": one.error} if one.error else {}
    return json.dumps({"value": one.value, "effects": effects, **failed})


def _seen(case: Case, result: Result, label: Mapping[str, str] | None) -> Seen | None:
    right = label is not None and label["side"] in ("candidate", "both")
    grade = Severity(label["grade"]) if label is not None and label["grade"] and not right else None
    return seen(REFUNDS, result, slices=case.slices, grade=grade, candidate_right=right)
