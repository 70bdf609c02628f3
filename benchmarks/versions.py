"""Which version gets which verdict: a table over several seeds, each expectation asserted.

    python -m benchmarks.versions [--seeds 11,12,13] [--days 28] [--replay]

Each row is a candidate version of the refund desk, taken day by day through the steps with its reviewers. The agent
runs in this process (`benchmarks.inline`, durations and costs made up); with --replay each case runs contained.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.inline import replay_inline
from benchmarks.trial import Replay, contained, day_by_day, trial
from shadow.examples.refund_desk.faults import fault
from shadow.examples.refund_desk.home import Recipe

READY = "ready (demonstration)"
Words = Sequence[str]
Expectation = tuple[str, Callable[[Words], bool]]

by_21: dict[str, Expectation] = {
    "not ready": ("not ready by day 21", lambda words: "not ready" in words[:21]),
    "ready": ("ready by day 21", lambda words: READY in words[:21] and "not ready" not in words),
    "never not ready": ("ready or inconclusive, never not ready", lambda words: "not ready" not in words),
    "ready once": ("ready, never not ready", lambda words: READY in words and "not ready" not in words),
}
VERSIONS: dict[str, tuple[list[dict[str, Any]], Expectation]] = {
    "version 2": ([], by_21["ready"]),
    "major fault, 3 %": ([fault("amount", "lower", share=0.03)], by_21["not ready"]),
    "major fault in DE, 2.5 %": (
        [fault("refund.issue", "missing", share=0.025, within=("country", "DE"))],
        by_21["not ready"],
    ),
    "critical fault, 0.3 %": ([fault("decision", "approve -> decline", share=0.003)], by_21["not ready"]),
    "minor fault, 3 %": ([fault("email.send", "missing", share=0.03)], by_21["ready once"]),
    "major fault, 0.2 %": ([fault("amount", "higher", share=0.002)], by_21["never not ready"]),
    "raises in 2 %": ([fault("failure", "error", share=0.02)], by_21["not ready"]),
}


def main(arguments: Sequence[str]) -> int:
    """The table; exit code 1 where an expectation does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="11,12,13")
    parser.add_argument("--days", type=int, default=28)
    parser.add_argument("--replay", action="store_true")
    given = parser.parse_args(arguments)
    wrong = 0
    sys.stdout.write(f"{'version':26} {'seed':>4}  {'not ready':>9} {'ready':>5}  {'last look':22} expected\n")
    for seed in (int(text) for text in given.seeds.split(",")):
        wrong += _seed(seed, given.days, contained if given.replay else replay_inline)
    sys.stdout.write(f"{wrong} expectations do not hold\n")
    return 1 if wrong else 0


def _seed(seed: int, days: int, replay: Replay) -> int:
    wrong = 0
    with tempfile.TemporaryDirectory() as place:
        faults = {label: drawn for label, (drawn, _) in VERSIONS.items()}
        one = trial(Path(place), Recipe(seed=seed, days=days), versions=faults)
        for label, (_, (told, holds)) in VERSIONS.items():
            words = [look["verdict"] for look in day_by_day(one, label, days=days, replay=replay)]
            good = holds(words)
            wrong += not good
            sys.stdout.write(
                f"{label:26} {seed:>4}  {_first(words, 'not ready'):>9} {_first(words, READY):>5}  {words[-1]:22} "
                f"{told}{'' if good else '  <-- DOES NOT HOLD'}\n"
            )
            sys.stdout.flush()
    return wrong


def _first(words: Words, word: str) -> str:
    return str(words.index(word) + 1) if word in words else "-"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
