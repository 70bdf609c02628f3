"""How many of the planted faults are found with place, direction and slice; and what else is named.

    python -m benchmarks.causes [--seeds 101-120] [--faults 5] [--replay]

The agent runs in this process (`benchmarks.inline`); with --replay each case runs contained, in a process of its own.

Seeds are worlds and faults that were not used in development. Every cause graded major or above that is no planted
fault must be one of the control's errors or version 2's own: its worst case is looked up in what was planted.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.inline import found_causes
from benchmarks.trial import Trial, at_once, trial
from shadow.compare.causes import Cause
from shadow.examples.refund_desk.home import Recipe
from shadow.reports.parts import CauseRow
from shadow.steps import build_report

LABEL = "version 1"
Key = tuple[str, str, tuple[str, str] | None]


def main(arguments: Sequence[str]) -> int:
    """One line a seed, then the sums; exit code 1 below 95 %, or where an unplanted cause is unexplained."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="101-120")
    parser.add_argument("--faults", type=int, default=5)
    parser.add_argument("--days", type=int, default=28)
    parser.add_argument("--replay", action="store_true")
    given = parser.parse_args(arguments)
    first, _, last = given.seeds.partition("-")
    found = planted = strange = 0
    for seed in range(int(first), int(last or first) + 1):
        hit, of, odd = _seed(seed, given.faults, given.days, contained=given.replay)
        found, planted, strange = found + hit, planted + of, strange + odd
    share = found / planted if planted else 0.0
    sys.stdout.write(f"{found} of {planted} faults found ({share:.1%}), {strange} causes unexplained\n")
    return 0 if share >= 0.95 and not strange else 1


def _seed(seed: int, number: int, days: int, *, contained: bool) -> tuple[int, int, int]:
    with tempfile.TemporaryDirectory() as place:
        one = trial(Path(place), Recipe(seed=seed, faults=number, days=days))
        found = _contained(one, days) if contained else found_causes(one.home, one.home.settings(LABEL), days=days)
        planted = json.loads(one.home.planted.read_text())
    causes = [cause for cause in found if not cause.resolved]
    faults = {_fault_key(fault) for fault in planted["faults"]}
    missed = faults - {_key(cause) for cause in causes}
    others = [cause for cause in causes if cause.severity.harmful and _key(cause) not in faults]
    odd = [cause for cause in others if not _explained(cause, planted)]
    for key in sorted(missed, key=str):
        sys.stdout.write(f"  missed {key}\n")
    for cause in odd:
        sys.stdout.write(f"  unexplained {_key(cause)}: {cause.sentence}\n")
    sys.stdout.write(f"seed {seed}: {len(faults) - len(missed)} of {len(faults)} found, {len(others)} others\n")
    sys.stdout.flush()
    return len(faults) - len(missed), len(faults), len(odd)


def _contained(one: Trial, days: int) -> Sequence[Cause | CauseRow]:
    rows: tuple[CauseRow, ...] = build_report(one.store, at_once(one, LABEL, days=days)).causes
    return rows


def _key(cause: Cause | CauseRow) -> Key:
    return cause.place, cause.direction, cause.slice


def _fault_key(fault: Mapping[str, Any]) -> Key:
    return fault["place"], fault["direction"], tuple(fault["slice"]) if fault["slice"] else None


def _explained(cause: Cause | CauseRow, planted: Mapping[str, Any]) -> bool:
    """Whether its worst case is one in which the control erred, or version 2 itself."""
    example = cause.example
    case = example if isinstance(example, str) else example.case_id if example else ""
    return case in planted["control"] or case in planted["own"]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
