"""What "ready" promises and costs: exact recursions, Monte Carlo, peers, and the mutations that tests catch.

    python -m benchmarks.readiness [PART …] [--seeds 1,2] [--scale 1.0] [--only WORDS]

Each line is a figure, with its bar where it has one; exit code 1 where one does not hold. Every part with chance in
it is run once a seed. `--scale` multiplies the number of trials.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from importlib import import_module

from benchmarks.readiness.rows import Part, Run, show

EXACT = ("exact", "engine", "mutations")  # no chance in them: one seed is enough
PARTS = (
    "exact",
    "paired",
    "means",
    "weeks",
    "drift",
    "day_effects",
    "units",
    "slices",
    "novelty",
    "rollback",
    "engine",
    "desk",
    "peers",
    "mutations",
)


def main(arguments: Sequence[str]) -> int:
    """All parts, or those named; 1 where a bar is not met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--seeds", default="1,2")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--only", default="", help="desk, mutations: what has one of these words in its name")
    given = parser.parse_args(arguments)
    unknown = [name for name in given.parts if name not in PARTS]
    if unknown:
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    seeds = [int(text) for text in given.seeds.split(",")]
    only = tuple(word for word in given.only.split(",") if word)
    wrong = 0
    for name in given.parts or PARTS:
        for seed in seeds[:1] if name in EXACT else seeds:
            wrong += _part(name, Run(seed=seed, scale=given.scale, only=only))
    sys.stdout.write(f"{wrong} figures do not meet their bar\n")
    return 1 if wrong else 0


def _part(name: str, how: Run) -> int:
    part: Part = import_module(f"benchmarks.readiness.{name}").rows
    sys.stdout.write(f"{name}, seed {how.seed}\n")
    began, wrong = time.perf_counter(), 0
    for row in part(how):
        show(row)
        wrong += not row.good
    sys.stdout.write(f"  ({time.perf_counter() - began:.1f} s)\n")
    return wrong


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
